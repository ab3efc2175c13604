"""What happened to an alert, whoever did it, as one timeline."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Literal

from alerts import selectors as alerts
from alerts.models import Alert, BudgetChange, Delivery, Transition
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
    Kind.EFFECT: ("Effect of shedding", "none"),
}
# How the cause of what begins is worded; any other is an end.
_BEGINNINGS: dict[str, tuple[str, str]] = {
    Kind.ACKNOWLEDGEMENT: ("acknowledged", "Acknowledged"),
    Kind.SILENCE: ("silenced", "Silenced"),
    Kind.INHIBITION: ("held back", "Held back"),
}
_DELIVERIES: dict[str, tuple[str, Tone]] = {"sent": ("Told", "none"), "dead": ("Gave up telling", "bad")}

_FLAGS: dict[str, Tone] = {"shed": "warn", "forced": "warn", "restored": "ok"}


@dataclass(frozen=True, slots=True)
class Event:
    """Something in an alert's timeline. `detail` is what was said or answered; `next` when it is tried again; `spent`
    the share of the period's budget the episode had spent by then, in words, where that is news.
    """

    at: datetime
    kind: Literal["state", "delivery", "note", "flag", "runbook", "budget"]
    title: str
    detail: str
    tone: Tone
    by: str = ""
    next: datetime | None = None
    spent: str = ""


def events(alert: Alert) -> list[Event]:
    """Changes of state, what people did, deliveries with their answers, what was shed and ticked, newest first."""
    # What a step of shedding came to is told with its figures below.
    found = [change(row, alert.severity) for row in alerts.transitions(alert) if row.kind != Kind.EFFECT]
    found += [_delivery(row) for row in alerts.deliveries(alert)]
    found += _flag_changes(degradation.changes_for(alert))
    found += [_effect(step) for step in shed_steps.steps_for(alert) if step.measured_at]
    found += [Event(row.at, "runbook", row.what, row.note, "info", row.by) for row in run_events(alert)]
    found += [_step(row) for row in alerts.budget_changes_during(alert)]
    return sorted(found, key=lambda event: event.at, reverse=True)


def costed(found: Sequence[Event], shares: Sequence[float | None]) -> list[Event]:
    """The events, newest first, each with the share of the budget spent by then where it is another than before."""
    known, rows = "", []
    for event, share in reversed(list(zip(found, shares, strict=True))):
        spent = formats.percent(share) if share else known
        rows.append(replace(event, spent=spent if spent != known else ""))
        known = spent
    return rows[::-1]


def change(row: Transition, severity: str) -> Event:
    """A change of state, or what somebody or something did about an alert."""
    by = str(row.actor) if row.actor else row.via
    if row.kind == Kind.STATE:
        return Event(row.at, "state", row.after.capitalize(), row.cause, badges.alert(row.after, severity).tone, by)
    title, tone = _TITLES.get(row.kind, (row.kind.capitalize(), "info"))
    words, begins = _BEGINNINGS.get(row.kind, ("", ""))
    detail = row.cause
    if begins and detail.startswith(words):
        title, detail = begins, "" if detail == words else detail.removeprefix(words).lstrip(": ")
    return Event(row.at, "note", title, detail, tone, by)


def _delivery(row: Delivery) -> Event:
    waiting = "Trying again to tell" if row.attempts else "Will tell"
    title, tone = _DELIVERIES.get(row.state, (waiting, "warn"))
    attempts = formats.plural(row.attempts, "attempt") if row.attempts > 1 else ""
    detail = " · ".join(filter(None, (row.told, attempts, row.answer)))
    again = row.due_at if row.state == Delivery.State.DUE and row.attempts else None
    return Event(row.sent_at or row.owed_at, "delivery", f"{title} {row.channel}", detail, tone, next=again)


def _step(row: BudgetChange) -> Event:
    badge = badges.step(row.after) if row.after else None
    left = f"{formats.percent(row.remaining, 1)} of the budget left" if row.remaining is not None else ""
    title = f"Error budget: {badge.word.lower()}" if badge else "Error budget: no step applies any more"
    return Event(row.at, "budget", title, " · ".join(filter(None, (left, row.text))), badge.tone if badge else "ok")


def _flag_changes(rows: Iterable[FlagChange]) -> Iterator[Event]:
    """What was done to flags at one instant and for one reason is one event."""
    same = groupby(rows, lambda row: (row.at, row.cause, row.after, row.after_share, row.reason, row.actor))
    for (at, cause, after, share, reason, actor), changes in same:
        keys = formats.listing([row.key for row in changes])
        value = f"{share} % of users" if 0 < share < 100 else "on" if after else "off"
        tone = _FLAGS.get(cause, "info")
        yield Event(at, "flag", f"{cause.capitalize()} {keys} → {value}", reason, tone, str(actor or ""))


def _effect(step: ShedStep) -> Event:
    badge = badges.verdict(step.verdict)
    burned = f"burn {formats.factor(step.before.get('burn'))} → {formats.factor(step.after.get('burn'))}"
    detail = f"{burned}: {step.ended_reason}" if step.verdict == "no effect" and step.ended_reason else burned
    title = f"Shedding tier {step.tier}: {badge.word.lower()}"
    return Event(step.measured_at or step.at, "flag", title, detail, badge.tone)
