"""Objectives out as Prometheus rules, and which of them cannot be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse

from slo import selectors
from slo.errors import DefinitionError, NotFoundError, QueryError
from slo.models import Objective, Source
from slo.openslo.rules import Ruled, rules
from slo.openslo.sentences import near
from slo.services.catalog.registry import handlers
from slo.sources import promql
from slo.sources.base import Query
from slo.sources.prometheus_values import filled

# Everything an SLI that counts events with queries says of itself.
_KNOWN = {"good", "bad", "total", "counter", "window", "histogram", "threshold"}
_TIME = {"raw", "query", "slice"}


@dataclass(frozen=True, slots=True)
class RuleFile:
    """The text of a rule file, and a sentence for each objective, or part of one, that it does not hold."""

    text: str
    notes: tuple[str, ...]


class _CannotError(DefinitionError):
    """The objective cannot be expressed as rules; the message says why."""


def export_rules(names: Iterable[str], at: datetime, *, source: str = "") -> RuleFile:
    """The rules of all objectives (or of those named) that a Prometheus measures.

    Raises NotFoundError for a name that no objective or source has, DefinitionError when the objectives belong to
    several servers and `source` does not say which: a rule file is for one.
    """
    chosen = _chosen(list(dict.fromkeys(names)), source)
    runbooks = _runbooks()
    notes, found = [], []
    for objective in chosen:
        try:
            found.append((objective.source, _ruled(objective, runbooks)))
        except _CannotError as error:
            notes.append(f"{objective.name} is left out: {error}")
        else:
            notes += _unsaid(objective, at)
    servers = sorted({measured.name for measured, _ in found})
    if len(servers) > 1:
        raise DefinitionError(
            f"The objectives are measured by {len(servers)} servers, {', '.join(servers)}, and a rule file is for one; "
            f"say --source {servers[0]}"
        )
    return RuleFile(rules(ruled for _, ruled in found), tuple(notes))


def _chosen(names: list[str], source: str) -> list[Objective]:
    found = list(selectors.objectives())
    known = {objective.name for objective in found}
    for name in names:
        if name not in known:
            raise NotFoundError(f"There is no objective named {name!r}{near(name, known)}")
    if source and not Source.objects.filter(name=source).exists():
        known = set(Source.objects.values_list("name", flat=True))
        raise NotFoundError(f"There is no DataSource named {source!r}{near(source, known)}")
    return [o for o in found if (not names or o.name in names) and (not source or o.source.name == source)]


def _ruled(objective: Objective, runbooks: set[str]) -> Ruled:
    sli: dict[str, Any] = objective.sli
    if objective.source.kind != Source.Kind.PROMETHEUS:
        raise _CannotError(f"it is measured by {objective.source.name}, a source of the kind {objective.source.kind}")
    if _TIME & sli.keys():
        raise _CannotError("it counts time, and the rules count events")
    if not sli.keys() <= _KNOWN:
        raise _CannotError(f"rules know no {', '.join(sorted(sli.keys() - _KNOWN))}")
    if not objective.policy():
        raise _CannotError("its period is too short for any burn window")
    step, total, part = _expressions(objective)
    timing = objective.burn_policy.timing if objective.burn_policy else {}
    return Ruled(
        name=objective.name,
        service=objective.service.name,
        title=str(objective),
        target=objective.target,
        policy=objective.policy(),
        minimum=objective.minimum(),
        step=step,
        total=total,
        part=part,
        side="good" if "good" in sli else "bad",
        page=settings.BASE_URL + reverse("objective", args=[objective.name]),
        runbook=settings.BASE_URL + reverse("runbook", args=[objective.runbook])
        if objective.runbook in runbooks
        else "",
        pending={severity: stated.get("pending", 0) for severity, stated in timing.items()},
        keep_firing={severity: stated.get("keep_firing", 0) for severity, stated in timing.items()},
    )


def _expressions(objective: Objective) -> tuple[float, str, str]:
    """The step in seconds, and what gives all events and the good or bad ones of a step."""
    sli: dict[str, Any] = objective.sli
    step, tick = objective.source.spec.get("scrape_interval", 15), settings.TICK_SECONDS
    total, part = sli["total"].strip(), (sli.get("good") or sli["bad"]).strip()
    if sli["counter"]:
        return step, promql.increments(total, round(step * 1000)), promql.increments(part, round(step * 1000))
    try:
        query = filled(Query(objective.pk, total, bad=part, counter=False), tick, step)
    except QueryError as error:
        raise _CannotError(str(error)) from None
    return tick, *_countable(query.total, query.bad)


def _countable(total: str, part: str) -> tuple[str, str]:
    """Queries with what is no number of events left out, such as NaN: it would spoil every window it is in."""
    # The line breaks end a trailing comment.
    all_events, some = (f"(sum(\n{query}\n) >= 0 < +Inf)" for query in (total, part))
    return f"{all_events} and on () ({some} or absent(\n{part}\n))", f"{some} and on () {all_events}"


def _runbooks() -> set[str]:
    """The names there are: the model of runbooks lives in a higher package."""
    kinds = (handler for handler in handlers() if handler.kind == "Runbook")
    return {name for handler in kinds for name in handler.rows().values_list(handler.key, flat=True)}


def _unsaid(objective: Objective, at: datetime) -> Iterator[str]:
    around = timedelta(seconds=max(window.long for window in objective.policy()))
    if selectors.exclusions(objective, at - around, at + around):
        yield f"{objective.name}: its exclusions are not in the rules, which count everything"
