"""Reads: flags and who decides them, what is shed, how components are, and what capabilities are left."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery, Window
from django.db.models.functions import RowNumber

from alerts.models import Alert
from degradation.models import Capability, Flag, FlagChange, Shedding
from degradation.rules import health as health_rule
from degradation.rules import matrix as matrix_rule
from degradation.rules import modes as modes_rule
from degradation.rules.health import Reading
from degradation.rules.matrix import Outage
from degradation.rules.modes import Mode
from degradation.rules.value import State as FlagState
from slo import selectors as slo_selectors
from slo.errors import NotFoundError
from slo.maths.ledger import Window as LedgerWindow
from slo.maths.status import SHORT
from slo.models import Component, Objective, Service


@dataclass(frozen=True, slots=True)
class Health:
    """A component over the last five minutes; ratios from 0 to 1, None where nothing is known.

    `fast_ratio` is the share of events within `threshold` seconds, `because` says why in words.
    """

    name: str
    title: str
    service: str
    tier: int
    status: health_rule.Status
    error_ratio: float | None
    fast_ratio: float | None
    threshold: float | None
    completeness: float
    because: str


@dataclass(frozen=True, slots=True)
class ModeView:
    """What a capability does for users now. `position` 0 is the full mode.

    `because` names the components that keep a better mode from holding. In the state "unknown" the mode is the one
    that holds if the components of which nothing is known are up; they are named too.
    """

    capability: Capability
    mode: str
    position: int
    last_resort: bool
    state: modes_rule.State
    message: str
    link: str
    handover: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlagView:
    """A flag's value at an instant and who decides it; `by` is a user's name, "loop" while shed, else empty."""

    flag: Flag
    value: bool
    state: FlagState
    reason: str
    since: datetime | None
    until: datetime | None
    by: str


@dataclass(frozen=True, slots=True)
class ShedView:
    """A service with something shed: `flags`, those of tier `level` and less important ones.

    `reason` is that of the latest step, `since` the instant of the first, `waiting` the loop's last decision.
    """

    service: Service
    level: int
    flags: tuple[Flag, ...]
    reason: str
    since: datetime
    waiting: str


@dataclass(frozen=True, slots=True)
class ShedSpan:
    """A time a flag was shed by the loop; one that still is ends at the end of the span asked for."""

    flag: str
    start: datetime
    end: datetime


def flags(at: datetime) -> list[FlagView]:
    """Every flag, the least important tier first."""
    return [_view(item, at) for item in Flag.objects.select_related("service", "override_by")]


def flag(key: str, at: datetime) -> FlagView:
    """The flag of that key. Raises NotFoundError."""
    found = Flag.objects.select_related("service", "override_by").filter(key=key).first()
    if found is None:
        raise NotFoundError(f"There is no flag with the key {key!r}")
    return _view(found, at)


def changes(item: Flag, limit: int = 20) -> list[FlagChange]:
    """The flag's latest changes, newest first."""
    return list(item.changes.select_related("actor", "alert__objective")[:limit])


def histories(limit: int = 20) -> dict[int, list[FlagChange]]:
    """The latest changes of every flag, newest first, by the flag's number."""
    newest = Window(RowNumber(), partition_by="flag", order_by=("-at", "-id"))
    found: dict[int, list[FlagChange]] = defaultdict(list)
    rows = FlagChange.objects.select_related("actor", "alert__objective").annotate(number=newest)
    for row in rows.filter(number__lte=limit):
        found[row.flag_id].append(row)
    return dict(found)


def changes_for(alert: Alert) -> list[FlagChange]:
    """What the loop did because of an alert, in order."""
    return list(alert.flag_changes.select_related("flag", "actor").order_by("at", "id"))


def sheds(service: Service, start: datetime, end: datetime) -> list[ShedSpan]:
    """When the service's flags were shed between two instants, clipped to them."""
    steps = FlagChange.objects.filter(cause__in=(FlagChange.Cause.SHED, FlagChange.Cause.RESTORED))
    before = steps.filter(flag=OuterRef("pk"), at__lte=start).order_by("-at", "-id").values("cause")[:1]
    already = Flag.objects.filter(service=service).annotate(before=Subquery(before)).filter(before="shed")
    since = dict.fromkeys(already.values_list("key", flat=True), start)
    within = steps.filter(flag__service=service, at__gt=start, at__lt=end).order_by("at", "id")
    found = []
    for key, cause, at in within.values_list("flag__key", "cause", "at"):
        if cause == FlagChange.Cause.SHED:
            since.setdefault(key, at)
        elif key in since:
            found.append(ShedSpan(key, since.pop(key), at))
    return found + [ShedSpan(key, begun, end) for key, begun in since.items()]


