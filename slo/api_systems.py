"""End-to-end promises over JSON: whether they can be kept, and what would help."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status

from slo import selectors_systems as selectors
from slo.api_auth import operator
from slo.maths.composite.analysis import Figure
from slo.models import Scenario
from slo.selectors_possible import Impossible, impossible
from slo.selectors_systems import Column, Coverage, Standing
from slo.services import scenarios

router = Router(tags=["availability"])


class FigureOut(Schema):
    """An availability from 0 to 1: `value` if it is exact, else no more is known than `low` and `high`."""

    value: float | None
    low: float
    high: float
    exact: bool


class ColumnOut(Schema):
    """`full`: everything works as meant; `served`: that, or a fallback answers. For `assumed` the promise stood in."""

    name: str
    full: FigureOut
    served: FigureOut
    components: dict[str, float]
    assumed: list[str]


class RowOut(Schema):
    """A component's part in the budget; shares of the whole budget, 1 is all of it."""

    component: str
    target: float
    observed: float | None
    weight: float
    allotted: float
    spent: float | None
    overspends: bool
    comment: str


class AllocationOut(Schema):
    rows: list[RowOut]
    allotted: float
    spent: float
    fits: bool


class ImportanceOut(Schema):
    """Birnbaum's importance, criticality, Fussell-Vesely, risk achievement and risk reduction worth."""

    component: str
    birnbaum: float
    criticality: float | None
    fussell_vesely: float | None
    raw: float | None
    rrw: float | None
    outage_survived_seconds: float | None
    replicas_needed: int | None


class CoverageOut(Schema):
    """`used` is the measured coverage where `events` are enough, else the assumed one."""

    block: str
    assumed: float
    measured: float | None
    used: float
    events: float
    objective: str
    needed: float | None


class PlanOut(Schema):
    changes: list[str]
    cost: float
    availability: float
    cheapest: bool


class CutSetsOut(Schema):
    sets: list[list[str]]
    complete: bool


class SystemOut(Schema):
    """A promise and the composite in three columns; where nothing can be computed, `problem` says why."""

    name: str
    title: str
    service: str | None
    target: float
    period_seconds: int
    as_of: datetime
    kept: bool | None
    problem: str
    columns: list[ColumnOut]


class SystemDetailOut(SystemOut):
    allocation: AllocationOut
    importances: list[ImportanceOut]
    cut_sets: CutSetsOut
    coverage: list[CoverageOut]
    coverage_needed: float | None
    plan: PlanOut | None


class ChangeIn(Schema):
    """One of: another target, several in place of one, or down."""

    target: float | None = None
    replicas: int | None = None
    down: bool | None = None


class WhatIfIn(Schema):
    changes: dict[str, ChangeIn]


class ScenarioIn(WhatIfIn):
    name: str


class ScenarioOut(Schema):
    """A kept what-if; changes of what is no component of the system any more count for nothing."""

    name: str
    changes: dict[str, dict[str, Any]]
    created_at: datetime
    created_by: str
    problem: str
    columns: list[ColumnOut]


class ImpossibleOut(Schema):
    """`needs` are the hard dependencies of its component; else `system` is that of its service."""

    objective: str
    component: str
    target: float
    composite: float
    needs: list[str]
    system: str


@router.get("/systems", response=list[SystemOut])
def list_systems(request: HttpRequest) -> list[dict[str, Any]]:
    """Every end-to-end promise and whether it can be kept: promised, observed and in the worst case."""
    at = datetime.now(UTC)
    return [_system(selectors.standing(item, at)) for item in selectors.systems()]


@router.get("/systems/{name}", response=SystemDetailOut)
def get_system(request: HttpRequest, name: str) -> dict[str, Any]:
    """One promise with its allocation, what matters, and what would help; 422 where nothing can be computed."""
    return _detail(selectors.standing(selectors.system(name), datetime.now(UTC)))


@router.post("/systems/{name}/what-if", response=SystemDetailOut)
def what_if(request: HttpRequest, name: str, body: WhatIfIn) -> dict[str, Any]:
    """The same with other components; nothing is kept."""
    return _detail(selectors.standing(selectors.system(name), datetime.now(UTC), scenarios.changes(_stated(body))))


@router.get("/systems/{name}/scenarios", response=list[ScenarioOut])
def list_scenarios(request: HttpRequest, name: str) -> list[dict[str, Any]]:
    """What-ifs that were kept, each computed as of now."""
    standing = selectors.standing(selectors.system(name), datetime.now(UTC))
    return [_scenario(item, standing) for item in selectors.scenarios(standing.system)]


