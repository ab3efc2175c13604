"""Any program that takes JSON over HTTP, above all one that understands Alertmanager's webhook.

A POST with the header `Idempotency-Key` (the sending's key: the same however often it is tried) and the body of
Alertmanager's webhook, version 4, of one group:

    {"version": "4", "groupKey", "truncatedAlerts": 0, "status": "firing" | "resolved", "receiver", "groupLabels",
     "commonLabels", "commonAnnotations", "externalURL",
     "alerts": [{"status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"}]}

What Alertmanager does not know stands in fields of our own, which tolerant receivers pass over. Ratios are from 0 to
1, times in seconds or ISO 8601, null where nothing is known:

    "brownout": {"version": 2, "key", "episode", "event": "firing" | "update" | "acknowledged" | "resolved", "summary",
                 "text", "at"} beside "alerts", and with each alert
    "brownout": {"episode", "kind", "state": "firing" | "acknowledged" | "resolved", "severity", "service", "objective",
                 "title", "summary", "cause", "since", "until", "acknowledged_by", "spent", "target",
                 "windows": [{"long", "short", "factor", "burn_long", "burn_short", "exceeded"}],
                 "budget": {"remaining", "left_events", "left_seconds", "exhausts_at"}, "runbook_url", "page_url"}

With a `signingSecret` (`whsec_` and base64, by reference) a request is signed as standardwebhooks.com describes, for
which there are libraries in most languages: `webhook-id` is the key, `webhook-timestamp` the instant in seconds since
1970 and `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`. A receiver that refuses
timestamps five minutes away, and an id it has seen, cannot be played an old message again.

Any 2xx accepts the message; 408, 429 (with Retry-After) and 5xx ask for it later; anything else refuses it for good.
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from alerts.channels.alertmanager import annotations
from alerts.channels.alertmanager import labels as named
from alerts.channels.base import Answer, answer
from alerts.channels.http import HttpSpec, Poster, capitalised, encoded, secret
from alerts.rules.bundle import Bundle
from alerts.rules.message import Message
from slo.errors import SourceError
from slo.openslo.connection import Reference, Secret
from slo.openslo.schema import Spec

# How Go's Alertmanager writes that an alert has no end yet.
ZERO = "0001-01-01T00:00:00Z"
SHORTEST_KEY = 16
_FNV_OFFSET, _FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3


class WebhookSpec(HttpSpec):
    signing_secret: Secret | None = None


class Webhook:
    spec: ClassVar[type[Spec]] = WebhookSpec
    remind: ClassVar[timedelta | None] = None
    lasting: ClassVar[bool] = False

    def __init__(self, poster: Poster, signing_secret: Reference | None = None) -> None:
        self._poster, self._secret = poster, signing_secret

    @classmethod
    def build(cls, spec: WebhookSpec) -> Self:
        return cls(Poster(spec.url, spec), spec.signing_secret)

    def send(self, bundle: Bundle, at: datetime) -> Answer:
        body = encoded(payload(bundle))
        try:
            signed = signature(signing_key(self._secret), bundle.key, at, body) if self._secret else {}
        except SourceError as error:
            return answer("retry", capitalised(str(error)))
        return self._poster.post_bytes(body, at, {"Idempotency-Key": bundle.key, **signed})

    def close(self) -> None:
        self._poster.close()


def signing_key(reference: Reference) -> bytes:
    """The key that a secret such as `whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD` stands for. Raises SourceError."""
    try:
        key = b64decode(secret(reference).removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if len(key) < SHORTEST_KEY:
        place = reference.from_env or reference.from_file
        raise SourceError(f"what {place} holds is no signing secret; write whsec_ and 24 to 64 random bytes in base64")
    return key


def signature(key: bytes, name: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that sign a body, after standardwebhooks.com."""
    seconds = str(int(at.timestamp()))
    digest = hmac.new(key, f"{name}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": name, "webhook-timestamp": seconds, "webhook-signature": f"v1,{b64encode(digest).decode()}"}


def payload(bundle: Bundle) -> dict[str, Any]:
    """The body as this module's docstring describes it."""
    alerts = [_alert(item) for item in bundle.items]
    site = urlsplit(bundle.url)
    return {
        "version": "4",
        "groupKey": bundle.episode,
        "truncatedAlerts": 0,
        "status": "firing" if bundle.open else "resolved",
        "receiver": "brownout",
        "groupLabels": dict(bundle.group),
        "commonLabels": _common(alert["labels"] for alert in alerts),
        "commonAnnotations": _common(alert["annotations"] for alert in alerts),
        "externalURL": f"{site.scheme}://{site.netloc}" if site.netloc else "",
        "alerts": alerts,
        "brownout": {
            "version": 2,
            "key": bundle.key,
            "episode": bundle.episode,
            "event": bundle.event,
            "summary": bundle.summary,
            "text": bundle.text,
            "at": bundle.at.isoformat(),
        },
    }


def _alert(message: Message) -> dict[str, Any]:
    labels = named(message)
    return {
        "status": message.status,
        "labels": labels,
        "annotations": annotations(message),
        "startsAt": message.since.isoformat(),
        "endsAt": message.until.isoformat() if message.until else ZERO,
        "generatorURL": message.page_url,
        "fingerprint": fingerprint(labels),
        "brownout": _own(message),
    }


def _own(message: Message) -> dict[str, Any]:
    figures = message.figures.as_json()
    names = ("episode", "kind", "state", "severity", "service", "objective", "title", "summary", "cause")
    return {
        **{name: getattr(message, name) for name in names},
        "since": message.since.isoformat(),
        "until": message.until.isoformat() if message.until else None,
        "acknowledged_by": message.acknowledged_by or None,
        "spent": message.spent,
        "target": figures["target"],
        "windows": figures["windows"],
        "budget": {name: figures[name] for name in ("remaining", "left_events", "left_seconds", "exhausts_at")},
        "runbook_url": message.runbook_url or None,
        "page_url": message.page_url,
    }


def _common(many: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What all of them say alike."""
    first, *others = many
    return {name: text for name, text in first.items() if all(other.get(name) == text for other in others)}


def fingerprint(labels: Mapping[str, str]) -> str:
    """The fingerprint Alertmanager itself gives these labels: FNV-1a, 64 bits, over the sorted pairs."""
    value = _FNV_OFFSET
    for name in sorted(labels):
        for byte in (*name.encode("utf-8", "replace"), 0xFF, *labels[name].encode("utf-8", "replace"), 0xFF):
            value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"
