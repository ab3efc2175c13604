"""Any program that takes JSON over HTTP.

A POST with the header `Idempotency-Key` (the message's `key`: the same however often it is sent) and this body;
ratios from 0 to 1, times in seconds or ISO 8601, null where nothing is known:

    {"version": 1, "key": …, "episode": what the messages of one alert share, "status": "firing" | "resolved",
     "severity", "service", "objective", "title", "target", "summary", "text", "cause", "since", "until",
     "windows": [{"long", "short", "factor", "burn_long", "burn_short", "exceeded"}],
     "budget": {"remaining", "left_events", "left_seconds", "exhausts_at"},
     "runbook_url", "page_url"}

A change of step of an error-budget policy is no alert: its body has "event": "budget_step" instead of a "status":

    {"version": 1, "key", "episode", "event": "budget_step", "service", "objective", "title", "policy", "before",
     "after": "inform" | "freeze-risky" | "freeze-all" | null, "level", "remaining", "summary", "text", "at",
     "page_url"}

Any 2xx accepts the message; 408, 429 (with Retry-After) and 5xx ask for it later; anything else refuses it for good.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from alerts.channels.base import Answer
from alerts.channels.http import Poster
from alerts.rules.message import Message
from alerts.rules.notice import Notice
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

    def send(self, message: Message | Notice, at: datetime) -> Answer:
        body = notice_payload(message) if isinstance(message, Notice) else payload(message)
        return self._poster.post(body, at, {"Idempotency-Key": message.key})

    def close(self) -> None:
        self._poster.close()


def notice_payload(notice: Notice) -> dict[str, Any]:
    """The body of a change of step, as this module's docstring describes it."""
    return {
        "version": 1,
        "key": notice.key,
        "episode": notice.episode,
        "event": "budget_step",
        "service": notice.service,
        "objective": notice.objective,
        "title": notice.title,
        "policy": notice.policy,
        "before": notice.before or None,
        "after": notice.after or None,
        "level": notice.level,
        "remaining": notice.remaining,
        "summary": notice.summary,
        "text": notice.text,
        "at": notice.at.isoformat(),
        "page_url": notice.page_url,
    }


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
