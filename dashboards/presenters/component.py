"""One component: its readings, what it promises, its circuit, and what needs it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts import selectors as alerts
from alerts.models import Runbook
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from dashboards.presenters.circuits import CircuitDetails, circuit_details
from dashboards.presenters.components import ComponentRow, component_row
from dashboards.presenters.rows import ObjectiveRow, objective_rows
from degradation import selectors as degradation
from degradation.rules import modes
from degradation.selectors import Health
from slo import selectors
from slo.errors import NotFoundError
from slo.models import Component


@dataclass(frozen=True, slots=True)
class Needing:
    """A capability whose modes depend on the component, and the mode it is in."""

    name: str
    title: str
    badge: Badge
    mode: str


@dataclass(frozen=True, slots=True)
class Tie:
    """A component that this one needs, or that needs it; without a hard one there is no working."""

    name: str
    title: str
    badge: Badge
    hard: bool


@dataclass(frozen=True, slots=True)
class ComponentPage:
    """`problem` says why nothing is known of the latency, `timed` of how many calls it is known."""

    component: Component
    row: ComponentRow
    timed: float | None
    problem: str
    objectives: tuple[ObjectiveRow, ...]
    circuit: CircuitDetails
    needs: tuple[Tie, ...]
    needed_by: tuple[Tie, ...]
    capabilities: tuple[Needing, ...]
    runbooks: tuple[Runbook, ...]


def component_page(name: str, at: datetime) -> ComponentPage:
    """Everything the page of a component shows at `at`. Raises NotFoundError."""
    known = degradation.health(at)
    health = next((item for item in known if item.name == name), None)
    if health is None or health.circuit is None:
        raise NotFoundError(f"There is no component named {name!r}")
    component = health.circuit.component
    chosen = list(selectors.objectives().filter(component=component))
    latency = health.latency
    needs = {need["component"]: need["kind"] == "hard" for need in component.needs}
    needed_by = {
        item.name: need["kind"] == "hard"
        for item in known
        if item.circuit
        for need in item.circuit.component.needs
        if need["component"] == name
    }
    return ComponentPage(
        component=component,
        row=component_row(health),
        timed=latency.events if latency else None,
        problem=latency.problem if latency else "",
        objectives=tuple(objective_rows(at, chosen, selectors.statuses(at, chosen))),
        circuit=circuit_details(health.circuit, at),
        needs=_ties(needs, known),
        needed_by=_ties(needed_by, known),
        capabilities=tuple(
            Needing(view.capability.name, str(view.capability), badges.mode(view.state), view.mode)
            for view in degradation.capabilities(at, known)
            if name in modes.components(degradation.modes(view.capability))
        ),
        runbooks=tuple(book for book in alerts.runbooks() if book.name in {item.runbook for item in chosen}),
    )


def _ties(hard: Mapping[str, bool], known: Iterable[Health]) -> tuple[Tie, ...]:
    """The components of that name, those in trouble first."""
    found = [Tie(h.name, h.title, badges.health(h.status), hard[h.name]) for h in known if h.name in hard]
    return tuple(sorted(found, key=lambda tie: (tie.badge.rank, tie.title.lower())))
