"""What was heard from the server, checked before any of it is believed. Nothing here does input or output."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from brownout.split import served

# Larger answers are no answers.
MOST_FLAGS, LONGEST_KEY = 10_000, 300
REASONS = frozenset({"STATIC", "TARGETING_MATCH", "SPLIT", "DISABLED", "UNKNOWN", "DEFAULT", "CACHED", "STALE"})

Value = bool | int | float | str | Sequence[Any] | Mapping[str, Any]
Scalar = bool | int | float | str


class UnbelievableError(ValueError):
    """The answer is not one that a Brownout gives; the message says what is wrong with it."""


@dataclass(frozen=True)
class Known:
    """What is known of one flag; `metadata` holds its cause, since when, and how it is split."""

    value: Value
    reason: str = "UNKNOWN"
    variant: str | None = None
    metadata: Mapping[str, Scalar] = field(default_factory=dict)

    def value_for(self, targeting_key: str) -> tuple[Value, str | None]:
        """The value and variant for one user, as the server would give them."""
        share, salt, safe = (self.metadata.get(name) for name in ("share", "salt", "safe"))
        if isinstance(share, (int, float)) and isinstance(salt, str) and isinstance(safe, bool):
            value = served(salt, share, targeting_key) != safe
            return value, "on" if value else "off"
        return self.value, self.variant


@dataclass(frozen=True)
class Snapshot:
    """All flags at `heard_at` (seconds since the epoch); `stream` is where to listen for changes, if anywhere."""

    flags: Mapping[str, Known]
    heard_at: float
    etag: str = ""
    stream: str = ""


def believed(body: bytes, heard_at: float, etag: str = "") -> Snapshot:
    """The answer to a bulk evaluation. Raises UnbelievableError."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise UnbelievableError("it is not JSON") from None
    if not isinstance(told, dict) or not isinstance(told.get("flags"), list):
        raise UnbelievableError("it has no list of flags")
    if len(told["flags"]) > MOST_FLAGS:
        raise UnbelievableError(f"it has more than {MOST_FLAGS} flags")
    # What the server cannot evaluate has an error in the place of a value.
    flags = dict(_flag(item) for item in told["flags"] if not (isinstance(item, dict) and "errorCode" in item))
    return Snapshot(flags, heard_at, etag, _stream(told.get("eventStreams")))


def _flag(item: Any) -> tuple[str, Known]:
    if not isinstance(item, dict):
        raise UnbelievableError("a flag is not an object")
    key, variant, metadata = item.get("key"), item.get("variant"), item.get("metadata", {})
    if not isinstance(key, str) or not 0 < len(key) <= LONGEST_KEY:
        raise UnbelievableError("a flag has no key")
    if "value" not in item or not _is_value(item["value"]):
        raise UnbelievableError(f"{key} has no usable value")
    if variant is not None and not isinstance(variant, str):
        raise UnbelievableError(f"the variant of {key} is not a text")
    if not isinstance(metadata, dict):
        raise UnbelievableError(f"the metadata of {key} is not an object")
    reason = item.get("reason")
    flat = {name: told for name, told in metadata.items() if isinstance(told, (bool, int, float, str))}
    return key, Known(item["value"], reason if reason in REASONS else "UNKNOWN", variant, flat)


def _is_value(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, (bool, int, str, list, dict))


def _stream(told: Any) -> str:
    """The address or path of the first event stream of a kind we know."""
    for item in told if isinstance(told, list) else ():
        if isinstance(item, dict) and item.get("type") == "sse":
            endpoint = item.get("endpoint")
            if isinstance(item.get("url"), str):
                return str(item["url"])
            if isinstance(endpoint, dict) and isinstance(endpoint.get("requestUri"), str):
                return f"{endpoint.get('origin') or ''}{endpoint['requestUri']}"
    return ""
