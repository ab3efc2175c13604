"""Flags, capabilities and components over JSON."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from degradation import selectors
from degradation.models import CapabilityStanding, FlagChange
from degradation.rules import health, modes
from degradation.rules.circuit import Phase
from degradation.rules.value import LONGEST, OFFERED
from degradation.rules.value import State as FlagState
from degradation.selectors import FlagView, Health, ModeView
from degradation.services import flags
from slo.api_auth import caller_of, operator

router = Router(tags=["degradation"])
MINUTE = timedelta(minutes=1)


class FlagOut(Schema):
    """A flag's value now, and who decides it: `version` goes back with a change, so that none is lost.

    `share` is the percentage of targeting keys that are served normally; `users` the share of them (0 to 1) that is
    assumed to notice.
    """

    key: str
    service: str
    tier: int
    description: str
    owner: str
    safe_value: bool
    value: bool
    share: int
    type: str
    dim_to: int
    criticality: str
    protects: list[str]
    cost: str
    users: float | None
    dry_run: bool
    state: FlagState
    reason: str
    since: datetime | None
    until: datetime | None
    by: str
    version: int


class FlagList(Schema):
    flags: list[FlagOut]


class ChangeOut(Schema):
    """A change of a flag's value or override: `actor` is a user's name, `objective` what burned, where there is one."""

    at: datetime
    cause: str
    before: bool
    after: bool
    before_share: int
    after_share: int
    reason: str
    actor: str
    objective: str
    until: datetime | None


class ChangeList(Schema):
    changes: list[ChangeOut]


class ForceIn(Schema):
    """Force a flag for some minutes: on, off, or to a share of normal service (0 to 100, percent).

    With `version`, only if nobody has changed it since.
    """

    value: bool | Annotated[int, Field(ge=0, le=100)]
    reason: str
    minutes: Annotated[int, Field(ge=1, le=LONGEST // MINUTE)] = OFFERED // MINUTE
    version: int | None = None


class ReleaseIn(Schema):
    reason: str
    version: int | None = None


class CapabilityOut(Schema):
    """What users can do now; `because` names the components that keep it from a better mode.

    `harms`: users do not get what they came for. `since` is since when it is in this mode, as far as it was judged.
    """

    name: str
    title: str
    service: str
    mode: str
    state: modes.State
    message: str
    link: str
    handover: str
    because: list[str]
    harms: bool
    since: datetime | None


class CapabilityList(Schema):
    capabilities: list[CapabilityOut]


class LatencyOut(Schema):
    """Seconds; null where nothing is known, and with `…_beyond` more than that. `problem` says why it is not known."""

    p50: float | None
    p99: float | None
    p50_beyond: bool
    p99_beyond: bool
    events: float
    problem: str


class ComponentOut(Schema):
    """A component over the last five minutes; ratios from 0 to 1, null where nothing is known.

    `circuit` is where its own stands, `clients` those that clients report, such as "7 of 12 open".
    """

    name: str
    title: str
    service: str
    tier: int
    status: health.Status
    error_ratio: float | None
    fast_ratio: float | None
    threshold: float | None
    completeness: float
    because: str
    latency: LatencyOut | None
    circuit: Phase
    clients: str

    @staticmethod
    def resolve_circuit(health: Health) -> Phase:
        return health.circuit.phase if health.circuit else "closed"

    @staticmethod
    def resolve_clients(health: Health) -> str:
        return health.circuit.fleet.words if health.circuit else ""


class ComponentList(Schema):
    components: list[ComponentOut]


@router.get("/flags", response=FlagList, summary="Every flag with its value")
def list_flags(request: HttpRequest) -> dict[str, Any]:
    return {"flags": [_flag(view) for view in selectors.flags(datetime.now(UTC))]}


@router.get("/flags/{key}", response=FlagOut, summary="One flag")
def get_flag(request: HttpRequest, key: str) -> dict[str, Any]:
    return _flag(selectors.flag(key, datetime.now(UTC)))


@router.get("/flags/{key}/changes", response=ChangeList, summary="What changed a flag, newest first")
def list_changes(request: HttpRequest, key: str, limit: Annotated[int, Field(ge=1, le=1_000)] = 20) -> dict[str, Any]:
    flag = selectors.flag(key, datetime.now(UTC)).flag
    return {"changes": [_change(row) for row in selectors.changes(flag, limit)]}


@router.post(
    "/flags/{key}/force", response=FlagOut, auth=operator, summary="Force a flag on, off or to a share for a while"
)
def force_flag(request: HttpRequest, key: str, wanted: ForceIn) -> dict[str, Any]:
    at = datetime.now(UTC)
    until = at + wanted.minutes * MINUTE
    caller = caller_of(request)
    reason = caller.signed(wanted.reason)
    flags.force(key, wanted.value, user=caller.user, reason=reason, until=until, at=at, version=wanted.version)
    return _flag(selectors.flag(key, at))


@router.post("/flags/{key}/release", response=FlagOut, auth=operator, summary="End an override before its time")
def release_flag(request: HttpRequest, key: str, wanted: ReleaseIn) -> dict[str, Any]:
    at = datetime.now(UTC)
    caller = caller_of(request)
    flags.release(key, user=caller.user, reason=caller.signed(wanted.reason), at=at, version=wanted.version)
    return _flag(selectors.flag(key, at))


@router.get("/capabilities", response=CapabilityList, summary="The capability map")
def list_capabilities(request: HttpRequest) -> dict[str, Any]:
    standings = selectors.standings()
    views = selectors.capabilities(datetime.now(UTC))
    return {"capabilities": [_capability(view, standings.get(view.capability.pk)) for view in views]}


@router.get("/components", response=ComponentList, summary="The health of components")
def list_components(request: HttpRequest) -> dict[str, Any]:
    return {"components": selectors.health(datetime.now(UTC))}


def _flag(view: FlagView) -> dict[str, Any]:
    flag = view.flag
    return {
        "key": flag.key,
        "service": flag.service.name,
        "tier": flag.tier,
        "description": flag.description,
        "owner": flag.owner,
        "safe_value": flag.safe_value,
        "value": view.value,
        "share": view.share,
        "type": flag.kind,
        "dim_to": flag.dim_to,
        "criticality": flag.criticality,
        "protects": flag.protects,
        "cost": flag.cost,
        "users": flag.users,
        "dry_run": flag.dry_run,
        "state": view.state,
        "reason": view.reason,
        "since": view.since,
        "until": view.until,
        "by": view.by,
        "version": flag.version,
    }


def _change(row: FlagChange) -> dict[str, Any]:
    return {
        "at": row.at,
        "cause": row.cause,
        "before": row.before,
        "after": row.after,
        "before_share": row.before_share,
        "after_share": row.after_share,
        "reason": row.reason,
        "actor": row.actor.get_username() if row.actor else "",
        "objective": row.alert.objective.name if row.alert and row.alert.objective else "",
        "until": row.until,
    }


def _capability(view: ModeView, standing: CapabilityStanding | None) -> dict[str, Any]:
    judged = standing is not None and (standing.mode, standing.state) == (view.mode, view.state)
    return {
        "name": view.capability.name,
        "title": view.capability.title,
        "service": view.capability.service.name,
        "mode": view.mode,
        "state": view.state,
        "message": view.message,
        "link": view.link,
        "handover": view.handover,
        "because": list(view.because),
        "harms": view.harms,
        "since": standing.since if standing and judged else None,
    }
