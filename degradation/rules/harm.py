"""What shedding cost users and kept of the budget: estimates, each with what it assumes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Dimmed:
    """A flag that served only `share` percent of its users for some seconds. `users` is the share of all users (0 to 1)
    that is assumed to notice; None if nobody has said."""

    flag: str
    seconds: float
    share: int
    users: float | None


def harm(spans: Iterable[Dimmed]) -> dict[str, Any]:
    """Degraded minutes times the share of users they were degraded for, over all flags: {"minutes", "assumption"}."""
    spans = list(spans)
    minutes = sum(s.seconds / 60 * (1 - s.share / 100) * (1.0 if s.users is None else s.users) for s in spans)
    silent = sorted({span.flag for span in spans if span.users is None})
    said = "the share of users is what each flag's document assumes"
    if silent:
        said += f"; {', '.join(silent)} {'says' if len(silent) == 1 else 'say'} nothing, so all users are counted"
    return {"minutes": round(minutes, 3), "assumption": said}


def saved(before: float | None, total: float | None, bad: float | None, budget: float | None) -> dict[str, Any]:
    """Bad events that did not happen while a step stood: {"events", "budget", "assumption"}.

    `before` is the share of bad events (0 to 1) just before the step, `total` and `bad` what was counted until it was
    calm, `budget` the bad events that the whole period allows; its share is None without. Empty when nothing is known.
    """
    if before is None or total is None or bad is None:
        return {}
    events = max(0.0, before * total - bad)
    return {
        "events": round(events, 1),
        "budget": round(events / budget, 6) if budget else None,
        "assumption": "without the step, as many would have failed as just before it, until it was calm",
    }
