"""Reads: all objectives at once, as lists of a thousand of them are narrowed, sorted and counted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.db.models import Case, Q, TextField, When
from django.db.models.functions import Cast

from slo import selectors
from slo.maths.status import State
from slo.models import Objective, ObjectiveStanding, ObjectiveView

# Judgements older than so many ticks are made anew: ticks may have stopped, and then that is what is to be seen.
TICKS = 2


@dataclass(frozen=True, slots=True)
class Listed:
    """An objective, and how it stood at the last tick. `team` is its owner, or else its service's.

    Ratios from 0 to 1; None where nothing is known, or where there is no component.
    """

    pk: int
    name: str
    title: str
    target: float
    indicator: str
    labels: Mapping[str, str]
    period: Mapping[str, Any]
    team: str
    service: str
    service_title: str
    component: str
    component_title: str
    tier: int | None
    source: str
    source_title: str
    source_kind: str
    state: State
    remaining: float | None
    ratio: float | None
    completeness: float
    burn: float | None
    step: str


def listed(at: datetime) -> list[Listed]:
    """Every objective as it stands at `at`: one query, and a few more for what was not judged of late."""
    recent = timedelta(seconds=TICKS * settings.TICK_SECONDS)
    of_late = Q(standing__at__range=(at - recent, at + recent))
    texts = {f"{name}_text": Cast(name, TextField()) for name in ("labels", "period")}
    found = Objective.objects.annotate(of_late=Case(When(of_late, then=1), default=0), **texts)
    rows = list(found.order_by("name").values_list(*_WHAT, *_STANDS))
    late = [row[0] for row in rows if not row[len(_WHAT)]]
    anew = _judged(at, late) if late else {}
    return [_listed(row[: len(_WHAT)], anew.get(row[0]) or row[len(_WHAT) + 1 :]) for row in rows]


def views() -> list[ObjectiveView]:
    """The lists that are kept, by name."""
    return list(ObjectiveView.objects.all())


_WHAT = (
    "pk",
    "name",
    "title",
    "target",
    "indicator",
    "labels_text",
    "period_text",
    "owner",
    "service__owner",
    "service__name",
    "service__title",
    "component__name",
    "component__title",
    "component__tier",
    "source__name",
    "source__title",
    "source__kind",
)
_FIGURES = ("state", "remaining", "ratio", "completeness", "burn", "step")
_in_order = itemgetter(*_FIGURES)
_STANDS = ("of_late", *(f"standing__{name}" for name in _FIGURES))


def _judged(at: datetime, late: list[int]) -> dict[int, tuple[Any, ...]]:
    found = list(selectors.objectives().filter(pk__in=late))
    return {
        item.pk: _in_order(ObjectiveStanding.figures(status))
        for item, status in zip(found, selectors.statuses(at, found), strict=True)
    }


@lru_cache(maxsize=10_000)
def _read(text: str) -> Mapping[str, Any]:
    """Labels or a period, of which a thousand objectives have but a few; nobody changes what is shared."""
    found: dict[str, Any] = json.loads(text)
    return MappingProxyType(found)


def _listed(what: tuple[Any, ...], stands: tuple[Any, ...]) -> Listed:
    (pk, name, title, target, indicator, labels, period, owner, of_service, *rest) = what
    service, service_title, component, component_title, tier, source, source_title, kind = rest
    return Listed(
        pk,
        name,
        title or name,
        target,
        indicator,
        _read(labels),
        _read(period),
        owner or of_service,
        service,
        service_title or service,
        component or "",
        component_title or component or "",
        tier,
        source,
        source_title or source,
        kind,
        *stands,
    )
