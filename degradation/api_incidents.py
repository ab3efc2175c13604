"""Incidents over JSON, for the team and its programs; the public reads `/api/v2/`."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field

from alerts import selectors as alerts
from degradation import selectors
from degradation.models import Incident
from degradation.rules.public import Impact
from degradation.services import incidents
from slo.api_auth import Caller, caller_of, operator

router = Router(tags=["degradation"])
State = Literal["investigating", "identified", "monitoring", "resolved"]


class UpdateOut(Schema):
    """What was said, when, and by which user or token."""

    at: datetime
    state: State
    impact: Impact
    text: str
    by: str


class IncidentOut(Schema):
    """An incident as the status page tells it; `key` names it there. Its updates are newest first."""

    id: int
    key: str
    title: str
    impact: Impact
    state: State
    capabilities: list[str]
    alert: int | None
    opened_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    updates: list[UpdateOut]


class IncidentList(Schema):
    incidents: list[IncidentOut]


class IncidentIn(Schema):
    """Open an incident: what the public reads, which capabilities it concerns, and the alert it comes from if any."""

    title: str
    text: str
    impact: Impact = "minor"
    state: State = "investigating"
    capabilities: Annotated[list[str], Field(max_length=100)] = []
    alert: int | None = None


class UpdateIn(Schema):
    """What is known by now. Subscribers hear of it."""

    text: str
    state: State
    impact: Impact | None = None


@router.get("/incidents", response=IncidentList, summary="Incidents, newest first")
def list_incidents(request: HttpRequest, limit: Annotated[int, Field(ge=1, le=1_000)] = 50) -> dict[str, Any]:
    return {"incidents": [_incident(item) for item in selectors.incidents(limit=limit)]}


@router.get("/incidents/{pk}", response=IncidentOut, summary="One incident")
def get_incident(request: HttpRequest, pk: int) -> dict[str, Any]:
    return _incident(selectors.incident(pk))


@router.post("/incidents", response={201: IncidentOut}, auth=operator, summary="Tell the public of an incident")
def open_incident(request: HttpRequest, body: IncidentIn) -> Status[dict[str, Any]]:
    caller = caller_of(request)
    made = incidents.open_incident(
        body.title,
        body.text,
        impact=body.impact,
        state=body.state,
        capabilities=body.capabilities,
        alert=alerts.alert(body.alert) if body.alert is not None else None,
        at=datetime.now(UTC),
        by=_name(caller),
        user=caller.user,
    )
    return Status(201, _incident(selectors.incident(made.pk)))


@router.post("/incidents/{pk}/updates", response={201: IncidentOut}, auth=operator, summary="Say what is known by now")
def update_incident(request: HttpRequest, pk: int, body: UpdateIn) -> Status[dict[str, Any]]:
    caller = caller_of(request)
    at, by = datetime.now(UTC), _name(caller)
    changed = incidents.update_incident(
        pk, body.text, state=body.state, impact=body.impact, at=at, by=by, user=caller.user
    )
    return Status(201, _incident(changed))


def _name(caller: Caller) -> str:
    return caller.token or str(caller.user or "a program")


def _incident(item: Incident) -> dict[str, Any]:
    return {
        "id": item.pk,
        "key": str(item.key),
        "title": item.title,
        "impact": item.impact,
        "state": item.state,
        "capabilities": [capability.name for capability in item.capabilities.all()],
        "alert": item.alert_id,
        "opened_at": item.opened_at,
        "updated_at": item.updated_at,
        "resolved_at": item.resolved_at,
        "updates": [
            {"at": row.at, "state": row.state, "impact": row.impact, "text": row.text, "by": row.by}
            for row in item.updates.all()
        ],
    }
