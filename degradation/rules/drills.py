"""When a drill may begin, and when it has to end early."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slo.maths.recurrence import Recurrence

# Percent of users, and seconds: a drill is small and short.
LARGEST_SHARE, LONGEST, SHORTEST = 50, 14_400, 60


@dataclass(frozen=True, slots=True)
class Plan:
    """A drill that comes back: `share` percent of users, `seconds` long, at the occurrences of an RRULE."""

    tier: int
    share: int
    seconds: int
    rule: str
    start: datetime
    zone: str = "UTC"

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Plan":
        """The plan out of stored JSON."""
        return cls(**{**stored, "start": datetime.fromisoformat(stored["start"])})

    @property
    def recurrence(self) -> Recurrence:
        return Recurrence(self.rule, self.start, self.zone, self.seconds)

    def due(self, now: int) -> int | None:
        """The occurrence (epoch seconds) that runs at `now`; one that was missed altogether is not made up for."""
        spans = self.recurrence.spans(now, now + 1)
        return spans[-1].start if spans else None


@dataclass(frozen=True, slots=True)
class Figure:
    """An objective's burn over five minutes, and on how many events; None without data."""

    objective: str
    burn: float | None
    events: float


def objection(pages: Iterable[str], figures: Iterable[Figure], limit: float, min_events: float) -> str | None:
    """What speaks against a drill, now or any longer: a page, or a burn above the limit on enough events."""
    for page in pages:
        return f"{page} pages"
    for figure in figures:
        if figure.burn is not None and figure.burn > limit and figure.events >= min_events:
            return f"{figure.objective} burns {figure.burn:.3g}× over 5m, more than {limit:g}×"
    return None
