"""Prometheus Alertmanager, API v2: it groups, silences, inhibits and routes further.

An alert ends there by itself when it is not sent again: a firing one carries an `endsAt` a few minutes ahead, so
that an alert whose objective was deleted, or whose Brownout died, does not fire forever. A change of step of an
error-budget policy is an alert `ErrorBudgetStep` of severity info that is over after an hour.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from alerts.channels.base import Answer
from alerts.channels.http import Poster
from alerts.rules.message import Message
from alerts.rules.notice import Notice
from slo.openslo.schema import Headers, Spec, Url

LEASE = timedelta(minutes=4)
NOTICE = timedelta(hours=1)


class AlertmanagerSpec(Spec):
    url: Url
    headers: Headers = {}


class Alertmanager:
    spec: ClassVar[type[Spec]] = AlertmanagerSpec
    # As often as Prometheus itself re-sends: a lease outlives three reminders that got lost.
    remind: ClassVar[timedelta | None] = timedelta(minutes=1)

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    @classmethod
    def build(cls, spec: AlertmanagerSpec) -> Self:
        return cls(Poster(f"{spec.url.rstrip('/')}/api/v2/alerts", spec.headers))

    def send(self, message: Message | Notice, at: datetime) -> Answer:
        body = notice_payload(message) if isinstance(message, Notice) else payload(message, at)
        return self._poster.post([body], at)

    def close(self) -> None:
        self._poster.close()


def notice_payload(notice: Notice) -> dict[str, Any]:
    """A change of step as an alert that ends by itself."""
    return {
        "labels": {
            "alertname": "ErrorBudgetStep",
            "service": notice.service,
            "objective": notice.objective,
            "severity": "info",
            "action": notice.after or "none",
        },
        "annotations": {"summary": notice.summary, "description": notice.text},
        "startsAt": notice.at.isoformat(),
        "endsAt": (notice.at + NOTICE).isoformat(),
        "generatorURL": notice.page_url,
    }


def payload(message: Message, at: datetime) -> dict[str, Any]:
    """The alert as Alertmanager wants it. Its labels are its identity, so they hold nothing that changes."""
    ends = at + LEASE if message.status == "firing" else message.until or at
    annotations = {"summary": message.summary, "description": message.text, "runbook_url": message.runbook_url}
    return {
        "labels": {
            "alertname": "ErrorBudgetBurn",
            "service": message.service,
            "objective": message.objective,
            "severity": message.severity,
        },
        "annotations": {name: text for name, text in annotations.items() if text},
        "startsAt": message.since.isoformat(),
        "endsAt": ends.isoformat(),
        "generatorURL": message.page_url,
    }
