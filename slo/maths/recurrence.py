"""Spans that come back by an RRULE (RFC 5545), in the wall-clock time of a zone.

Only rules a person could mean are taken: days and longer. Occurrences keep their wall-clock time when the clocks
change; one at a time that is left out comes as much later, as RFC 5545 says.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from slo.errors import RecurrenceError
from slo.maths.ledger import Span
from slo.maths.windows import from_epoch

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_LISTS = {"BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS"}
_NUMBERS = {"INTERVAL", "COUNT"}
_PARTS = {"FREQ", "UNTIL", "WKST", *_LISTS, *_NUMBERS}
LONGEST_RULE, LARGEST_NUMBER, LONGEST_SPAN = 300, 1_000, 31 * 86_400
FIRST_YEAR, LAST_YEAR = 1971, 2199

# The calendar repeats every 400 years, weekdays and all. Among the last years there are, a search for an occurrence
# that never comes (30 February) ends in a tenth of a second instead of three.
_SHIFT = 7_600
# Occurrences are found once for all windows that end within the same 16 weeks or so.
_CHUNK = 10_000_000


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The occurrences of `rule`, the first of which begins at `start` (aware) and lasts `seconds`."""

    rule: str
    start: datetime
    zone: str
    seconds: int

    def spans(self, start: int, end: int) -> list[Span]:
        """The occurrences that touch [start, end), epoch seconds, in order; found lazily and remembered."""
        begins = _begins(self.rule, self.start, self.zone, (end // _CHUNK + 1) * _CHUNK)
        low, high = bisect_right(begins, start - self.seconds), bisect_left(begins, end)
        return [Span(begin, begin + self.seconds) for begin in begins[low:high]]


def check(recurrence: Recurrence) -> None:
    """Raises RecurrenceError when a rule is not understood, never happens, or its start is not its first occurrence."""
    if not FIRST_YEAR <= recurrence.start.year <= LAST_YEAR:
        raise RecurrenceError(f"a rule must start between {FIRST_YEAR} and {LAST_YEAR}")
    if recurrence.seconds > LONGEST_SPAN:
        raise RecurrenceError("an occurrence lasts at most 31d; a longer one is written without a rule")
    first = next(iter(_rule(recurrence.rule, recurrence.start, recurrence.zone)), None)
    if first is None:
        raise RecurrenceError(f"{recurrence.rule!r} never happens")
    local = _local(recurrence.start, recurrence.zone)
    if _unshifted(first) != local:
        raise RecurrenceError(
            f"start must be an occurrence of {recurrence.rule!r}; the first one from there on "
            f"is {_unshifted(first):%A %Y-%m-%d %H:%M} ({recurrence.zone})"
        )


@lru_cache(maxsize=4_096)
def _begins(rule: str, start: datetime, zone: str, until: int) -> tuple[int, ...]:
    """The instants (epoch seconds) at which occurrences begin before `until`."""
    last = min(from_epoch(until).astimezone(ZoneInfo(zone)).year, LAST_YEAR) + 1
    found = takewhile(lambda local: local.year - _SHIFT <= last, _rule(rule, start, zone))
    instants = (_instant(_unshifted(local), zone) for local in found)
    return tuple(takewhile(lambda at: at < until, instants))


def _rule(text: str, start: datetime, zone: str) -> rrule:
    """The rule, with its years moved into the last ones there are."""
    parts = _parts(text)
    until = _until(parts.pop("UNTIL", ""), zone)
    plain = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        rule = rrulestr(plain, dtstart=_shifted(_local(start, zone)))
        assert isinstance(rule, rrule)  # noqa: S101 only sets of rules are anything else
        return rule.replace(until=_shifted(until)) if until else rule
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        raise RecurrenceError(f"{text[:80]!r} is no rule; write it as FREQ=WEEKLY;BYDAY=SU") from None


def _parts(text: str) -> dict[str, str]:
    """The parts of a rule by name. Raises RecurrenceError for those that are unknown, missing or out of bounds."""
    if len(text) > LONGEST_RULE:
        raise RecurrenceError(f"a rule has at most {LONGEST_RULE} characters")
    pairs = [part.partition("=") for part in text.upper().removeprefix("RRULE:").strip("; ").split(";")]
    parts = {name.strip(): value.strip() for name, _, value in pairs}
    unknown = sorted(parts.keys() - _PARTS)
    if len(parts) != len(pairs) or unknown:
        what = f"{unknown[0][:40]!r} is no part" if unknown else "a part is there twice"
        raise RecurrenceError(f"{what} of a rule such as FREQ=WEEKLY;BYDAY=SU")
    if parts.get("FREQ") not in FREQUENCIES:
        raise RecurrenceError(f"FREQ must be {', '.join(FREQUENCIES[:-1])} or {FREQUENCIES[-1]}")
    for name in _NUMBERS & parts.keys():
        if not (parts[name].isdecimal() and 1 <= int(parts[name]) <= LARGEST_NUMBER):
            raise RecurrenceError(f"{name} must be a whole number from 1 to {LARGEST_NUMBER}")
    return parts


def _until(text: str, zone: str) -> datetime | None:
    """The end of a rule in the zone's wall-clock time; a date means all of that day."""
    if not text:
        return None
    try:
        if "T" in text:
            instant = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return _local(instant, zone)
        return datetime.combine(datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date(), time.max)
    except (ValueError, OverflowError):
        raise RecurrenceError("UNTIL must be written as 20261231 or 20261231T235959Z") from None


def _local(instant: datetime, zone: str) -> datetime:
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def _shifted(local: datetime) -> datetime:
    return local.replace(year=min(local.year + _SHIFT, 9_999))


def _unshifted(local: datetime) -> datetime:
    return local.replace(year=local.year - _SHIFT)


def _instant(local: datetime, zone: str) -> int:
    return int(local.replace(tzinfo=ZoneInfo(zone)).timestamp())
