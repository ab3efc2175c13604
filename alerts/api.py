"""Alerts and the outbox over JSON."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from django.db.models import Q
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import AwareDatetime, Field

from alerts import selectors
from alerts.models import Alert, Delivery, Transition
from alerts.services.acknowledge import NOTE_LENGTH
from alerts.services.acknowledge import acknowledge as acknowledge_alert
from alerts.services.deliver import send_again as owe_again
from alerts.services.replay import replay as replay_history
from slo import selectors as slo_selectors
from slo.api_auth import Caller, operator

router = Router(tags=["alerts"])

State = Literal["inactive", "pending", "firing", "resolved"]
Limit = Annotated[int, Field(ge=1, le=1000)]


class Acknowledgement(Schema):
    """Who took it on: `by` is a user here, `via` whoever it was elsewhere."""

    at: datetime
    by: str | None
    via: str | None
    note: str


class AlertOut(Schema):
    """An alert; `figures` are those of its last evaluation, ratios from 0 to 1, spans in seconds.

    `labels` are what routing, silences and receivers read. `silenced_by` and `inhibited_by` are the numbers of the
    silence and of the alert that keep it quiet now, `told_at` is when people last heard of it. `spent` is the share of
    its period's error budget that the episode cost, once it is over.
    """

    id: int
    kind: str
    subject: str
    title: str
    objective: str | None
    service: str | None
    severity: str
    state: str
    opened_at: datetime
    fired_at: datetime | None
    ended_at: datetime | None
    figures: dict[str, Any]
    labels: dict[str, str]
    runbook: str | None
    acknowledgement: Acknowledgement | None
    silenced_by: int | None
    inhibited_by: int | None
    flapping_since: datetime | None
    told_at: datetime | None
    spent: float | None


class TransitionOut(Schema):
    """Something that happened: only a change of `state` has a `before` that differs from `after`."""

    kind: str
    at: datetime
    before: str
    after: str
    cause: str
    actor: str | None
    via: str


class DeliveryOut(Schema):
    """A message owed to a channel: `due`, `sent` or `dead`; `answer` is the receiver's last one.

    `alerts` are the numbers of those it was owed for, `group` holds the labels that the alerts told together share.
    """

    id: int
    alerts: list[int]
    group: dict[str, str]
    episode: str
    channel: str
    told: str
    key: str
    state: str
    due_at: datetime
    attempts: int
    sends: int
    sent_at: datetime | None
    answer: str


class AlertDetail(AlertOut):
    transitions: list[TransitionOut]
    deliveries: list[DeliveryOut]


class AlertList(Schema):
    alerts: list[AlertOut]


class DeliveryList(Schema):
    deliveries: list[DeliveryOut]


class Note(Schema):
    note: Annotated[str, Field(max_length=NOTE_LENGTH)] = ""


class WouldBeOut(Schema):
    """`budget_spent` is the share gone when it fired, `detection_delay` the seconds since its incident began."""

    severity: str
    start: datetime
    end: datetime | None
    budget_spent: float | None
    detection_delay: float | None


class ChangeOut(Schema):
    at: datetime
    severity: str
    before: str
    after: str


class IncidentOut(Schema):
    start: datetime
    end: datetime


class ReplayOut(Schema):
    """What a burn policy would have done; `resolution` is the longest time (seconds) between two judgements."""

    objective: str
    policy: str
    windows: list[str]
    since: datetime
    until: datetime
    judgements: int
    resolution: int
    pages: int
    tickets: int
    alerts: list[WouldBeOut]
    changes: list[ChangeOut]
    incidents: list[IncidentOut]
    note: str | None


@router.get("/alerts", response=AlertList, summary="Alerts, newest first")
def list_alerts(
    request: HttpRequest,
    state: State | None = None,
    kind: Alert.Kind | None = None,
    severity: Literal["page", "ticket"] | None = None,
    service: str = "",
    objective: str = "",
    team: str = "",
    *,
    quiet: bool | None = None,
    acknowledged: bool | None = None,
    flapping: bool | None = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """`quiet` are those that are silenced or held back (inhibited) now."""
    wanted = Q() if quiet is None else selectors.QUIET if quiet else ~selectors.QUIET
    for field, value in (("acknowledged_at", acknowledged), ("flapping_since", flapping)):
        wanted &= Q() if value is None else Q(**{f"{field}__isnull": not value})
    names = selectors.runbook_names()
    found = selectors.history(
        limit,
        service=service,
        objective=objective,
        state=state or "",
        kind=kind or "",
        severity=severity or "",
        team=team,
        where=wanted,
    )
    return {"alerts": [_alert(item, names) for item in found]}


@router.get("/alerts/{int:pk}", response=AlertDetail, summary="An alert with its history and what was told of it")
def get_alert(request: HttpRequest, pk: int) -> dict[str, Any]:
    return _detail(selectors.alert(pk))


@router.post(
    "/alerts/{int:pk}/acknowledge", response=AlertDetail, auth=operator, summary="Take an open alert on, with a note"
)
def acknowledge(request: HttpRequest, pk: int, body: Note) -> dict[str, Any]:
    """Conflict (409) if somebody has acknowledged it already, or it is over."""
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja from `operator`
    via = f"token:{caller.token}" if caller.token else ""
    return _detail(acknowledge_alert(selectors.alert(pk), caller.user, body.note, datetime.now(UTC), via=via))


@router.get("/deliveries", response=DeliveryList, auth=operator, tags=["outbox"], summary="Messages, newest first")
def list_deliveries(
    request: HttpRequest, state: Literal["due", "sent", "dead"] | None = None, limit: Limit = 100
) -> dict[str, Any]:
    found = selectors.told().order_by("-pk")
    chosen = found.filter(state=state) if state else found
    return {"deliveries": [_delivery(item) for item in chosen[:limit]]}


@router.post(
    "/deliveries/{int:pk}/send-again",
    response=DeliveryOut,
    auth=operator,
    tags=["outbox"],
    summary="Owe a dead message again",
)
def send_again(request: HttpRequest, pk: int) -> dict[str, Any]:
    """Conflict (409) if it is not dead."""
    owe_again(selectors.delivery(pk), datetime.now(UTC))
    return _delivery(selectors.delivery(pk))


@router.get(
    "/objectives/{name}/replay", response=ReplayOut, tags=["objectives"], summary="What a burn policy would have done"
)
def replay(
    request: HttpRequest,
    name: str,
    since: AwareDatetime,
    until: AwareDatetime | None = None,
    policy: str = "",
    windows: Annotated[str, Field(max_length=1000)] = "",
) -> dict[str, Any]:
    """By a named policy, or windows such as `page:1h/5m:14.4,ticket:3d/6h:1`; by the objective's own if neither."""
    at = datetime.now(UTC)
    return replay_history(slo_selectors.objective(name), since, until or at, at, policy, windows).as_json()


