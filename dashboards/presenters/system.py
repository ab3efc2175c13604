"""One system: its composites in three columns, the allocation, what matters, and what would help."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.http import urlencode

from dashboards import formats
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from slo import selectors_systems as systems
from slo.maths.composite import answers
from slo.maths.composite.allocation import Row
from slo.maths.composite.analysis import Figure
from slo.maths.composite.importance import Importance
from slo.models import System
from slo.selectors_systems import Change, Column, Coverage, Standing


@dataclass(frozen=True, slots=True)
class Composite:
    """One column of a system: its availability and what that means in a period."""

    name: str
    served: str
    full: str
    downtime: str
    badge: Badge
    assumed: str


@dataclass(frozen=True, slots=True)
class SystemRow:
    name: str
    title: str
    promise: str
    budget: str
    composites: tuple[Composite, ...]
    verdict: str
    badge: Badge
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """A component in the allocation table; `changed` is what a what-if makes of it, `promised` what it is."""

    name: str
    title: str
    target: str
    observed: str
    sla: str
    allotted: str
    spent: str
    badge: Badge | None
    survives: str
    replicas: str
    comment: str
    changed: str
    down: bool
    promised: str
    target_in: str
    replicas_in: int | None


@dataclass(frozen=True, slots=True)
class Weight:
    """What matters: importance figures, and a bar of 100 units of criticality."""

    title: str
    birnbaum: str
    criticality: str
    fussell_vesely: str
    raw: str
    rrw: str
    width: float


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """A fallback: the coverage it is computed with and how that is known, and what it must cover for the promise."""

    block: str
    used: str
    origin: str
    needed: str
    badge: Badge


@dataclass(frozen=True, slots=True)
class Plan:
    changes: tuple[str, ...]
    cost: str
    reaches: str
    certain: bool


@dataclass(frozen=True, slots=True)
class ScenarioRow:
    name: str
    changes: str
    query: str
    composites: tuple[Composite, ...]
    badge: Badge


@dataclass(frozen=True, slots=True)
class SystemPage:
    row: SystemRow
    description: str
    service: str
    exact: bool
    rows: tuple[AllocationRow, ...]
    allotted: str
    spent: str
    fits: bool
    overspending: str
    weights: tuple[Weight, ...]
    cuts: tuple[str, ...]
    more_cuts: bool
    coverage: tuple[CoverageRow, ...]
    coverage_needed: str
    coverage_possible: bool
    hopeless: bool
    has_fallbacks: bool
    plan: Plan | None
    has_options: bool
    as_it_is: SystemRow | None
    imagined: str
    scenarios: tuple[ScenarioRow, ...]


@dataclass(frozen=True, slots=True)
class BrokenSystemPage:
    """A system of which nothing can be computed; its row says why."""

    row: SystemRow
    service: str


def system_page(name: str, at: datetime, changes: Mapping[str, Change]) -> SystemPage | BrokenSystemPage:
    """One system, as it is or with changes. Raises NotFoundError."""
    of = systems.system(name)
    as_it_is = systems.standing(of, at)
    if as_it_is.problem:
        return BrokenSystemPage(system_row(as_it_is), str(of.service) if of.service else "")
    names = set(as_it_is.analysis.system.components())
    wanted = {component: change for component, change in changes.items() if component in names}
    standing = as_it_is.with_changes(wanted)
    allocation, plan = standing.allocation, standing.plan
    titles = {component: str(known.component) for component, known in standing.known.items()}
    over = [titles[row.name] for row in allocation.rows if row.overspends]
    return SystemPage(
        row=system_row(standing),
        description=of.description,
        service=str(of.service) if of.service else "",
        exact=standing.analysis.is_exact,
        rows=tuple(_allocation(standing, row) for row in allocation.rows),
        allotted=_share(allocation.allotted),
        spent=_share(allocation.spent),
        fits=allocation.fits,
        overspending=formats.listing(over),
        weights=tuple(_weight(item, titles) for item in sorted(standing.importances, key=_critical)),
        cuts=tuple(" + ".join(_event(event, titles) for event in sorted(cut)) for cut in standing.cut_sets.sets),
        more_cuts=not standing.cut_sets.complete,
        coverage=tuple(_coverage(standing, item) for item in standing.coverage),
        coverage_needed=_needed(standing.coverage_needed),
        coverage_possible=standing.coverage_needed is not None,
        hopeless=any(standing.coverage_needed_of(item.block) is None for item in standing.coverage),
        has_fallbacks=bool(standing.coverage),
        plan=_plan(plan) if plan else None,
        has_options=bool(of.spec.get("changes")),
        as_it_is=system_row(as_it_is) if wanted else None,
        imagined=formats.listing([f"{titles[n]} {_change_text(c)}" for n, c in wanted.items()]),
        scenarios=tuple(_scenarios(as_it_is, titles)),
    )


def _plan(found: answers.Plan) -> Plan:
    names = tuple(option.name for option in found.options)
    return Plan(names, f"{found.cost:,.0f}", formats.percent(found.availability), found.cheapest)


def system_row(standing: Standing) -> SystemRow:
    """A system's verdict and its three columns."""
    of = standing.system
    if standing.problem:
        return _unknown(standing)
    composites = tuple(_composite(column, of) for column in standing.columns)
    promised = standing.columns[0].result.served.bounds
    if promised.low >= of.target:
        verdict, badge = "The promise can be kept if every component keeps its own.", badges.KEPT
    elif promised.high < of.target:
        verdict, badge = "The promise cannot be kept, even if every component keeps its own.", badges.BROKEN
    else:
        verdict, badge = "Whether the promise can be kept is too close to call.", badges.OPEN_QUESTION
    return SystemRow(of.name, str(of), formats.percent(of.target), _budget(of), composites, verdict, badge)


