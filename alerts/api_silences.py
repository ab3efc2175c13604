"""Silences over JSON: what people do not want to hear of, made and ended with a reason."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field

from alerts import selectors_silences as selectors
from alerts.models import Alert, Silence, SilenceChange
from alerts.rules.matchers import LONGEST_TEXT, parse, parse_all
from alerts.services import silences
from slo.api_auth import Caller, operator

router = Router(tags=["silences"])

Limit = Annotated[int, Field(ge=1, le=1000)]
Offset = Annotated[int, Field(ge=0)]


class SilenceIn(Schema):
    """Alerts whose labels fulfil all `matchers`, each as `service="orders"`, are not told of.

    `start` (now by default) with `end` or `duration` is the only occurrence, or with a rule (RRULE) the first: the
    others begin at its wall-clock time in `time_zone`.
    """

    matchers: list[str]
    start: str | None = None
    end: str | None = None
    duration: str | None = None
    rule: str = ""
    time_zone: str = "UTC"
    reason: str


class SilenceOut(Schema):
    """`state` is active, coming or ended, and `until` the end of the occurrence in force.

    `alerts` counts the open alerts it matches now. `document` names the document that declares it, if one does.
    """

    id: int
    state: str
    matchers: list[str]
    start: datetime
    end: datetime
    until: datetime | None
    rule: str | None
    time_zone: str
    reason: str
    document: str | None
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None
    alerts: int


class SilenceList(Schema):
    silences: list[SilenceOut]
    count: int


class Matched(Schema):
    id: int
    title: str
    kind: str
    severity: str
    state: str
    labels: dict[str, str]


class Preview(Schema):
    """The open alerts that matchers fit; `matchers` is how they were understood."""

    matchers: list[str]
    alerts: list[Matched]
    count: int


class ChangeOut(Schema):
    """What was done to a silence; `state` is what it said then."""

    silence: int
    at: datetime
    action: str
    by: str | None
    reason: str | None
    state: dict[str, Any]


class ChangeList(Schema):
    changes: list[ChangeOut]
    count: int


@router.get("/silences", response=SilenceList, summary="What nobody wants to hear of for a while")
def list_silences(
    request: HttpRequest,
    state: Literal["active", "coming", "ended"] | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> dict[str, Any]:
    """Those in force first, then those to come, then the last ones that ended."""
    at = datetime.now(UTC)
    found = selectors.silences(at, state)
    labels = [alert.labels() for alert in selectors.open_alerts()]
    return {"silences": [_silence(row, at, labels) for row in found[offset : offset + limit]], "count": len(found)}


@router.get("/silences/preview", response=Preview, summary="What matchers would silence")
def preview(request: HttpRequest, matchers: Annotated[str, Field(max_length=LONGEST_TEXT)]) -> dict[str, Any]:
    """`matchers` as on one line, such as `service="orders", severity=~"page|ticket"`."""
    conditions = parse(matchers)
    found = selectors.matching(conditions)
    return {"matchers": [str(c) for c in conditions], "alerts": [_matched(a) for a in found], "count": len(found)}


@router.get("/silences/changes", response=ChangeList, summary="Who made, changed and ended silences")
def list_changes(
    request: HttpRequest, silence: int | None = None, limit: Limit = 100, offset: Offset = 0
) -> dict[str, Any]:
    """Newest first; they outlive the silence."""
    found = selectors.changes(silence)
    return {"changes": [_change(row) for row in found[offset : offset + limit]], "count": found.count()}


@router.get("/silences/{int:pk}", response=SilenceOut, summary="A silence")
def get_silence(request: HttpRequest, pk: int) -> dict[str, Any]:
    return _out(selectors.silence(pk))


@router.post("/silences", auth=operator, response={201: SilenceOut}, summary="Silence what matches, for a while")
def post_silence(request: HttpRequest, body: SilenceIn) -> Status[dict[str, Any]]:
    """In force at once where it has begun. The same again answers with the one there is."""
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja from `operator`
    at = datetime.now(UTC)
    wanted = {**body.dict(), "start": body.start or at.replace(microsecond=0).isoformat()}
    made = silences.create(wanted, at, user=caller.user, by=caller.token and f"the token {caller.token}")
    return Status(201, _out(made))


@router.delete("/silences/{int:pk}", auth=operator, response=SilenceOut, summary="End a silence before its time")
def delete_silence(request: HttpRequest, pk: int, reason: str, whole: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002
    """Of one that comes back only the present occurrence, unless `whole`. Conflict (409) if it is over."""
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja from `operator`
    by = caller.token and f"the token {caller.token}"
    return _out(silences.end(pk, datetime.now(UTC), reason=reason, user=caller.user, by=by, whole=whole))


def _out(row: Silence) -> dict[str, Any]:
    return _silence(row, datetime.now(UTC), [alert.labels() for alert in selectors.open_alerts()])


def _silence(row: Silence, at: datetime, labels: list[dict[str, str]]) -> dict[str, Any]:
    rule = row.as_rule()
    ended_by = str(row.ended_by) if row.ended_by else row.ended_via
    return {
        "id": row.pk,
        "state": rule.phase(at),
        "matchers": row.matchers,
        "start": row.start,
        "end": row.end,
        "until": rule.until(at),
        "rule": row.rule or None,
        "time_zone": row.zone,
        "reason": row.reason,
        "document": row.name,
        "created_at": row.created_at,
        "created_by": row.author,
        "ended_at": row.ended_at,
        "ended_by": ended_by or None,
        "ended_reason": row.ended_reason or None,
        "alerts": selectors.count(parse_all(row.matchers), labels),
    }


def _matched(alert: Alert) -> dict[str, Any]:
    named = {name: getattr(alert, name) for name in ("kind", "severity", "state")}
    return {**named, "id": alert.pk, "title": alert.title or alert.subject, "labels": alert.labels()}


def _change(row: SilenceChange) -> dict[str, Any]:
    by = str(row.actor) if row.actor else row.by
    return {
        "silence": row.silence,
        "at": row.at,
        "action": row.action,
        "by": by or None,
        "reason": row.reason or None,
        "state": row.state,
    }
