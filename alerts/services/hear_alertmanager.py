"""Alertmanager reports the alerts it holds: ours that it let go of, and others that concern the same service.

It knows no acknowledgement, and sends nothing of what is silenced there, so nothing is taken on or ended here on its
word. What it says is noted on the timelines of open alerts, each once: that it took one of ours as over while it still
fires, and which alerts of its own fire for the same objective or service.
"""

import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from alerts.channels.alertmanager import AlertmanagerSpec
from alerts.channels.http import secret
from alerts.errors import ReportError
from alerts.models import Alert, Channel, Report
from alerts.rules.reports import OLDEST, Reported, reported
from alerts.rules.verdicts import NAMES
from alerts.rules.words import clip
from alerts.selectors import alerts
from alerts.services.reporting import conclude, note, record, reporting, unsigned

# An outage elsewhere may be a thousand alerts there; a timeline is read by a person.
MOST_NOTES = 20


def hear(name: str, authorization: str, body: bytes, at: datetime) -> int:
    """Take in one webhook for the channel of that name. Returns how many alerts were noted on timelines.

    Raises NotFoundError, UnsignedError, ReportError, and SourceError where the token is not to be found.
    """
    channel, spec = reporting("alertmanager", name)
    reference = spec.inbound_token if isinstance(spec, AlertmanagerSpec) else None
    if reference is None or not _is_token(authorization, secret(reference)):
        raise unsigned(channel, "inboundToken", expected=reference is not None)
    try:
        found = reported(body)
    except ValueError as error:
        raise ReportError(f"This is no webhook of Alertmanager's: {error}") from None
    with transaction.atomic():
        return sum(_hear(channel, item, at) for item in found if item.since > at - 10 * OLDEST)


def _is_token(authorization: str, token: str) -> bool:
    scheme, _, given = authorization.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())


def _hear(channel: Channel, item: Reported, at: datetime) -> bool:
    """Note one alert on what it concerns; False where there is nothing to note, or it has been noted before."""
    ours = item.labels.get("alertname") in NAMES.values() and "kind" in item.labels
    concerned = list(_ours(item) if ours else _beside(item))
    if not concerned:
        return False
    event = f"{item.labels.get('alertname', 'alert')[:80]} {item.status}"
    report = record(channel, item.key, at, event=event, said_at=item.since, subject=item.fingerprint)
    if report is None:
        return False
    words = "Alertmanager took it as over while it goes on" if ours else _words(item)
    told = [alert for alert in concerned if _has_room(alert, channel)]
    for alert in told:
        note(alert, words, at, f"alertmanager:{channel.name}")
    conclude(report, "noted" if told else "not noted: enough is", told)
    return bool(told)


def _ours(item: Reported) -> Iterable[Alert]:
    """Our alert, where it is said to be over and is not; one that fires there is the echo of what we sent."""
    if item.status == "resolved":
        named = {"kind": item.labels["kind"], "severity": item.labels.get("severity", "")}
        for alert in alerts().filter(state=Alert.State.FIRING, **named):
            if _same(alert.labels(), item.labels) and alert.fired_at and alert.fired_at <= item.since:
                yield alert


def _same(own: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    identity = ("alertname", "service", "objective", "source", "channel")
    return all(own.get(name, "") == theirs.get(name, "") for name in identity)


def _beside(item: Reported) -> Iterable[Alert]:
    """Open alerts of the objective an alert of theirs names, or else of its service."""
    objective, service = item.labels.get("objective", ""), item.labels.get("service", "")
    if not objective and not service:
        return []
    wanted = Q(objective__name=objective) if objective else Q(service__name=service)
    return alerts().filter(wanted, state__in=Alert.OPEN)


def _words(item: Reported) -> str:
    name = item.labels.get("alertname", "an alert")
    verb = "fires" if item.status == "firing" else "is over"
    return clip(f"{name} {verb} in Alertmanager{f': {item.summary}' if item.summary else ''} {item.page_url}", 600)


def _has_room(alert: Alert, channel: Channel) -> bool:
    return Report.objects.filter(channel=channel, alerts=alert).count() < MOST_NOTES
