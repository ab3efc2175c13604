"""Alerts: the list, and one alert as a timeline with its runbook beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from alerts import selectors as alerts
from alerts.models import Alert, Delivery, Transition
from alerts.selectors_runbooks import run_events
from dashboards.presenters import badges
from dashboards.presenters.alert_rows import AlertRow, alert_rows
from dashboards.presenters.badges import Badge, Tone
from dashboards.presenters.runs import Beside, beside
from degradation import selectors as degradation
from degradation.models import FlagChange


@dataclass(frozen=True, slots=True)
class AlertsPage:
    open: tuple[AlertRow, ...]
    past: tuple[AlertRow, ...]
    dead: tuple[Delivery, ...]
    waiting: int
    service: str
    objective: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something in an alert's timeline. `detail` is what was said or answered."""

    at: datetime
    kind: Literal["state", "delivery", "note", "flag", "runbook"]
    title: str
    detail: str
    tone: Tone
    by: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A burn window as the alert last saw it. Lengths in seconds."""

    long: int
    short: int
    factor: float
    burn_long: float | None
    burn_short: float | None


@dataclass(frozen=True, slots=True)
class AlertPage:
    alert: Alert
    row: AlertRow
    badge: Badge
    open: bool
    remaining: float | None
    figures: tuple[Figure, ...]
    events: tuple[Event, ...]
    beside: Beside | None
    acknowledged_by: str


def alerts_page(service: str = "", objective: str = "") -> AlertsPage:
    """Open alerts, and the latest of the past ones, of one service or objective where that is named."""
    found = alerts.history(200, service=service, objective=objective)
    open_ = [a for a in alerts.open_alerts() if _concerns(a, service, objective)]
    return AlertsPage(
        open=alert_rows(open_),
        past=alert_rows([a for a in found if a.state not in Alert.OPEN][:100]),
        dead=tuple(alerts.dead_letters()[:20]),
        waiting=alerts.outbox_depth(),
        service=service,
        objective=objective,
    )


def _concerns(alert: Alert, service: str, objective: str) -> bool:
    own = alert.service.name if alert.service else "", alert.objective.name if alert.objective else ""
    return service in ("", own[0]) and objective in ("", own[1])


def alert_page(pk: int, at: datetime) -> AlertPage:
    """One alert. Raises NotFoundError."""
    alert = alerts.alert(pk)
    return AlertPage(
        alert=alert,
        row=alert_rows([alert])[0],
        badge=badges.alert(alert.state, alert.severity),
        open=alert.state in Alert.OPEN,
        remaining=alert.figures.get("remaining"),
        figures=tuple(_figures(alert)),
        events=tuple(_events(alert)),
        beside=beside(alert, at),
        acknowledged_by=_person(alert.acknowledged_by) or alert.acknowledged_via,
    )


def _figures(alert: Alert) -> Iterable[Figure]:
    for window in alert.figures.get("windows", []):
        yield Figure(
            window["long"], window["short"], window["factor"], window.get("burn_long"), window.get("burn_short")
        )


def _events(alert: Alert) -> list[Event]:
    """Newest first."""
    events = [_transition(row, alert.severity) for row in alerts.transitions(alert)]
    events += [_delivery(row) for row in alerts.deliveries(alert)]
    events += [_flag_change(row) for row in degradation.changes_for(alert)]
    events += [Event(row.at, "runbook", row.what, row.note, "info", row.by) for row in run_events(alert)]
    return sorted(events, key=lambda event: event.at, reverse=True)


def _transition(row: Transition, severity: str) -> Event:
    by = _person(row.actor) or row.via
    if row.kind != Transition.Kind.STATE:
        return Event(row.at, "note", _NOTED.get(row.kind, row.kind.capitalize()), row.cause, "info", by)
    return Event(row.at, "state", row.after.capitalize(), row.cause, badges.alert(row.after, severity).tone, by)


_NOTED = {"acknowledgement": "Acknowledged", "escalation": "Escalated", "reminder": "Reminded"}


def _delivery(row: Delivery) -> Event:
    titles = {
        "sent": "Told",
        "due": "Will tell" if not row.attempts else "Trying again to tell",
        "dead": "Gave up telling",
    }
    tones: dict[str, Tone] = {"sent": "none", "due": "warn", "dead": "bad"}
    times = f" · {row.attempts} attempts" if row.attempts > 1 else ""
    detail = f"{row.told}{times}" + (f" · {row.answer}" if row.answer else "")
    return Event(row.sent_at or row.owed_at, "delivery", f"{titles[row.state]} {row.channel}", detail, tones[row.state])


def _flag_change(row: FlagChange) -> Event:
    value = "on" if row.after else "off"
    return Event(
        row.at, "flag", f"{row.cause.capitalize()} {row.key} → {value}", row.reason, "warn", _person(row.actor)
    )


def _person(user: object | None) -> str:
    return str(user) if user else ""