def _unknown(standing: Standing) -> SystemRow:
    of, nothing = standing.system, formats.NONE
    columns = tuple(
        Composite(name, nothing, nothing, nothing, badges.UNKNOWN, "")
        for name in ("promised", "observed", "worst case")
    )
    verdict = f"Nothing can be computed: {standing.problem}."
    promise = formats.percent(of.target)
    return SystemRow(of.name, str(of), promise, _budget(of), columns, verdict, badges.UNKNOWN, standing.problem)


def _budget(of: System) -> str:
    return f"{formats.duration((1 - of.target) * of.period)} in {formats.duration(of.period)}"


def _composite(column: Column, of: System) -> Composite:
    served = column.result.served
    badge = badges.KEPT if served.bounds.low >= of.target else badges.BROKEN
    return Composite(
        column.name,
        figure(served),
        figure(column.result.full),
        formats.duration((1 - served.bounds.low) * of.period),
        badge if served.exact or served.bounds.high < of.target or badge == badges.KEPT else badges.OPEN_QUESTION,
        formats.listing(list(column.assumed)),
    )


def figure(found: Figure | None) -> str:
    """An availability as a percentage, or between bounds."""
    if found is None:
        return formats.NONE
    if found.exact:
        return formats.percent(found.bounds.low)
    return f"{formats.percent(found.bounds.low)} to {formats.percent(found.bounds.high)}"


def _allocation(standing: Standing, row: Row) -> AllocationRow:
    name = row.name
    known, change = standing.known[name], standing.changes.get(name)
    survived, replicas = standing.outage_survived(name), standing.replicas_needed(name)
    return AllocationRow(
        name=name,
        title=str(known.component),
        target=formats.percent(row.target),
        observed=formats.percent(row.observed),
        sla=formats.percent(known.component.sla),
        allotted=_share(row.allotted),
        spent=formats.NONE if row.spent is None else _share(row.spent),
        badge=None if row.spent is None else badges.OVERSPENT if row.overspends else badges.WITHIN,
        survives="any" if survived is None else formats.duration(survived) if survived else "none",
        replicas=formats.NONE if replicas is None else str(replicas),
        comment=standing.comments.get(name, ""),
        changed=_change_text(change) if change else "",
        down=bool(change and change.down),
        promised=formats.percent(known.target),
        target_in=f"{change.target * 100:.10g}" if change and change.target is not None else "",
        replicas_in=change.replicas if change else None,
    )


def _share(share: float) -> str:
    return formats.percent(share, 1 if share < 10 else 0)


def _weight(item: Importance, titles: Mapping[str, str]) -> Weight:
    return Weight(
        titles[item.name],
        f"{item.birnbaum:.3g}",
        formats.percent(item.criticality, 1),
        formats.percent(item.fussell_vesely, 1),
        _times(item.raw),
        _times(item.rrw),
        round(min(1.0, item.criticality or 0.0) * 100, 2),
    )


def _critical(item: Importance) -> tuple[float, str]:
    return -(item.criticality or 0.0), item.name


def _times(ratio: float | None) -> str:
    if ratio is None:
        return formats.NONE
    return f"{ratio:,.0f}×" if ratio >= 100 else f"{ratio:.3g}×"


def _event(name: str, titles: Mapping[str, str]) -> str:
    kind, _, block = name.partition(":")
    words = {
        "cover": f"{block} not covered",
        "switch": f"{block} does not switch",
        "failover": f"{block} failing over",
        "common": "a common cause",
    }
    return words.get(kind, titles.get(name, name)) if block else titles.get(name, name)


def _coverage(standing: Standing, item: Coverage) -> CoverageRow:
    needed = standing.coverage_needed_of(item.block)
    if item.measured is not None:
        origin = f"measured on {formats.compact(item.events)} requests by {item.objective}"
    elif item.objective:
        origin = f"assumed; {item.objective} has seen {formats.compact(item.events)} requests, too few"
    else:
        origin = "assumed; nothing measures it"
    enough = needed is not None and item.used >= needed
    return CoverageRow(
        item.block, formats.percent(item.used), origin, _needed(needed), badges.ENOUGH if enough else badges.TOO_LITTLE
    )


def _needed(coverage: float | None) -> str:
    if coverage is None:
        return "not even all"
    return formats.percent(coverage, 1) if coverage else "none"


def _change_text(change: Change) -> str:
    if change.down:
        return "down"
    if change.target is not None:
        return f"at {formats.percent(change.target)}"
    return f"× {change.replicas}"


def query_of(changes: Mapping[str, Change]) -> list[tuple[str, str]]:
    """The changes as the fields of an address."""
    found = []
    for name, change in changes.items():
        if change.down:
            found.append(("down", name))
        elif change.target is not None:
            found.append((f"target.{name}", f"{change.target * 100:.10g}"))
        else:
            found.append((f"replicas.{name}", str(change.replicas)))
    return found


def _scenarios(as_it_is: Standing, titles: Mapping[str, str]) -> Iterable[ScenarioRow]:
    of = as_it_is.system
    for scenario in systems.scenarios(of):
        changes = systems.changes_of(scenario, as_it_is)
        standing = as_it_is.with_changes(changes)
        text = formats.listing([f"{titles[n]} {_change_text(c)}" for n, c in changes.items()])
        composites = tuple(_composite(column, of) for column in standing.columns)
        kept = standing.columns[0].result.served.bounds.low >= of.target
        badge = badges.KEPT if kept else badges.BROKEN
        yield ScenarioRow(scenario.name, text, urlencode(query_of(changes)), composites, badge)
