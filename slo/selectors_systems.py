"""Reads: end-to-end promises, whether their systems can keep them, and what would help."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Literal, Self

from slo import selectors
from slo.errors import DefinitionError, NotFoundError
from slo.maths.composite import answers
from slo.maths.composite.allocation import Allocation, Allotment, allocate
from slo.maths.composite.analysis import Analysis, Result
from slo.maths.composite.importance import CutSets, Importance
from slo.maths.composite.system import Fallback, Unit
from slo.maths.composite.system import System as Structure
from slo.models import Component, Objective, Scenario, System

ColumnName = Literal["promised", "observed", "worst case"]
# A measured coverage of fewer requests says too little to replace the assumed one.
MEASURED_FROM = 30
MOST_CUTS = 20


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a component's availability, from 0 to 1: promised, observed over the period, published.

    `completeness` is the share of the period that was observed; `objective` names what was observed.
    """

    component: Component
    target: float | None
    observed: float | None
    completeness: float
    objective: str

    @property
    def repair(self) -> float | None:
        return self.component.repair

    def value(self, column: ColumnName) -> float | None:
        """Its number in a column; None where there is none, and the promise has to stand in for it."""
        return {"promised": self.target, "observed": self.observed, "worst case": self.component.sla}[column]


@dataclass(frozen=True, slots=True)
class Column:
    """The system computed with one kind of numbers; `assumed` are components for which the promise stood in."""

    name: ColumnName
    result: Result
    units: Mapping[str, Unit]
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of a fallback: assumed, measured over the period if `events` are enough, and the one used."""

    block: str
    assumed: float
    measured: float | None
    events: float
    objective: str

    @property
    def used(self) -> float:
        return self.assumed if self.measured is None else self.measured


@dataclass(frozen=True, slots=True)
class Change:
    """What if a component had another availability, or were several in place of one, or down?"""

    target: float | None = None
    replicas: int | None = None
    down: bool = False

    def of(self, unit: Unit) -> Unit:
        if self.down:
            return replace(unit, availability=0.0)
        if self.target is not None:
            return replace(unit, availability=self.target)
        return answers.replicated(unit, self.replicas or 1)


@dataclass(frozen=True)
class Standing:
    """A system at an instant; what takes longer to compute is computed when it is asked for."""

    system: System
    as_of: datetime
    known: Mapping[str, Known]
    coverage: tuple[Coverage, ...]
    analysis: Analysis
    changes: Mapping[str, Change] = field(default_factory=dict)

    def with_changes(self, changes: Mapping[str, Change]) -> Self:
        """The same with these changes. Raises NotFoundError for a change of no component of it."""
        names = self.analysis.system.components()
        for name in changes:
            if name not in names:
                raise NotFoundError(f"{name!r} is no component of {self.system}; it has {', '.join(names)}")
        return replace(self, changes=changes)

    @cached_property
    def problem(self) -> str:
        """Why nothing can be computed, such as a component that is gone or of which nothing is promised any more."""
        try:
            self.columns  # noqa: B018 computing them is what may fail
        except DefinitionError as error:
            return error.message
        return ""

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Promised, observed and worst case, in this order."""
        names: tuple[ColumnName, ...] = ("promised", "observed", "worst case")
        return tuple(self._column(name) for name in names)

    @property
    def units(self) -> Mapping[str, Unit]:
        """The components as promised."""
        return self.columns[0].units

    @cached_property
    def importances(self) -> list[Importance]:
        """What matters, as promised, the most important first."""
        return self.analysis.importances(self.units)

    @cached_property
    def allocation(self) -> Allocation:
        """Who may spend how much of the system's budget, and who has."""
        stated = {item["component"]: item.get("share") for item in self.system.spec.get("allocation", ())}
        rows = [Allotment(name, unit.availability, stated.get(name)) for name, unit in self.units.items()]
        observed = {name: known.observed for name, known in self.known.items()}
        return allocate(self.system.target, rows, observed, {item.name: item.birnbaum for item in self.importances})

    @property
    def comments(self) -> dict[str, str]:
        """The remarks of the allocation, by component."""
        return {item["component"]: item.get("comment", "") for item in self.system.spec.get("allocation", ())}

    @cached_property
    def cut_sets(self) -> CutSets:
        """The smallest sets of failures after which nobody is served."""
        return self.analysis.cut_sets(MOST_CUTS)

    @cached_property
    def coverage_needed(self) -> float | None:
        """The coverage that all fallbacks must have for the promise to be kept; None when even full coverage fails."""
        return answers.coverage_needed(self.analysis, self.units, self.system.target)

    def coverage_needed_of(self, block: str) -> float | None:
        """The coverage that one fallback must have, the others as they are; None when even full coverage fails."""
        return answers.coverage_needed(self.analysis, self.units, self.system.target, (block,))

    def outage_survived(self, component: str) -> float | None:
        """Seconds of the component's outage in a period with which the promise is still kept; None without a limit."""
        period = float(self.system.period)
        return answers.outage_survived(self.analysis, self.units, self.system.target, component, period)

    def replicas_needed(self, component: str) -> int | None:
        """How many of the component, any of which is enough, keep the promise; None when ten do not."""
        return answers.replicas_needed(self.analysis, self.units, self.system.target, component)

    @cached_property
    def plan(self) -> answers.Plan | None:
        """The cheapest of the changes that the document names which keep the promise; None when all of them do not."""
        options = []
        for item in self.system.spec.get("changes", ()):
            unit = self.units[item["component"]]
            better = item.get("availability") or answers.replicated(unit, item.get("replicas", 1)).availability
            options.append(answers.Option(item["name"], item["component"], better, item["cost"]))
        return answers.cheapest(self.analysis, self.units, self.system.target, options)

    def _column(self, name: ColumnName) -> Column:
        units, assumed = {}, []
        for component in self.analysis.system.components():
            known = self.known.get(component)
            if known is None:
                raise DefinitionError(f"there is no component {component!r} any more", field=component)
            value = known.value(name)
            if value is None:
                assumed.append(component)
                value = known.target
            if value is None:
                message = f"nothing is promised of {component!r}: give the component a target"
                raise DefinitionError(message, field=component)
            unit = Unit(value, known.repair)
            units[component] = self.changes[component].of(unit) if component in self.changes else unit
        return Column(name, self.analysis.result(units), units, tuple(assumed))