def _alert(alert: Alert, runbooks: frozenset[str]) -> dict[str, Any]:
    acknowledged = alert.acknowledged_at is not None
    named = {name: getattr(alert, name) for name in ("kind", "subject", "title", "severity", "state")}
    named |= {name: getattr(alert, name) for name in ("opened_at", "fired_at", "ended_at", "told_at")}
    named |= {name: getattr(alert, name) for name in ("flapping_since", "spent")}
    return {
        **named,
        "id": alert.pk,
        "objective": alert.objective.name if alert.objective else None,
        "service": alert.service.name if alert.service else None,
        "figures": alert.figures,
        "labels": alert.labels(),
        "silenced_by": alert.silence_id,
        "inhibited_by": alert.inhibited_by_id,
        "runbook": alert.runbook if alert.runbook in runbooks else None,
        "acknowledgement": {
            "at": alert.acknowledged_at,
            "by": str(alert.acknowledged_by) if alert.acknowledged_by else None,
            "via": alert.acknowledged_via or None,
            "note": alert.acknowledgement,
        }
        if acknowledged
        else None,
    }


def _detail(alert: Alert) -> dict[str, Any]:
    return {
        **_alert(alert, selectors.runbook_names()),
        "transitions": [_transition(item) for item in selectors.transitions(alert)],
        "deliveries": [_delivery(item) for item in selectors.deliveries(alert)],
    }


def _transition(change: Transition) -> dict[str, Any]:
    named = {name: getattr(change, name) for name in ("kind", "at", "before", "after", "cause", "via")}
    return {**named, "actor": str(change.actor) if change.actor else None}


def _delivery(item: Delivery) -> dict[str, Any]:
    named = {name: getattr(item, name) for name in ("state", "due_at", "attempts", "sends", "sent_at", "answer")}
    return {
        **named,
        "id": item.pk,
        "alerts": [alert.pk for alert in item.alerts],
        "group": item.group.labels,
        "episode": item.group.episode,
        "channel": item.channel.name,
        "told": item.told,
        "key": item.dedup_key,
    }
