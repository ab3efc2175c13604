"""The months and quarters of reports."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from slo.errors import ReportError
from slo.maths.windows import Calendar, CalendarUnit

_PERIOD = re.compile(r"(?P<year>\d{4})-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2]))", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """A month or a quarter in UTC, and how much of it there is yet."""

    name: str
    start: datetime
    end: datetime
    until: datetime

    @property
    def over(self) -> bool:
        return self.until >= self.end

    @property
    def title(self) -> str:
        """As people say it: October 2026, Q4 2026."""
        return f"{self.name[5:]} {self.name[:4]}" if "Q" in self.name else f"{self.start:%B %Y}"

    def before(self) -> "ReportPeriod":
        """The whole month or quarter that ended when this one began."""
        end = self.start
        start = _unit(self.name).bounds(end - timedelta(days=1))[0]
        name = f"{start:%Y}-Q{(start.month + 2) // 3}" if "Q" in self.name else month_of(start)
        return ReportPeriod(name, start, end, end)


def period_named(text: str, at: datetime) -> ReportPeriod:
    """2026-10 or 2026-Q4, as far as it is over at `at`. Raises ReportError."""
    found = _PERIOD.fullmatch(text)
    if found is None or not 1971 <= int(found["year"]) <= 9000:
        raise ReportError(f"{text[:40]!r} is no period; write a month as 2026-10 or a quarter as 2026-Q4")
    month = int(found["month"]) if found["month"] else 3 * int(found["quarter"]) - 2
    start, end = _unit(text).bounds(datetime(int(found["year"]), month, 1, tzinfo=UTC))
    if start > at:
        raise ReportError(f"{text} has not begun yet")
    return ReportPeriod(text, start, end, min(end, at))


def _unit(name: str) -> Calendar:
    unit: CalendarUnit = "quarter" if "Q" in name else "month"
    return Calendar(unit)


def month_of(at: datetime) -> str:
    """The name of the month an instant is in."""
    return f"{at:%Y-%m}"


def _months(at: datetime, count: int) -> list[str]:
    """The names of the last months, the present one first."""
    first, found = at.replace(day=1), list[str]()
    for _ in range(count):
        found.append(month_of(first))
        first = (first - timedelta(days=1)).replace(day=1)
    return found


def recent_periods(at: datetime) -> list[str]:
    """What one may want a report of: the last twelve months, and the last four quarters."""
    months = _months(at, 12)
    quarters = dict.fromkeys(f"{name[:4]}-Q{(int(name[5:]) + 2) // 3}" for name in months)
    return [*months, *list(quarters)[:4]]
