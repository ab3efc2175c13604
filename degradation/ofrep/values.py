"""What an application is told of one key: the protocol's evaluation of what is served."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from degradation.ofrep.memory import Age, Kept
from degradation.rules.value import ALL, NONE, decide
from degradation.rules.value import salt as salt_of
from degradation.selectors.served import Served
from slo.maths.windows import iso

LOST = "nothing was heard from the database for too long: the safe value"
CALM = ("auto", "dry run")


def evaluation(item: Served, kept: Kept, targeting_key: str, at: datetime) -> dict[str, Any]:
    """The answer for one key at an instant: {key, value, reason, variant, metadata}, or {key, errorCode, …}."""
    age = kept.age(at)
    current = _safe(item) if age == "lost" else item.now(at)
    if current.keyed and not targeting_key:
        # In calm times too, so that it is found before the day it matters.
        words = f"{current.key} is a dimmer: it needs a targetingKey, such as the user's"
        return {"key": current.key, "errorCode": "TARGETING_KEY_MISSING", "errorDetails": words}
    told = _told(current, targeting_key, at, age)
    return {"key": current.key, **told, "metadata": {**_metadata(current, kept, age), **_split(current, at)}}


def _told(item: Served, targeting_key: str, at: datetime, age: Age) -> dict[str, Any]:
    if item.marks is not None:
        found = decide(item.marks, item.key, targeting_key, at)
        return {"value": found.value, "reason": found.reason, "variant": found.variant}
    variant = ("on" if item.value else "off") if isinstance(item.value, bool) else item.variant
    # DISABLED would make some clients fall back to the default in their code; what is shed has a value.
    reason = "UNKNOWN" if age == "lost" else "STATIC" if item.state in CALM else "TARGETING_MATCH"
    return {"value": item.value, "reason": reason, "variant": variant}


def _split(item: Served, at: datetime) -> dict[str, str | int | float | bool]:
    """Enough to decide for any targeting key as `degradation.rules.value.decide` does, without asking for each."""
    marks = item.marks
    if marks is None or (share := marks.share(at)) in (NONE, ALL):
        return {}
    return {"share": share, "salt": salt_of(marks, item.key, at)}


def _safe(item: Served) -> Served:
    return replace(
        item, value=item.safe, marks=None, variant=None, state="unknown", cause=LOST, since=None, until=None, then=None
    )


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
