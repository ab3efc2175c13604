"""Reads: circuits of components, what changed them, and what clients report of theirs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from degradation.models import Circuit, CircuitChange, CircuitReport
from degradation.rules.circuit import Phase, Settings, State, release
from degradation.rules.fleet import FRESH, Fleet, fleet, phase_named
from slo.errors import NotFoundError
from slo.maths.windows import from_epoch, to_epoch
from slo.models import Component


@dataclass(frozen=True, slots=True)
class CircuitView:
    """A component's circuit at an instant, and those of its clients as one.

    `since` is None where it never changed, `until` the end of an open or forced phase. `by` is a user's name, "a
    program" or "Brownout"; `declared`: its settings come from a document.
    """

    component: Component
    phase: Phase
    since: datetime | None
    until: datetime | None
    reason: str
    by: str
    settings: Settings
    declared: bool
    fleet: Fleet
    version: int

    @property
    def forced(self) -> bool:
        return self.phase.startswith("forced")


@dataclass(frozen=True, slots=True)
class ReportView:
    """A client's circuit as it last told; after a while without a word it does not count any more."""

    report: CircuitReport
    fresh: bool


def circuits(at: datetime, components: Iterable[Component] | None = None) -> list[CircuitView]:
    """The circuit of every component, the most critical first; or of these, which were read `with_circuits`."""
    found = _components() if components is None else components
    fleets = _fleets(at)
    return [_view(item, fleets.get(item.pk, Fleet()), at) for item in found]


def standing_circuits(at: datetime) -> list[CircuitView]:
    """As `circuits`, by one query and without what clients report."""
    return [_view(item, Fleet(), at) for item in _components()]


def circuit(name: str, at: datetime) -> CircuitView:
    """The circuit of the component of that name. Raises NotFoundError."""
    found = _components().filter(name=name).first()
    if found is None:
        raise NotFoundError(f"There is no component named {name!r}")
    return _view(found, _fleets(at, found).get(found.pk, Fleet()), at)


def circuit_changes(component: Component, limit: int = 20) -> list[CircuitChange]:
    """What changed a component's circuit, newest first."""
    return list(CircuitChange.objects.filter(circuit=component.pk).select_related("actor")[:limit])


def circuit_reports(component: Component, at: datetime) -> list[ReportView]:
    """What clients said of their circuits for a component: those that count first, then by name."""
    since = at - timedelta(seconds=FRESH)
    rows = component.circuit_reports.filter(received_at__lte=at)
    return sorted((ReportView(row, row.at > since) for row in rows), key=lambda view: not view.fresh)


def _components() -> QuerySet[Component]:
    return with_circuits(Component.objects.all())


def with_circuits(components: QuerySet[Component]) -> QuerySet[Component]:
    """These components with what a view of their circuits reads."""
    return components.select_related("circuit", "circuit__actor", "circuit_settings")


def _fleets(at: datetime, component: Component | None = None) -> Mapping[int, Fleet]:
    """The fleets of components that have one, by primary key."""
    rows = CircuitReport.objects.filter(at__gt=at - timedelta(seconds=FRESH), received_at__lte=at)
    if component is not None:
        rows = rows.filter(component=component)
    phases: dict[int, list[Phase]] = defaultdict(list)
    for pk, text in rows.values_list("component_id", "phase"):
        if (phase := phase_named(text)) is not None:
            phases[pk].append(phase)
    return {pk: fleet(found) for pk, found in phases.items()}


def _view(item: Component, reported: Fleet, at: datetime) -> CircuitView:
    row: Circuit | None = getattr(item, "circuit", None)
    said = getattr(item, "circuit_settings", None)
    state, reason, by = State(), "", ""
    if row is not None:
        state, reason = row.standing(), row.reason
        by = row.actor.get_username() if row.actor else "a program" if state.forced else "Brownout"
        if state.forced and state.until is not None and state.until <= to_epoch(at):
            # From its expiry on it holds no longer, noticed or not.
            state, reason, by = release(state, state.until), "the time it was forced for is up", "Brownout"
    return CircuitView(
        item,
        state.phase,
        from_epoch(state.since) if state.since else None,
        None if state.until is None else from_epoch(state.until),
        reason,
        by,
        Settings.of(said.spec if said else {}),
        said is not None,
        reported,
        row.version if row else 0,
    )
