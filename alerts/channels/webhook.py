"""Any program that takes JSON over HTTP.

A POST with the header `Idempotency-Key` (the message's `key`: the same however often it is sent) and this body;
ratios from 0 to 1, times in seconds or ISO 8601, null where nothing is known:

    {"version": 1, "key": …, "episode": what the messages of one alert share, "status": "firing" | "resolved",
     "severity", "service", "objective", "title", "target", "summary", "text", "cause", "since", "until",
     "windows": [{"long", "short", "factor", "burn_long", "burn_short", "exceeded"}],
     "budget": {"remaining", "left_events", "left_seconds", "exhausts_at"},
     "runbook_url", "page_url"}

Any 2xx accepts the message; 408, 429 (with Retry-After) and 5xx ask for it later; anything else refuses it for good.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from alerts.channels.base import Answer
from alerts.channels.http import Poster
from alerts.rules.message import Message
from slo.openslo.schema import Headers, Spec, Url


class WebhookSpec(Spec):
    url: Url
    headers: Headers = {}


class Webhook:
    spec: ClassVar[type[Spec]] = WebhookSpec
    remind: ClassVar[timedelta | None] = None

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    @classmethod
    def build(cls, spec: WebhookSpec) -> Self:
        return cls(Poster(spec.url, spec.headers))

    def send(self, message: Message, at: datetime) -> Answer:
        return self._poster.post(payload(message), at, {"Idempotency-Key": message.key})

    def close(self) -> None:
        self._poster.close()


def payload(message: Message) -> dict[str, Any]:
    """The body as this module's docstring describes it."""
    figures = message.figures.as_json()
    return {
        "version": 1,
        "key": message.key,
        "episode": message.episode,
        "status": message.status,
        "severity": message.severity,
        "service": message.service,
        "objective": message.objective,
        "title": message.title,
        "target": figures["target"],
        "summary": message.summary,
        "text": message.text,
        "cause": message.cause,
        "since": message.since.isoformat(),
        "until": message.until.isoformat() if message.until else None,
        "windows": figures["windows"],
        "budget": {name: figures[name] for name in ("remaining", "left_events", "left_seconds", "exhausts_at")},
        "runbook_url": message.runbook_url or None,
        "page_url": message.page_url,
    }
