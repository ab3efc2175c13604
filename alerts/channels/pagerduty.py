"""PagerDuty, Events API v2: a group of alerts is one incident there, under one `dedup_key` from trigger to resolve.

A page is `critical` there and a ticket a `warning`. What several alerts have to say stands in `custom_details`.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from alerts.channels.base import Answer, answer
from alerts.channels.http import Poster, capitalised, secret
from alerts.rules.bundle import Bundle, Event
from alerts.rules.message import Message
from alerts.rules.words import clip
from slo.errors import SourceError
from slo.openslo.connection import Address, Reference, Secret
from slo.openslo.schema import Spec

EVENTS = "https://events.pagerduty.com"
ACTIONS: dict[Event, str] = {
    "firing": "trigger",
    "update": "trigger",
    "acknowledged": "acknowledge",
    "resolved": "resolve",
}
SEVERITIES = {"page": "critical", "ticket": "warning", "test": "info"}
KEY_LENGTH, SUMMARY_LENGTH, TEXT_LENGTH = 255, 1024, 2000
# The event may be 512 KB long; far fewer are read on a phone.
MOST_LINKS, MOST_DETAILS = 12, 25


class PagerDutySpec(Spec):
    """`routingKey` is that of the service's Events API v2 integration; `webhookSecret` signs its webhooks to us.

    `url` is another of PagerDuty's regions, such as https://events.eu.pagerduty.com.
    """

    routing_key: Secret
    url: Address = EVENTS
    webhook_secret: Secret | None = None


class PagerDuty:
    spec: ClassVar[type[Spec]] = PagerDutySpec
    remind: ClassVar[timedelta | None] = None
    lasting: ClassVar[bool] = True

    def __init__(self, poster: Poster, routing_key: Reference) -> None:
        self._poster, self._routing_key = poster, routing_key

    @classmethod
    def build(cls, spec: PagerDutySpec) -> Self:
        return cls(Poster(spec.url, path="/v2/enqueue"), spec.routing_key)

    def send(self, bundle: Bundle, at: datetime) -> Answer:
        try:
            routing_key = secret(self._routing_key)
        except SourceError as error:
            return answer("retry", capitalised(str(error)))
        said = self._poster.post({"routing_key": routing_key, **payload(bundle)}, at)
        return answer(said.outcome, said.text, said.retry_after, secrets=(routing_key,))

    def close(self) -> None:
        self._poster.close()


def payload(bundle: Bundle) -> dict[str, Any]:
    """The event, without its routing key. Only a trigger describes what is wrong."""
    action = ACTIONS[bundle.event]
    event = {"event_action": action, "dedup_key": dedup_key(bundle.episode)}
    return {**event, **_description(bundle)} if action == "trigger" else event


def dedup_key(episode: str) -> str:
    """The key of an incident; a name that is too long for PagerDuty keeps its beginning and gets a digest."""
    if len(episode) <= KEY_LENGTH:
        return episode
    digest = hashlib.sha256(episode.encode("utf-8", "replace")).hexdigest()[:40]
    return f"{episode[: KEY_LENGTH - 41]}:{digest}"


def _description(bundle: Bundle) -> dict[str, Any]:
    first = bundle.first
    about = {
        "summary": clip(bundle.summary, SUMMARY_LENGTH),
        "source": clip(first.service or urlsplit(bundle.url).netloc or "brownout", 200),
        "severity": SEVERITIES.get(bundle.severity, "error"),
        "timestamp": min(item.since for item in bundle.items).isoformat(),
        "component": first.labels.get("component", ""),
        "group": bundle.about,
        "class": first.kind,
        "custom_details": _details(bundle),
    }
    return {
        "payload": {name: value for name, value in about.items() if value},
        "links": _links(bundle),
        "client": "Brownout",
        "client_url": bundle.url,
    }


def _details(bundle: Bundle) -> dict[str, Any]:
    if len(bundle.items) == 1:
        return _facts(bundle.first)
    told = bundle.items[:MOST_DETAILS]
    more = {"and more": len(bundle.items) - len(told)} if len(bundle.items) > len(told) else {}
    return {"alerts": [{"summary": item.summary, **_facts(item)} for item in told], **more}


def _facts(message: Message) -> dict[str, str]:
    return {label: clip(text, TEXT_LENGTH) for label, text in message.facts}


def _links(bundle: Bundle) -> list[dict[str, str]]:
    """Runbooks first, each once: they are what one needs next."""
    found = [(item.runbook_url, f"Runbook: {item.name}") for item in bundle.items]
    found += [(item.page_url, item.name) for item in bundle.items]
    texts = {href: text for href, text in reversed(found) if href}
    ordered = [href for href, _ in found if href]
    return [{"href": href, "text": texts[href]} for href in dict.fromkeys(ordered)][:MOST_LINKS]
