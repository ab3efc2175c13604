"""Annotations over JSON: deploys, flags, game days and whatever else explains a chart."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import AwareDatetime, Field

from slo import selectors_noted
from slo.api_auth import Caller, operator
from slo.models import Annotation
from slo.services.annotations import annotate

router = Router(tags=["annotations"])


class AnnotationIn(Schema):
    """Something that happened at an instant, or `until` another; of an objective, a service, or (neither) everything.

    The same `key`, or without one the same content, is the same annotation: sending it again is safe.
    """

    kind: str
    at: str
    until: str | None = None
    text: str
    link: str | None = None
    objective: str | None = None
    service: str | None = None
    key: str | None = None


class AnnotationOut(Schema):
    id: int
    kind: str
    objective: str | None
    service: str | None
    at: datetime
    until: datetime | None
    text: str
    link: str | None
    created_at: datetime
    created_by: str | None


class AnnotationList(Schema):
    annotations: list[AnnotationOut]
    count: int


@router.get("/annotations", response=AnnotationList, summary="What was noted beside the figures")
def list_annotations(
    request: HttpRequest,
    objective: str | None = None,
    service: str | None = None,
    kind: str | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    limit: Annotated[int, Field(ge=1, le=1000)] = 100,
    offset: Annotated[int, Field(ge=0)] = 0,
) -> dict[str, Any]:
    """Newest first. Those of an objective are its own, its service's and those of everything."""
    found = selectors_noted.annotations(objective, service, kind, since, until)
    return {"annotations": [_annotation(row) for row in found[offset : offset + limit]], "count": found.count()}


@router.post(
    "/annotations",
    auth=operator,
    response={200: AnnotationOut, 201: AnnotationOut},
    summary="Note a deploy, a flag, a game day",
)
def post_annotation(request: HttpRequest, body: AnnotationIn) -> Status[dict[str, Any]]:
    """201 for a new one, 200 for one that is there already."""
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja from `operator`
    row, new = annotate(body.dict(), datetime.now(UTC), user=caller.user, by=caller.token)
    return Status(201 if new else 200, _annotation(row))


def _annotation(row: Annotation) -> dict[str, Any]:
    return {
        "id": row.pk,
        "kind": row.kind,
        "objective": row.objective.name if row.objective else None,
        "service": row.service.name if row.service else None,
        "at": row.at,
        "until": row.until,
        "text": row.text,
        "link": row.link or None,
        "created_at": row.created_at,
        "created_by": (str(row.created_by) if row.created_by else row.by) or None,
    }
