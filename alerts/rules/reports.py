"""What receivers report back: PagerDuty's webhooks (v3) and Alertmanager's (version 4), and whether to believe them.

PagerDuty signs the body: `X-PagerDuty-Signature: v1=<hex of HMAC-SHA256>`, several of them, separated by commas,
while a secret is being changed (https://developer.pagerduty.com/docs/verifying-webhook-signatures).
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from alerts.rules.words import clip

MOST_ALERTS = 1_000
KEY_LENGTH, NAME_LENGTH = 200, 100
# A report from further ahead than clocks differ, or older than any sender tries, is not acted on.
AHEAD, OLDEST = timedelta(minutes=10), timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Incident:
    """An event of PagerDuty's about an incident; `incident` is its key there, which is our group's episode."""

    key: str
    event: str
    at: datetime
    by: str
    incident: str
    url: str


@dataclass(frozen=True, slots=True)
class Reported:
    """An alert in a webhook of Alertmanager's; `fingerprint` and `since` name its episode there."""

    status: Literal["firing", "resolved"]
    labels: Mapping[str, str]
    summary: str
    since: datetime
    page_url: str
    fingerprint: str

    @property
    def key(self) -> str:
        """The same however often it is repeated."""
        return f"{self.fingerprint}:{int(self.since.timestamp())}:{self.status}"


def is_signed(header: str, secret: str, body: bytes) -> bool:
    """Does one of the signatures in PagerDuty's header fit the body?"""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = [part.strip() for part in header.split(",")]
    return any(hmac.compare_digest(part.encode("utf-8", "replace"), f"v1={expected}".encode()) for part in given)


def incident(body: bytes) -> Incident:
    """The event in PagerDuty's webhook; whatever else there is is passed over. Raises ValueError in a sentence."""
    event = _mapping(_mapping(_json(body)).get("event"))
    key, kind = event.get("id"), event.get("event_type")
    if not isinstance(key, str) or not isinstance(kind, str) or not key or not kind:
        raise ValueError("the body needs an event with its id and event_type, as PagerDuty's webhooks (v3) have")
    data, agent, client = (_mapping(event.get(name)) for name in ("data", "agent", "client"))
    who = agent.get("summary") or agent.get("id") or client.get("name") or ""
    return Incident(
        key=_short(key, KEY_LENGTH),
        event=clip(kind, NAME_LENGTH),
        at=_instant(event.get("occurred_at"), "event.occurred_at"),
        by=clip(str(who), NAME_LENGTH),
        incident=str(data.get("incident_key") or ""),
        url=_web(data.get("html_url")),
    )


def reported(body: bytes) -> list[Reported]:
    """The alerts in Alertmanager's webhook; whatever else there is is passed over. Raises ValueError in a sentence."""
    found = _mapping(_json(body)).get("alerts")
    if not isinstance(found, list) or len(found) > MOST_ALERTS:
        raise ValueError(f"the body needs a list of at most {MOST_ALERTS} alerts, as Alertmanager's webhooks have")
    return [_reported(_mapping(item)) for item in found]


def _reported(item: Mapping[str, Any]) -> Reported:
    status = item.get("status")
    if status not in ("firing", "resolved"):
        raise ValueError("each alert needs a status: firing or resolved")
    labels = {str(name): str(text) for name, text in _mapping(item.get("labels")).items()}
    texts = _mapping(item.get("annotations"))
    return Reported(
        status=status,
        labels=labels,
        summary=clip(str(texts.get("summary") or texts.get("description") or ""), KEY_LENGTH),
        since=_instant(item.get("startsAt"), "startsAt"),
        page_url=_web(item.get("generatorURL")),
        fingerprint=_short(str(item.get("fingerprint") or _digest(labels)), 64),
    )


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("the body is no JSON") from None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _instant(value: Any, where: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{where} must be an instant such as 2026-03-01T12:00:00Z") from None


def _web(value: Any) -> str:
    """A link people may follow; empty for anything else."""
    text = str(value or "")
    return text if text.startswith(("https://", "http://")) and text.isprintable() and len(text) <= 500 else ""


def _short(text: str, limit: int) -> str:
    """A key that fits its column: a long one by its digest."""
    fits = len(text) <= limit and text.isascii() and text.isprintable()
    return text if fits else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _digest(labels: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:16]