def systems() -> list[System]:
    """Every end-to-end promise, by name."""
    return list(System.objects.select_related("service"))


def system(name: str) -> System:
    """The system of that name. Raises NotFoundError."""
    found = System.objects.select_related("service").filter(name=name).first()
    if found is None:
        raise NotFoundError(f"There is no system named {name!r}")
    return found


def standing(of: System, at: datetime, changes: Mapping[str, Change] | None = None) -> Standing:
    """A system as of `at`, as it is or with these changes. Raises NotFoundError for a change of no component of it."""
    coverage = _coverage(of, at)
    analysis = Analysis(_covered(of.structure(), coverage))
    found = Standing(of, at, known(at, analysis.system.components(), of.period), coverage, analysis)
    return found.with_changes(changes) if changes else found


def known(at: datetime, names: Iterable[str], seconds: int) -> dict[str, Known]:
    """What is known of the availability of these components over the last `seconds`, by name.

    Several availability objectives of a component are all to hold: the strictest target and the worst figure count.
    """
    wanted = list(names)
    items = Component.objects.filter(name__in=wanted).select_related("service")
    chosen = selectors.objectives().filter(component__name__in=wanted, indicator="availability", parent=None)
    measured: dict[str, list[tuple[Objective, float | None, float]]] = {}
    for item, status in zip(chosen, selectors.statuses(at, chosen, lengths=[seconds]), strict=True):
        window = status.windows[seconds]
        assert item.component is not None  # noqa: S101 it was chosen by its component
        found = (item, window.ratio, window.completeness)
        measured.setdefault(item.component.name, []).append(found)
    return {item.name: _known(item, measured.get(item.name, [])) for item in items}


def _known(item: Component, measured: Sequence[tuple[Objective, float | None, float]]) -> Known:
    target = item.target or max((objective.target for objective, _, _ in measured), default=None)
    seen = [(ratio, completeness, objective.name) for objective, ratio, completeness in measured if ratio is not None]
    if not seen:
        return Known(item, target, None, 0.0, "")
    ratio, completeness, name = min(seen)
    return Known(item, target, ratio, completeness, name)


def scenarios(of: System) -> list[Scenario]:
    """The what-ifs that were kept, by name."""
    return list(of.scenarios.select_related("created_by"))


def changes_of(scenario: Scenario, of: Standing) -> dict[str, Change]:
    """The changes of a scenario, to compute with; those of what is no component of the system any more are left out."""
    names = of.analysis.system.components()
    return {name: Change(**change) for name, change in scenario.changes.items() if name in names}


def _coverage(of: System, at: datetime) -> tuple[Coverage, ...]:
    stated = [block for block in of.spec.get("blocks", ()) if block.get("fallback")]
    wanted = {block["fallback"]["measured_by"] for block in stated if block["fallback"].get("measured_by")}
    chosen = list(selectors.objectives().filter(name__in=wanted))
    statuses = selectors.statuses(at, chosen, lengths=[of.period])
    seen = {item.name: status.windows[of.period] for item, status in zip(chosen, statuses, strict=True)}
    found = []
    for block in stated:
        assumed, name = block["fallback"]["coverage"], block["fallback"].get("measured_by", "")
        window = seen.get(name)
        events = window.sums.total if window and window.known else 0.0
        measured = window.ratio if window and events >= MEASURED_FROM else None
        found.append(Coverage(block["name"], assumed, measured, events, name))
    return tuple(found)


def _covered(whole: Structure, coverage: Iterable[Coverage]) -> Structure:
    """The structure with the coverage that was measured, where it was."""
    blocks = dict(whole.blocks)
    for item in coverage:
        block = blocks[item.block]
        if isinstance(block, Fallback):
            blocks[item.block] = replace(block, coverage=item.used)
    return replace(whole, blocks=blocks)
