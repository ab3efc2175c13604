"""What happened to an alert, whoever did it, as one timeline."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from alerts import selectors as alerts
from alerts.models import Alert, Delivery, Transition
from alerts.selectors_runbooks import run_events
from dashboards import formats
from dashboards.presenters import badges
from dashboards.presenters.badges import Tone
from degradation import selectors as degradation
from degradation.models import FlagChange, ShedStep
from degradation.selectors import shed_steps

Kind = Transition.Kind

_TITLES: dict[str, tuple[str, Tone]] = {
    Kind.ACKNOWLEDGEMENT: ("No longer acknowledged", "info"),
    Kind.SILENCE: ("Silence lifted", "none"),
    Kind.INHIBITION: ("No longer held back", "none"),
    Kind.ESCALATION: ("Escalated", "warn"),
    Kind.REMINDER: ("Reminded", "none"),
    Kind.FLAPPING: ("Flapping", "warn"),
    Kind.RUNBOOK: ("Runbook", "info"),
    Kind.DELIVERY: ("Reported", "none"),
}
# How the cause of what begins is worded; any other is an end.
_BEGINNINGS: dict[str, tuple[str, str]] = {
    Kind.ACKNOWLEDGEMENT: ("acknowledged", "Acknowledged"),
    Kind.SILENCE: ("silenced", "Silenced"),
    Kind.INHIBITION: ("held back", "Held back"),
}
_DELIVERIES: dict[str, tuple[str, Tone]] = {"sent": ("Told", "none"), "dead": ("Gave up telling", "bad")}


@dataclass(frozen=True, slots=True)
class Event:
    """Something in an alert's timeline. `detail` is what was said or answered; `next` when it is tried again."""

    at: datetime
    kind: Literal["state", "delivery", "note", "flag", "runbook"]
    title: str
    detail: str
    tone: Tone
    by: str = ""
    next: datetime | None = None


def events(alert: Alert) -> list[Event]:
    """Changes of state, what people did, deliveries with their answers, what was shed and ticked, newest first."""
    # What a step of shedding came to is told with its figures below.
    found = [_transition(row, alert.severity) for row in alerts.transitions(alert) if row.kind != Kind.EFFECT]
    found += [_delivery(row) for row in alerts.deliveries(alert)]
    found += [_flag_change(row) for row in degradation.changes_for(alert)]
    found += [_effect(step) for step in shed_steps.steps_for(alert) if step.measured_at]
    found += [Event(row.at, "runbook", row.what, row.note, "info", row.by) for row in run_events(alert)]
    return sorted(found, key=lambda event: event.at, reverse=True)


def _transition(row: Transition, severity: str) -> Event:
    by = str(row.actor) if row.actor else row.via
    if row.kind == Kind.STATE:
        return Event(row.at, "state", row.after.capitalize(), row.cause, badges.alert(row.after, severity).tone, by)
    title, tone = _TITLES.get(row.kind, (row.kind.capitalize(), "info"))
    words, begins = _BEGINNINGS.get(row.kind, ("", ""))
    if begins and row.cause.startswith(words):
        title = begins
    return Event(row.at, "note", title, row.cause, tone, by)


def _delivery(row: Delivery) -> Event:
    waiting = "Trying again to tell" if row.attempts else "Will tell"
    title, tone = _DELIVERIES.get(row.state, (waiting, "warn"))
    attempts = formats.plural(row.attempts, "attempt") if row.attempts > 1 else ""
    detail = " · ".join(filter(None, (row.told, attempts, row.answer)))
    again = row.due_at if row.state == Delivery.State.DUE and row.attempts else None
    return Event(row.sent_at or row.owed_at, "delivery", f"{title} {row.channel}", detail, tone, next=again)


def _flag_change(row: FlagChange) -> Event:
    between = 0 < row.after_share < 100
    value = f"{row.after_share} % of users" if between else "on" if row.after else "off"
    by = str(row.actor) if row.actor else ""
    return Event(row.at, "flag", f"{row.cause.capitalize()} {row.key} → {value}", row.reason, "warn", by)


def _effect(step: ShedStep) -> Event:
    badge = badges.verdict(step.verdict)
    burned = f"burn {formats.factor(step.before.get('burn'))} → {formats.factor(step.after.get('burn'))}"
    detail = f"{burned}: {step.ended_reason}" if step.verdict == "no effect" and step.ended_reason else burned
    title = f"Shedding tier {step.tier}: {badge.word.lower()}"
    return Event(step.measured_at or step.at, "flag", title, detail, badge.tone)
