"""PagerDuty reports what became of an incident: its acknowledgement is one of the alerts, here and everywhere.

An incident that is resolved there while its alerts go on leaves them firing: what is measured decides that, not a
click. They count as acknowledged by whoever closed it, so that nobody is called again, and end when the burn does.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from alerts.channels.http import secret
from alerts.channels.pagerduty import PagerDutySpec, dedup_key
from alerts.errors import AlertOverError, AlreadyAcknowledgedError, ReportError
from alerts.models import Alert, Channel, Group, Report
from alerts.rules.reports import AHEAD, OLDEST, Incident, incident, is_signed
from alerts.selectors import alerts
from alerts.services.acknowledge import acknowledge, give_back
from alerts.services.reporting import conclude, keep_from, note, record, reporting, unsigned

VIA = "pagerduty:"
# Clocks differ: an alert that fired this much after an acknowledgement may have been in the incident already.
SLACK = timedelta(minutes=1)


def hear(name: str, signature: str, body: bytes, at: datetime) -> Report | None:
    """Take in one webhook for the channel of that name. None for an event that has been heard before.

    Raises NotFoundError, UnsignedError, ReportError, and SourceError where the secret is not to be found.
    """
    channel, spec = reporting("pagerduty", name)
    reference = spec.webhook_secret if isinstance(spec, PagerDutySpec) else None
    if reference is None or not is_signed(signature, secret(reference), body):
        raise unsigned(channel, "webhookSecret", expected=reference is not None)
    try:
        event = incident(body)
    except ValueError as error:
        raise ReportError(f"This is no webhook of PagerDuty's: {error}") from None
    with transaction.atomic():
        report = record(
            channel, event.key, at, event=event.event, by=event.by, said_at=event.at, subject=event.incident[:255]
        )
        return _act(channel, event, report, at) if report else None


def _act(channel: Channel, event: Incident, report: Report, at: datetime) -> Report:
    handle = _HANDLERS.get(event.event)
    if handle is None:
        return conclude(report, "nothing to do")
    if not at - OLDEST < event.at < at + AHEAD:
        return conclude(report, f"not acted on: it is of {event.at:%Y-%m-%d %H:%M} UTC")
    later = Report.objects.filter(channel=channel, subject=report.subject, said_at__gt=event.at, event__in=_HANDLERS)
    if later.exists():
        return conclude(report, "not acted on: what happened there later came first")
    group = _group(channel, event.incident)
    if group is None:
        return conclude(report, "not acted on: its incident is none of this channel's")
    found = [
        alert
        for alert in alerts().filter(groups=group, state__in=Alert.OPEN)
        if (alert.fired_at or alert.opened_at) <= event.at + SLACK
    ]
    via = f"{VIA}{event.by}"
    changed = handle(found, event, at, via)
    keep_from(channel, at, via)
    return conclude(report, _DONE[event.event] if changed else "nothing changed by it", changed)


def _group(channel: Channel, key: str) -> Group | None:
    """The group whose episode is the incident's key: `name:number-instant`."""
    number = key.rpartition(":")[2].partition("-")[0]
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        return None
    group = Group.objects.select_related("channel").filter(channel=channel, pk=int(number)).first()
    return group if group and dedup_key(group.episode) == key else None


def _acknowledged(found: Sequence[Alert], event: Incident, at: datetime, via: str) -> list[Alert]:
    return [alert for alert in found if _take(alert, f"in PagerDuty {event.url}".strip(), at, via)]


def _resolved(found: Sequence[Alert], event: Incident, at: datetime, via: str) -> list[Alert]:
    words = "its incident was resolved in PagerDuty while it goes on; it ends when the measurement says so"
    for alert in found:
        if not _take(alert, words, at, via):
            note(alert, words, at, via)
    return list(found)


def _unacknowledged(found: Sequence[Alert], event: Incident, at: datetime, via: str) -> list[Alert]:
    """Only what was acknowledged there: who took it on here still has it."""
    theirs = [alert for alert in found if alert.acknowledged_via.startswith(VIA)]
    return [a for a in theirs if give_back(a, "its acknowledgement ran out in PagerDuty", at, via=via)]


def _reopened(found: Sequence[Alert], event: Incident, at: datetime, via: str) -> list[Alert]:
    for alert in found:
        note(alert, "its incident was opened again in PagerDuty", at, via)
    return list(found)


def _take(alert: Alert, words: str, at: datetime, via: str) -> bool:
    try:
        acknowledge(alert, None, words, at, via=via)
    except (AlreadyAcknowledgedError, AlertOverError):
        return False
    return True


_HANDLERS: dict[str, Callable[[Sequence[Alert], Incident, datetime, str], list[Alert]]] = {
    "incident.acknowledged": _acknowledged,
    "incident.unacknowledged": _unacknowledged,
    "incident.resolved": _resolved,
    "incident.reopened": _reopened,
}
_DONE = {
    "incident.acknowledged": "acknowledged",
    "incident.unacknowledged": "acknowledgement taken back",
    "incident.resolved": "noted; they end when the measurement says so",
    "incident.reopened": "noted",
}
