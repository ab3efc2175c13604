"""Objectives over JSON."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.errors import HttpError
from pydantic import AwareDatetime, Field

from slo import selectors, selectors_noted
from slo.maths.budget_policy import Kind
from slo.maths.windows import from_epoch

router = Router(tags=["objectives"])


class PeriodOut(Schema):
    kind: str
    start: datetime
    end: datetime


class SliOut(Schema):
    good: float | None
    total: float | None
    ratio: float | None


class BudgetOut(Schema):
    total: float | None
    spent: float | None
    remaining: float | None


class AtEndOut(Schema):
    """A calendar period at its end, with the pace so far (events for each observed second) held over the rest.

    `unspent` is the share of that budget which is not spent yet.
    """

    events: float
    budget: BudgetOut
    unspent: float


class WithoutExclusionsOut(Schema):
    """The period with what is excluded left in."""

    sli: SliOut
    budget: BudgetOut
    excluded_seconds: float


class MinimumOut(Schema):
    """The fewest events, and bad events, in a long window before its alert may fire."""

    events: float
    bad: float


class HeldBackOut(Schema):
    """A burn window above its factor on fewer events than the minimum; the counts are those of its long window."""

    severity: str
    long: str
    short: str
    events: float | None
    bad: float | None


class StepOut(Schema):
    remaining: float
    action: str
    text: str


class BudgetPolicyOut(Schema):
    """The error-budget policy of an objective, and the step of it that applies now."""

    name: str
    step: StepOut | None


class GateOut(Schema):
    """May a change go out? `reasons` are sentences for the pipeline's log."""

    service: str
    change: str
    open: bool
    reasons: list[str]
    as_of: datetime


class StatusOut(Schema):
    """An objective's status; null where nothing is known. Burn rates and windows are keyed by their length."""

    name: str
    service: str
    target: float
    period: PeriodOut
    labels: dict[str, str]
    unit: Literal["events", "seconds", "slices"]
    sli: SliOut
    completeness: float
    budget: BudgetOut
    burn: dict[str, float | None]
    windows: dict[str, SliOut]
    at_end: AtEndOut | None
    without_exclusions: WithoutExclusionsOut | None
    minimum: MinimumOut
    held_back: list[HeldBackOut]
    budget_policy: BudgetPolicyOut | None
    exhausts_at: datetime | None
    state: str
    as_of: datetime
    problem: str | None
    notes: list[str]


class StatusList(Schema):
    objectives: list[StatusOut]
    count: int


class PresentOut(Schema):
    burn: float | None
    exhausts_at: datetime | None


class TrendOut(Schema):
    """Between `earliest` and `latest` lie 80 % of the futures; null means not by `horizon`."""

    exhausts_at: datetime | None
    earliest: datetime | None
    latest: datetime | None
    confidence: float
    likelihood: float
    horizon: datetime
    spent: bool


CORRECTED = ("at", "good", "total", "observed", "forced", "by", "reason")


class CorrectionOut(Schema):
    """A span that was read again: by how much it changed; `forced` says that observation was lost by it."""

    at: datetime
    start: datetime
    end: datetime
    good: float
    total: float
    observed: float
    forced: bool
    by: str
    reason: str


class ForecastOut(Schema):
    """When a budget is spent: at the present burn, and by trend; `note` says why there is no trend."""

    objective: str
    as_of: datetime
    remaining: float | None
    present: PresentOut
    trend: TrendOut | None
    note: str | None


@router.get("/objectives", response=StatusList, summary="The status of every objective")
def list_objectives(
    request: HttpRequest,
    service: str | None = None,
    state: str | None = None,
    at: AwareDatetime | None = None,
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1000,
    offset: Annotated[int, Field(ge=0)] = 0,
) -> dict[str, Any]:
    """By service and state, at an instant (now by default). `count` is the number before limit and offset."""
    chosen = selectors.objectives(service)
    count = chosen.count()
    if state is None:
        found = selectors.statuses(_instant(at), chosen[offset : offset + limit])
    else:
        matching = [status for status in selectors.statuses(_instant(at), chosen) if status.state == state]
        count, found = len(matching), matching[offset : offset + limit]
    return {"objectives": [status.as_json() for status in found], "count": count}


@router.get("/objectives/{name}", response=StatusOut, summary="The status of one objective")
def get_objective(request: HttpRequest, name: str, at: AwareDatetime | None = None) -> dict[str, Any]:
    return selectors.status(name, _instant(at)).as_json()


@router.get("/objectives/{name}/forecast", response=ForecastOut, summary="When the budget will be spent")
def get_forecast(request: HttpRequest, name: str, at: AwareDatetime | None = None) -> dict[str, Any]:
    return selectors.forecast(name, _instant(at)).as_json()


@router.get("/gate/{service}", response=GateOut, tags=["gate"], summary="May a change to the service go out?")
def get_gate(request: HttpRequest, service: str, change: Kind = "normal") -> dict[str, Any]:
    """By the error-budget policies of its objectives. A `fix` always may; what is not known closes nothing."""
    at = _instant(None)
    found = selectors.gate(service, change, at)
    return {"service": found.service, "change": found.kind, "open": found.open, "reasons": found.reasons, "as_of": at}


@router.get("/objectives/{name}/corrections", response=list[CorrectionOut], summary="What was corrected, by whom, why")
def list_corrections(request: HttpRequest, name: str) -> list[dict[str, Any]]:
    return [
        {
            **{field: getattr(row, field) for field in CORRECTED},
            "start": from_epoch(row.start),
            "end": from_epoch(row.end),
        }
        for row in selectors_noted.corrections(name)
    ]


def _instant(at: datetime | None) -> datetime:
    now = datetime.now(UTC)
    if at is not None and at > now:
        raise HttpError(422, "`at` lies in the future")
    return at or now
