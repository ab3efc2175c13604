"""Exclusions over JSON: what does not count, made and removed with a reason."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import AwareDatetime, Field

from slo import selectors_noted
from slo.api_auth import Caller, operator
from slo.models import Exclusion, ExclusionChange
from slo.services import exclusions

router = Router(tags=["exclusions"])

Limit = Annotated[int, Field(ge=1, le=1000)]


class ExclusionIn(Schema):
    """A span that does not count, for one objective or all of a service; with a rule (RRULE) it comes back.

    `start` with `end` or `duration` is the first occurrence; the others begin at its wall-clock time in `time_zone`.
    """

    objective: str | None = None
    service: str | None = None
    start: str
    end: str | None = None
    duration: str | None = None
    rule: str = ""
    time_zone: str = "UTC"
    reason: str


class ExclusionOut(Schema):
    """`end` is that of the first occurrence; `document` names the document that declares it, if one does."""

    id: int
    objective: str | None
    service: str | None
    start: datetime
    end: datetime
    rule: str | None
    time_zone: str
    reason: str
    document: str | None
    created_at: datetime
    created_by: str | None


class ExclusionList(Schema):
    exclusions: list[ExclusionOut]
    count: int


class ChangeOut(Schema):
    """What was done to an exclusion; `state` is what it said then."""

    exclusion: int
    at: datetime
    action: str
    by: str | None
    reason: str | None
    state: dict[str, Any]


class ChangeList(Schema):
    changes: list[ChangeOut]
    count: int


@router.get("/exclusions", response=ExclusionList, summary="What does not count")
def list_exclusions(
    request: HttpRequest,
    objective: str | None = None,
    service: str | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    limit: Limit = 100,
    offset: Annotated[int, Field(ge=0)] = 0,
) -> dict[str, Any]:
    """Newest first. An objective's are its own and its service's; with `since` or `until`, those with an occurrence."""
    found = selectors_noted.exclusion_rows(objective, service, since, until)
    return {"exclusions": [_exclusion(row) for row in found[offset : offset + limit]], "count": len(found)}


@router.post(
    "/exclusions",
    auth=operator,
    response={201: ExclusionOut},
    summary="Take a span out of the figures, planned or after the fact",
)
def post_exclusion(request: HttpRequest, body: ExclusionIn) -> Status[dict[str, Any]]:
    """Applied when reading: nothing is rewritten. The same again answers with the one there is."""
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja from `operator`
    made = exclusions.exclude(body.dict(), datetime.now(UTC), user=caller.user, by=caller.token)
    return Status(201, _exclusion(made))


@router.get("/exclusions/changes", response=ChangeList, summary="Who made, changed and removed exclusions")
def list_changes(
    request: HttpRequest, exclusion: int | None = None, limit: Limit = 100, offset: Annotated[int, Field(ge=0)] = 0
) -> dict[str, Any]:
    """Newest first; they outlive the exclusion."""
    found = selectors_noted.exclusion_changes(exclusion)
    return {"changes": [_change(row) for row in found[offset : offset + limit]], "count": found.count()}


@router.delete(
    "/exclusions/{int:exclusion_id}", auth=operator, response={204: None}, summary="Let an excluded span count again"
)
def delete_exclusion(request: HttpRequest, exclusion_id: int, reason: str) -> Status[None]:
    """One that a document declares is refused: applying the document would bring it back."""
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja from `operator`
    exclusions.include(exclusion_id, datetime.now(UTC), reason=reason, user=caller.user, by=caller.token)
    return Status(204, None)


def _exclusion(row: Exclusion) -> dict[str, Any]:
    return {
        "id": row.pk,
        "objective": row.objective.name if row.objective else None,
        "service": row.service.name if row.service else None,
        "start": row.start,
        "end": row.end,
        "rule": row.rule or None,
        "time_zone": row.zone,
        "reason": row.reason,
        "document": row.name,
        "created_at": row.created_at,
        "created_by": str(row.created_by) if row.created_by else None,
    }


def _change(row: ExclusionChange) -> dict[str, Any]:
    by = str(row.actor) if row.actor else row.by
    return {
        "exclusion": row.exclusion,
        "at": row.at,
        "action": row.action,
        "by": by or None,
        "reason": row.reason or None,
        "state": row.state,
    }
