"""Circuits over JSON: where they stand, what changed them, forcing them, and what clients report of theirs."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from django.http import HttpRequest
from ninja import Body, Router, Schema
from ninja.responses import Status
from pydantic import AwareDatetime, ConfigDict, Field, field_validator, model_validator

from degradation import selectors
from degradation.rules import health
from degradation.rules.circuit import Forced, Phase
from degradation.rules.fleet import phase_named
from degradation.rules.value import LONGEST, OFFERED
from degradation.selectors import CircuitView
from degradation.services import circuits
from degradation.services.circuit_reports import Said, receive
from slo.api_auth import caller_of, operator, reporter

router = Router(tags=["circuits"])
MINUTE = timedelta(minutes=1)
MOST = 1_000
Count = Annotated[float, Field(strict=True, ge=0, le=1e15, allow_inf_nan=False)]


class FleetOut(Schema):
    """The circuits that clients report for a component: `words` such as "7 of 12 open"."""

    total: int
    open: int
    half_open: int
    status: health.Status
    words: str


class CircuitOut(Schema):
    """A component's circuit. `since` is null where it never changed; `version` goes back with a change."""

    component: str
    state: Phase
    since: datetime | None
    until: datetime | None
    reason: str
    by: str
    settings: dict[str, float]
    clients: FleetOut
    version: int


class CircuitList(Schema):
    circuits: list[CircuitOut]


class CircuitChangeOut(Schema):
    at: datetime
    cause: str
    before: Phase
    after: Phase
    reason: str
    actor: str
    until: datetime | None


class CircuitChangeList(Schema):
    changes: list[CircuitChangeOut]


class CircuitForceIn(Schema):
    """Force a circuit for some minutes. With `version`, only if nobody has changed it since."""

    state: Literal["open", "closed"]
    reason: str
    minutes: Annotated[int, Field(ge=1, le=LONGEST // MINUTE)] = OFFERED // MINUTE
    version: int | None = None


class CircuitReleaseIn(Schema):
    reason: str
    version: int | None = None


class ReportIn(Schema):
    """The circuit that one client (an instance, under a name that stays) keeps for a component.

    `state` by any library's spelling; `at` is when it was so, now by default; the counts are of its own window.
    """

    model_config = ConfigDict(extra="forbid")

    component: Annotated[str, Field(max_length=100, pattern=r"^[a-z0-9_-]+$")]
    client: Annotated[str, Field(min_length=1, max_length=200)]
    state: Annotated[str, Field(max_length=30)]
    at: AwareDatetime | None = None
    calls: Count | None = None
    failed: Count | None = None
    slow: Count | None = None

    @field_validator("client")
    @classmethod
    def _printable(cls, name: str) -> str:
        if not name.isprintable() or not name.strip():
            raise ValueError("must be printable text")
        return name

    @field_validator("state")
    @classmethod
    def _known(cls, text: str) -> str:
        if phase_named(text) is None:
            raise ValueError("must be closed, open, half-open, forced-open or forced-closed")
        return text

    @model_validator(mode="after")
    def _no_more_than_all(self) -> Self:
        if self.calls is not None and max(self.failed or 0, self.slow or 0) > self.calls:
            raise ValueError("calls must not be below failed or slow")
        return self

    def said(self) -> Said:
        counters = {name: value for name in ("calls", "failed", "slow") if (value := getattr(self, name)) is not None}
        return Said(self.component, self.client, phase_named(self.state) or "closed", self.at, counters)


class ReportReceiptOut(Schema):
    """`accepted` said something new; `repeated` was known, or older than what the client has said since."""

    accepted: int
    repeated: int


@router.get("/circuits", response=CircuitList, summary="The circuit of every component")
def list_circuits(request: HttpRequest) -> dict[str, Any]:
    return {"circuits": [_circuit(view) for view in selectors.circuits(datetime.now(UTC))]}


@router.post("/circuits/report", response={202: ReportReceiptOut}, auth=reporter, summary="Tell of clients' circuits")
def report_circuits(
    request: HttpRequest, reports: Annotated[list[ReportIn], Field(min_length=1, max_length=MOST), Body()]
) -> Status[ReportReceiptOut]:
    """All of them are accepted, or none. A report counts for two minutes, so a client reports at least every minute."""
    caller = caller_of(request)
    reporter = caller.token or (caller.user.get_username() if caller.user else "")
    receipt = receive([item.said() for item in reports], reporter[:100], datetime.now(UTC))
    return Status(202, ReportReceiptOut(accepted=receipt.accepted, repeated=receipt.repeated))


@router.get("/circuits/{component}", response=CircuitOut, summary="One circuit")
def get_circuit(request: HttpRequest, component: str) -> dict[str, Any]:
    return _circuit(selectors.circuit(component, datetime.now(UTC)))


@router.get("/circuits/{component}/changes", response=CircuitChangeList, summary="What changed it, newest first")
def list_circuit_changes(
    request: HttpRequest, component: str, limit: Annotated[int, Field(ge=1, le=1_000)] = 20
) -> dict[str, Any]:
    found = selectors.circuit(component, datetime.now(UTC)).component
    changes = [
        {
            "at": row.at,
            "cause": row.cause,
            "before": row.before,
            "after": row.after,
            "reason": row.reason,
            "actor": row.actor.get_username() if row.actor else "",
            "until": row.until,
        }
        for row in selectors.circuit_changes(found, limit)
    ]
    return {"changes": changes}


@router.post("/circuits/{component}/force", response=CircuitOut, auth=operator, summary="Force a circuit for a while")
def force_circuit(request: HttpRequest, component: str, wanted: CircuitForceIn) -> dict[str, Any]:
    at, caller = datetime.now(UTC), caller_of(request)
    phase: Forced = "forced open" if wanted.state == "open" else "forced closed"
    reason, until = caller.signed(wanted.reason), at + wanted.minutes * MINUTE
    circuits.force(component, phase, user=caller.user, reason=reason, until=until, at=at, version=wanted.version)
    return _circuit(selectors.circuit(component, at))


@router.post("/circuits/{component}/release", response=CircuitOut, auth=operator, summary="End a force before its time")
def release_circuit(request: HttpRequest, component: str, wanted: CircuitReleaseIn) -> dict[str, Any]:
    at, caller = datetime.now(UTC), caller_of(request)
    reason = caller.signed(wanted.reason)
    circuits.release(component, user=caller.user, reason=reason, at=at, version=wanted.version)
    return _circuit(selectors.circuit(component, at))


def _circuit(view: CircuitView) -> dict[str, Any]:
    fleet = view.fleet
    return {
        "component": view.component.name,
        "state": view.phase,
        "since": view.since,
        "until": view.until,
        "reason": view.reason,
        "by": view.by,
        "settings": {name: getattr(view.settings, name) for name in view.settings.__dataclass_fields__},
        "clients": {
            "total": fleet.total,
            "open": fleet.open,
            "half_open": fleet.half_open,
            "status": fleet.status,
            "words": fleet.words,
        },
        "version": view.version,
    }