def shedding() -> list[ShedView]:
    """Where something is shed at present, by service."""
    shed: dict[int, list[Flag]] = defaultdict(list)
    for item in Flag.objects.filter(shed_at__isnull=False):
        shed[item.service_id].append(item)
    rows = Shedding.objects.filter(pk__in=shed).select_related("service").order_by("service__name")
    return [_shed(row, shed[row.pk]) for row in rows]


def health(at: datetime, service: Service | None = None) -> list[Health]:
    """Every component (of one service), the most critical first."""
    found = Component.objects.select_related("service").prefetch_related("objectives")
    items = list(found.filter(service=service) if service else found)
    readings = _readings(at, [item.pk for item in items])
    return [_health(item, readings[item.pk]) for item in items]


def capabilities(at: datetime, known: Iterable[Health] | None = None) -> list[ModeView]:
    """The mode every capability is in. `known` is the health at `at`, where the caller has asked for it already."""
    return _capabilities(_statuses(at, known))


def what_if(down: Iterable[str], at: datetime, known: Iterable[Health] | None = None) -> list[ModeView]:
    """The modes if, besides what is down at `at`, these components were too. Names of no component change nothing."""
    statuses = _statuses(at, known)
    return _capabilities({**statuses, **{name: "down" for name in down if name in statuses}})


def matrix(chosen: Iterable[Capability] | None = None) -> list[Outage]:
    """What each outage of one and of two components does to capabilities (all by default), by their name."""
    items = Capability.objects.all() if chosen is None else chosen
    return matrix_rule.matrix({item.name: modes(item) for item in items})


def modes(item: Capability) -> list[Mode]:
    """A capability's modes as the rules understand them."""
    return [modes_rule.mode(stored) for stored in item.modes]


def _view(item: Flag, at: datetime) -> FlagView:
    marks = item.marks()
    value, state = marks.value(at), marks.state(at)
    if marks.forced(at):
        by = item.override_by.get_username() if item.override_by else "a program"
        return FlagView(item, value, state, item.override_reason, item.override_at, item.override_until, by)
    if marks.shed:
        return FlagView(item, value, state, item.shed_reason, item.shed_at, None, "loop")
    return FlagView(item, value, state, "", None, None, "")


def _shed(row: Shedding, marked: Sequence[Flag]) -> ShedView:
    begun = [item.shed_at for item in marked if item.shed_at]
    latest = next(item for item in marked if item.shed_at == max(begun))
    level = min(item.tier for item in marked)
    return ShedView(row.service, level, tuple(marked), latest.shed_reason, min(begun), row.reason)


def _readings(at: datetime, components: Sequence[int]) -> Mapping[int, list[Reading]]:
    items = list(slo_selectors.objectives().filter(component__in=components))
    found: dict[int, list[Reading]] = defaultdict(list)
    for item, status in zip(items, slo_selectors.statuses(at, items), strict=True):
        if item.component_id is not None:
            found[item.component_id].append(_reading(item, status.windows[SHORT]))
    return found


def _reading(item: Objective, window: LedgerWindow) -> Reading:
    return Reading(item.name, item.indicator == "latency", window, item.sli.get("threshold"))


def _health(item: Component, readings: Sequence[Reading]) -> Health:
    verdict = health_rule.judge(readings, item.warn_ratio, item.down_ratio)
    return Health(
        item.name,
        str(item),
        item.service.name,
        item.tier,
        verdict.status,
        verdict.error_ratio,
        verdict.fast_ratio,
        verdict.threshold,
        verdict.completeness,
        verdict.because,
    )


def _statuses(at: datetime, known: Iterable[Health] | None) -> dict[str, health_rule.Status]:
    return {item.name: item.status for item in (health(at) if known is None else known)}


def _capabilities(statuses: Mapping[str, health_rule.Status]) -> list[ModeView]:
    return [_mode_view(item, statuses) for item in Capability.objects.select_related("service")]


def _mode_view(item: Capability, statuses: Mapping[str, health_rule.Status]) -> ModeView:
    present = modes_rule.judge(modes(item), statuses)
    stored = item.modes[present.position]
    return ModeView(
        item,
        present.mode.name,
        present.position,
        present.last_resort,
        present.state,
        stored.get("message", ""),
        stored.get("link", ""),
        stored.get("handover", ""),
        present.because,
    )
