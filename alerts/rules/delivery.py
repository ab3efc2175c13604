"""When a channel does not get through, and how bad that is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.rules import words

# A circuit that stays open as long as this is no hiccup; what was given up within a day is still worth sending again.
OPEN_FOR = timedelta(minutes=5)
DEAD_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is known of a channel: since when its circuit is open, how many messages died of late, its last answer."""

    opened_at: datetime | None = None
    dead: int = 0
    answer: str = ""


def failing(trouble: Trouble, at: datetime) -> bool:
    """Is it time somebody looks at the channel?"""
    return trouble.dead > 0 or (trouble.opened_at is not None and at - trouble.opened_at >= OPEN_FOR)


def severity(hears: Collection[str]) -> str:
    """A channel that should wake people is worth waking others when it does not."""
    return "page" if "page" in hears else "ticket"


def cause(trouble: Trouble, at: datetime) -> str:
    """Why, in words that stand on their own."""
    if not failing(trouble, at):
        return "its receiver accepts messages again, and nothing given up is left"
    since = trouble.opened_at
    reasons = (
        f"its circuit is open since {words.instant(since)}" if since else "",
        f"{trouble.dead} message{'s' if trouble.dead > 1 else ''} given up, to be sent again" if trouble.dead else "",
        f"last answer: {trouble.answer}" if trouble.answer else "",
    )
    return "; ".join(filter(None, reasons))
