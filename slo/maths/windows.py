"""Spans of time: durations as people write them, and the period a promise is made over.

Instants are aware datetimes (UTC) or, on the ledger, whole seconds since the epoch.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from slo.errors import DurationError

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(?:\d+[smhdw])+")
_PART = re.compile(r"(\d+)([smhdw])")

CalendarUnit = Literal["day", "week", "month", "quarter", "year"]


def parse_duration(text: str) -> int:
    """Seconds in a duration such as `5m`, `1h30m`, `4w`.

    Raises DurationError when the text is anything else or amounts to nothing.
    """
    if not _DURATION.fullmatch(text):
        raise DurationError(f"{text!r} is no duration; write whole numbers with s, m, h, d or w, such as 1h30m")
    seconds = sum(int(count) * UNITS[unit] for count, unit in _PART.findall(text))
    if seconds == 0:
        raise DurationError(f"{text!r} is a duration of zero")
    return seconds


def format_duration(seconds: int) -> str:
    """The shortest spelling `parse_duration` reads back: 5400 → `1h30m`, 2592000 → `30d`."""
    parts = []
    for unit in ("d", "h", "m", "s"):
        count, seconds = divmod(seconds, UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def to_epoch(instant: datetime) -> int:
    """Whole seconds since the epoch, rounded down. Raises ValueError for a naive datetime."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone")
    return int(instant.timestamp() // 1)


def from_epoch(seconds: int) -> datetime:
    """The aware UTC datetime of an instant on the ledger."""
    return datetime.fromtimestamp(seconds, UTC)


def iso(instant: datetime) -> str:
    """ISO 8601 as documents and answers write it: UTC is Z."""
    return instant.isoformat().replace("+00:00", "Z")


def floor_to(seconds: int, step: int) -> int:
    """The last multiple of `step` that is not after `seconds`."""
    return seconds - seconds % step


@dataclass(frozen=True, slots=True)
class Rolling:
    """The last `seconds` seconds, at every instant."""

    seconds: int
    kind: Literal["rolling"] = "rolling"

    def bounds(self, at: datetime) -> tuple[datetime, datetime]:
        return at - timedelta(seconds=self.seconds), at

    def __str__(self) -> str:
        return format_duration(self.seconds)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The calendar unit around an instant, in a time zone; its end may lie in the future."""

    unit: CalendarUnit
    zone: str = "UTC"
    kind: Literal["calendar"] = "calendar"

    @property
    def seconds(self) -> int:
        """The nominal length: what burn factors are scaled to."""
        return {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}[self.unit] * 86_400

    def bounds(self, at: datetime) -> tuple[datetime, datetime]:
        midnight = at.astimezone(ZoneInfo(self.zone)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        start = _first_day(midnight, self.unit)
        # A day past the longest possible unit lands in the next one, whatever its length.
        longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[self.unit]
        end = start + timedelta(days=longest)
        if self.unit not in ("day", "week"):
            end = _first_day(end, self.unit)
        return start.astimezone(UTC), end.astimezone(UTC)

    def __str__(self) -> str:
        return f"calendar {self.unit} ({self.zone})"


def _first_day(midnight: datetime, unit: CalendarUnit) -> datetime:
    if unit == "week":
        return midnight - timedelta(days=midnight.weekday())
    if unit == "month":
        return midnight.replace(day=1)
    if unit == "quarter":
        return midnight.replace(month=(midnight.month - 1) // 3 * 3 + 1, day=1)
    if unit == "year":
        return midnight.replace(month=1, day=1)
    return midnight


Period = Rolling | Calendar
