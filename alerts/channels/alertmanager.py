"""Prometheus Alertmanager, API v2: it groups, silences, inhibits and routes further.

Every alert is sent there as its own. It ends there by itself when it is not sent again: a firing one carries an
`endsAt` a few minutes ahead, so that an alert whose objective was deleted, or whose Brownout died, does not fire
forever.
"""

import re
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from alerts.channels.base import Answer
from alerts.channels.http import HttpSpec, Poster
from alerts.rules.bundle import Bundle
from alerts.rules.message import Message
from slo.openslo.connection import Secret
from slo.openslo.schema import Spec

LEASE = timedelta(minutes=4)
_FOREIGN = re.compile(r"[^a-zA-Z0-9_]")


class AlertmanagerSpec(HttpSpec):
    """Where Alertmanager's API is, without `/api/v2`; `inboundToken` is what its webhooks to us carry."""

    inbound_token: Secret | None = None


class Alertmanager:
    spec: ClassVar[type[Spec]] = AlertmanagerSpec
    # As often as Prometheus itself re-sends: a lease outlives three reminders that got lost.
    remind: ClassVar[timedelta | None] = timedelta(minutes=1)
    lasting: ClassVar[bool] = False

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    @classmethod
    def build(cls, spec: AlertmanagerSpec) -> Self:
        return cls(Poster(spec.url, spec, path="/api/v2/alerts"))

    def send(self, bundle: Bundle, at: datetime) -> Answer:
        return self._poster.post([payload(item, at) for item in bundle.items], at)

    def close(self) -> None:
        self._poster.close()


def payload(message: Message, at: datetime) -> dict[str, Any]:
    """The alert as Alertmanager wants it. Its labels are its identity, so they hold nothing that changes."""
    ends = at + LEASE if message.status == "firing" else message.until or at
    return {
        "labels": labels(message),
        "annotations": annotations(message),
        "startsAt": message.since.isoformat(),
        "endsAt": ends.isoformat(),
        "generatorURL": message.page_url,
    }


def labels(message: Message) -> dict[str, str]:
    """Its labels by names every Alertmanager takes."""
    return {
        _FOREIGN.sub("_", name if not name[:1].isdigit() else f"_{name}"): text for name, text in message.labels.items()
    }


def annotations(message: Message) -> dict[str, str]:
    """What people read of an alert, by the names Prometheus rules use."""
    texts = {"summary": message.summary, "description": message.text, "runbook_url": message.runbook_url}
    return {name: text for name, text in texts.items() if text}
