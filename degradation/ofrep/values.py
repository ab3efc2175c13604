"""What an application is told of one key: the protocol's evaluation of what is served."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from degradation.ofrep.memory import Age, Kept
from degradation.selectors.served import Served

LOST = "nothing was heard from the database for too long: the safe value"


def evaluation(item: Served, kept: Kept, targeting_key: str, at: datetime) -> dict[str, Any]:
    """The answer for one key at an instant: {key, value, reason, variant, metadata}."""
    age = kept.age(at)
    current = _safe(item) if age == "lost" else item.now(at)
    return {
        "key": current.key,
        "value": current.value,
        "reason": _reason(current, age),
        "variant": _variant(current),
        "metadata": _metadata(current, kept, age),
    }


def iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _safe(item: Served) -> Served:
    return replace(item, value=item.safe, variant=None, state="unknown", cause=LOST, since=None, until=None, then=None)


def _reason(item: Served, age: Age) -> str:
    # DISABLED would make some clients fall back to the default in their code; a shed flag has a value.
    if age == "lost":
        return "UNKNOWN"
    return "STATIC" if item.state == "auto" else "TARGETING_MATCH"


def _variant(item: Served) -> str | None:
    if isinstance(item.value, bool):
        return "on" if item.value else "off"
    return item.variant


def _metadata(item: Served, kept: Kept, age: Age) -> dict[str, str | int | float | bool]:
    """Flat, and without nulls, as the protocol wants it."""
    found: dict[str, str | int | float | bool] = {**item.details, "state": item.state}
    if item.cause:
        found["cause"] = item.cause
    if item.since:
        found["since"] = iso(item.since)
    if item.until:
        found["until"] = iso(item.until)
    if age != "fresh":
        found["stale"] = True
        found["staleSince"] = iso(kept.at)
    return found
