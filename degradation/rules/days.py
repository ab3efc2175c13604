"""How each of the last days was for users of a capability. PURE."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

Condition = Literal["well", "limited", "harmed", "unknown"]
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """A day (UTC), or what has passed of it: seconds in which users were harmed, limited, and of which all is known.

    `passed` is 86,400 except for today. What is not known counts for nothing, neither well nor harmed.
    """

    date: date
    passed: float
    known: float
    limited: float
    harmed: float

    @property
    def level(self) -> Literal["well", "limited", "harmed", "unknown"]:
        """The worst that happened; unknown only where nothing at all is known."""
        if self.harmed:
            return "harmed"
        if self.limited:
            return "limited"
        return "well" if self.known else "unknown"


def condition(state: str, *, harms: bool) -> Condition:
    """What a mode means for users."""
    if state == "unknown":
        return "unknown"
    if harms:
        return "harmed"
    return "well" if state == "full" else "limited"


def days(changes: Sequence[tuple[datetime, Condition]], at: datetime, count: int = 90) -> list[Day]:
    """The last `count` days up to `at`, oldest first. `changes` are in order of time; nothing is known before them."""
    today = at.astimezone(UTC).date()
    instants = [moment for moment, _ in changes]
    return [_day(changes, instants, today - DAY * back, at) for back in range(count - 1, -1, -1)]


def share_unharmed(found: Sequence[Day]) -> float | None:
    """The share of the known time in which users were not harmed; None where nothing is known."""
    known = sum(day.known for day in found)
    return 1 - sum(day.harmed for day in found) / known if known else None


def _day(changes: Sequence[tuple[datetime, Condition]], instants: Sequence[datetime], which: date, at: datetime) -> Day:
    start = datetime.combine(which, time(), UTC)
    end = min(start + DAY, at)
    sums = {"well": 0.0, "limited": 0.0, "harmed": 0.0, "unknown": 0.0}
    # What held when the day began was brought by the last change before it.
    index = bisect_right(instants, start) - 1
    current: Condition = changes[index][1] if index >= 0 else "unknown"
    since = start
    for moment, following in changes[index + 1 :]:
        if moment >= end:
            break
        sums[current] += (moment - since).total_seconds()
        since, current = moment, following
    sums[current] += (end - since).total_seconds()
    known = sums["well"] + sums["limited"] + sums["harmed"]
    return Day(which, (end - start).total_seconds(), known, sums["limited"], sums["harmed"])