@router.post("/systems/{name}/scenarios", response={201: ScenarioOut}, auth=operator)
def keep_scenario(request: HttpRequest, name: str, body: ScenarioIn) -> Status[dict[str, Any]]:
    """Keep a what-if under a name."""
    at = datetime.now(UTC)
    user = request.user if isinstance(request.user, User) else None
    kept = scenarios.keep(selectors.system(name), body.name, _stated(body), at, user=user)
    return Status(201, _scenario(kept, selectors.standing(kept.system, at)))


@router.delete("/systems/{name}/scenarios/{scenario}", response={204: None}, auth=operator)
def forget_scenario(request: HttpRequest, name: str, scenario: str) -> Status[None]:
    """Delete a what-if."""
    scenarios.forget(selectors.system(name), scenario)
    return Status(204, None)


@router.get("/impossible-objectives", response=list[ImpossibleOut])
def list_impossible(request: HttpRequest) -> list[dict[str, Any]]:
    """Availability objectives stricter than what their component's hard dependencies, or their service's System,
    promise.
    """
    return [_impossible(item) for item in impossible(datetime.now(UTC))]


def _stated(body: WhatIfIn) -> dict[str, Mapping[str, Any]]:
    return {name: change.dict(exclude_none=True) for name, change in body.changes.items()}


def _system(standing: Standing) -> dict[str, Any]:
    of, columns = standing.system, () if standing.problem else standing.columns
    return {
        "name": of.name,
        "title": str(of),
        "service": of.service.name if of.service else None,
        "target": of.target,
        "period_seconds": of.period,
        "as_of": standing.as_of,
        "kept": _kept(columns[0], of.target) if columns else None,
        "problem": standing.problem,
        "columns": [_column(column) for column in columns],
    }


def _kept(promised: Column, target: float) -> bool | None:
    """None where the bounds leave it open."""
    bounds = promised.result.served.bounds
    return None if bounds.low < target <= bounds.high and not promised.result.served.exact else bounds.low >= target


def _detail(standing: Standing) -> dict[str, Any]:
    rows = standing.allocation.rows
    plan, cuts = standing.plan, standing.cut_sets
    return _system(standing) | {
        "allocation": {
            "rows": [
                {
                    "component": row.name,
                    "target": row.target,
                    "observed": row.observed,
                    "weight": row.weight,
                    "allotted": row.allotted,
                    "spent": row.spent,
                    "overspends": row.overspends,
                    "comment": standing.comments.get(row.name, ""),
                }
                for row in rows
            ],
            "allotted": standing.allocation.allotted,
            "spent": standing.allocation.spent,
            "fits": standing.allocation.fits,
        },
        "importances": [
            {
                "component": item.name,
                "birnbaum": item.birnbaum,
                "criticality": item.criticality,
                "fussell_vesely": item.fussell_vesely,
                "raw": item.raw,
                "rrw": item.rrw,
                "outage_survived_seconds": standing.outage_survived(item.name),
                "replicas_needed": standing.replicas_needed(item.name),
            }
            for item in standing.importances
        ],
        "cut_sets": {"sets": [sorted(cut) for cut in cuts.sets], "complete": cuts.complete},
        "coverage": [_coverage(standing, item) for item in standing.coverage],
        "coverage_needed": standing.coverage_needed,
        "plan": plan
        and {
            "changes": [option.name for option in plan.options],
            "cost": plan.cost,
            "availability": plan.availability,
            "cheapest": plan.cheapest,
        },
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "full": figure(column.result.full),
        "served": figure(column.result.served),
        "components": {name: unit.availability for name, unit in column.units.items()},
        "assumed": list(column.assumed),
    }


def figure(found: Figure) -> dict[str, Any]:
    """A figure as `FigureOut`."""
    return {
        "value": found.value,
        "low": found.bounds.low,
        "high": found.bounds.high,
        "exact": found.exact,
    }


def _coverage(standing: Standing, item: Coverage) -> dict[str, Any]:
    return {
        "block": item.block,
        "assumed": item.assumed,
        "measured": item.measured,
        "used": item.used,
        "events": item.events,
        "objective": item.objective,
        "needed": standing.coverage_needed_of(item.block),
    }


def _scenario(item: Scenario, as_it_is: Standing) -> dict[str, Any]:
    standing = as_it_is.with_changes(selectors.changes_of(item, as_it_is))
    return {
        "name": item.name,
        "changes": item.changes,
        "created_at": item.created_at,
        "created_by": item.created_by.get_username() if item.created_by else "a program",
        "problem": standing.problem,
        "columns": [] if standing.problem else [_column(column) for column in standing.columns],
    }


def _impossible(item: Impossible) -> dict[str, Any]:
    return {
        "objective": item.objective.name,
        "component": item.objective.component.name if item.objective.component else "",
        "target": item.objective.target,
        "composite": item.composite,
        "needs": list(item.needs),
        "system": item.system,
    }
