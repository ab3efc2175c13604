"""Shedding over JSON: the switch, where the loop stands, its steps and what came of them, drills."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field

from degradation.models import Automation, Drill, ShedStep
from degradation.rules.drills import LARGEST_SHARE, LONGEST
from degradation.rules.shedding import NOTHING
from degradation.selectors import shed_steps
from degradation.services import automation, drills, shed_requests
from slo.api_auth import caller_of, operator, reporter

router = Router(tags=["shedding"])
Limit = Annotated[int, Field(ge=1, le=1_000)]


class SwitchOut(Schema):
    """May the loop shed by itself? In a dry run it only records what it would have done."""

    automatic: bool
    dry_run: bool
    version: int


class SwitchIn(Schema):
    automatic: bool | None = None
    dry_run: bool | None = None
    reason: str
    version: int | None = None


class SwitchChangeOut(Schema):
    at: datetime
    automatic: bool
    dry_run: bool
    reason: str
    actor: str


class StandingOut(Schema):
    """Where the loop stands for a service. `back` is the percentage of users that have the tier `level` again."""

    service: str
    policy: str
    shed: list[int]
    level: int | None
    back: int
    tried_in_vain: list[int]
    waiting: str
    decided_at: datetime | None


class SheddingOut(Schema):
    switch: SwitchOut
    services: list[StandingOut]


class ActionOut(Schema):
    kind: str
    state: str
    tries: int
    answer: str


class StepOut(Schema):
    """A tier that was shed: burn before and after, the verdict, what it cost users and kept of the budget."""

    id: int
    service: str
    tier: int
    flags: list[str]
    objective: str
    alert: int | None
    dry: bool
    reason: str
    at: datetime
    state: str
    verdict: str
    measured_at: datetime | None
    before: dict[str, Any]
    after: dict[str, Any]
    ended_at: datetime | None
    ended_reason: str
    harm: dict[str, Any]
    saved: dict[str, Any]
    actions: list[ActionOut]


class StepList(Schema):
    steps: list[StepOut]


class DrillIn(Schema):
    service: str
    tier: int
    share: Annotated[int, Field(ge=1, le=LARGEST_SHARE)] = 5
    minutes: Annotated[int, Field(ge=1, le=LONGEST // 60)] = 10
    reason: str


class ReasonIn(Schema):
    reason: str


class DrillOut(Schema):
    id: int
    service: str
    tier: int
    share: int
    flags: list[str]
    planned: datetime | None
    reason: str
    by: str
    started_at: datetime
    until: datetime
    ended_at: datetime | None
    outcome: str
    ended_reason: str
    figures: list[dict[str, Any]]


class DrillList(Schema):
    drills: list[DrillOut]


class ShedRequestsIn(Schema):
    """An instance's running count of requests left undone because of a flag; it may begin again from 0."""

    instance: Annotated[str, Field(min_length=1, max_length=200)]
    total: Annotated[float, Field(ge=0, le=shed_requests.LARGEST, allow_inf_nan=False)]


class ShedRequestsOut(Schema):
    counted: float


@router.get("/shedding", response=SheddingOut, summary="How the loop is switched and where it stands")
def get_shedding(request: HttpRequest) -> dict[str, Any]:
    return {"switch": _switch(automation.present()), "services": [_standing(s) for s in shed_steps.standings()]}


@router.post("/shedding/switch", response=SwitchOut, auth=operator, summary="Turn automatic shedding on or off")
def switch(request: HttpRequest, wanted: SwitchIn) -> dict[str, Any]:
    caller = caller_of(request)
    changed = automation.switch(
        automatic=wanted.automatic,
        dry_run=wanted.dry_run,
        user=caller.user,
        reason=caller.signed(wanted.reason),
        at=datetime.now(UTC),
        version=wanted.version,
    )
    return _switch(changed)


@router.get("/shedding/switch/changes", response=list[SwitchChangeOut], summary="Who turned it on or off, newest first")
def list_switch_changes(request: HttpRequest, limit: Limit = 20) -> list[dict[str, Any]]:
    return [
        {
            "at": row.at,
            "automatic": row.automatic,
            "dry_run": row.dry_run,
            "reason": row.reason,
            "actor": row.actor.get_username() if row.actor else "",
        }
        for row in shed_steps.automation_changes(limit)
    ]


@router.get("/shedding/steps", response=StepList, summary="What was shed and whether it helped, newest first")
def list_steps(request: HttpRequest, service: str = "", limit: Limit = 50) -> dict[str, Any]:
    return {"steps": [_step(step) for step in shed_steps.steps(limit, service=service)]}


@router.get("/shedding/drills", response=DrillList, summary="Drills, newest first")
def list_drills(request: HttpRequest, limit: Limit = 50) -> dict[str, Any]:
    return {"drills": [_drill(drill) for drill in shed_steps.drills(limit)]}


@router.post("/shedding/drills", response=DrillOut, auth=operator, summary="Exercise a tier for a few users")
def start_drill(request: HttpRequest, wanted: DrillIn) -> dict[str, Any]:
    caller = caller_of(request)
    drill = drills.start(
        wanted.service,
        wanted.tier,
        share=wanted.share,
        seconds=wanted.minutes * 60,
        user=caller.user,
        reason=caller.signed(wanted.reason),
        at=datetime.now(UTC),
    )
    return _drill(drill)


@router.post("/shedding/drills/{pk}/abort", response={204: None}, auth=operator, summary="End a drill early")
def abort_drill(request: HttpRequest, pk: int, wanted: ReasonIn) -> Status[None]:
    caller = caller_of(request)
    drills.abort(pk, user=caller.user, reason=caller.signed(wanted.reason), at=datetime.now(UTC))
    return Status(204, None)


@router.post(
    "/flags/{key}/shed-requests",
    response=ShedRequestsOut,
    auth=reporter,
    summary="Count requests shed on purpose",
)
def report_shed_requests(request: HttpRequest, key: str, told: ShedRequestsIn) -> dict[str, Any]:
    return {"counted": shed_requests.report(key, told.instance, told.total, datetime.now(UTC))}


def _switch(row: Automation) -> dict[str, Any]:
    return {"automatic": row.automatic, "dry_run": row.dry_run, "version": row.version}


def _standing(found: shed_steps.Standing) -> dict[str, Any]:
    state = found.state
    return {
        "service": found.service.name,
        "policy": found.policy,
        "shed": list(state.shed),
        "level": state.level if state.level < NOTHING else None,
        "back": state.ramp,
        "tried_in_vain": [tier for tier, _ in state.futile],
        "waiting": found.waiting,
        "decided_at": found.decided_at,
    }


def _step(step: ShedStep) -> dict[str, Any]:
    names = [name for name in StepOut.model_fields if name not in ("service", "alert", "actions")]
    actions = [{name: action.get(name, "") for name in ActionOut.model_fields} for action in step.actions]
    plain = {name: getattr(step, name) for name in names}
    return {**plain, "service": step.service.name, "alert": step.alert_id, "actions": actions}


def _drill(drill: Drill) -> dict[str, Any]:
    names = [name for name in DrillOut.model_fields if name not in ("service", "by")]
    by = drill.started_by.get_username() if drill.started_by else ""
    return {**{name: getattr(drill, name) for name in names}, "service": drill.service.name, "by": by}
