"""What comes back does so by the wall clock of its zone, and no rule can hold anybody up."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.errors import RecurrenceError
from slo.maths.recurrence import Recurrence, check
from slo.maths.windows import from_epoch, to_epoch

HOUR, DAY = 3_600, 86_400
SUNDAY = datetime(2026, 3, 1, 2, tzinfo=UTC)


def starts(rule: str, start: datetime, low: datetime, high: datetime, zone: str = "UTC") -> list[str]:
    spans = Recurrence(rule, start, zone, HOUR).spans(to_epoch(low), to_epoch(high))
    return [f"{from_epoch(span.start):%m-%d %H:%M}" for span in spans]


def year(number: int) -> datetime:
    return datetime(number, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;COUNT=3", ["03-01 02:00", "03-02 02:00", "03-03 02:00"]),
        ("FREQ=WEEKLY;BYDAY=SU;COUNT=2", ["03-01 02:00", "03-08 02:00"]),
        ("freq=weekly;interval=2;byday=su;count=2", ["03-01 02:00", "03-15 02:00"]),
        ("RRULE:FREQ=MONTHLY;BYDAY=1SU;UNTIL=20260503", ["03-01 02:00", "04-05 02:00", "05-03 02:00"]),
        ("FREQ=MONTHLY;BYDAY=1SU;UNTIL=20260503T015959Z", ["03-01 02:00", "04-05 02:00"]),
        ("FREQ=MONTHLY;BYMONTHDAY=1;COUNT=2", ["03-01 02:00", "04-01 02:00"]),
        ("FREQ=YEARLY;UNTIL=20270302", ["03-01 02:00", "03-01 02:00"]),
    ],
)
def test_a_rule_says_when(rule: str, expected: list[str]) -> None:
    check(Recurrence(rule, SUNDAY, "UTC", HOUR))
    assert starts(rule, SUNDAY, year(2026), year(2028)) == expected


def test_it_keeps_its_wall_clock_time_when_the_clocks_change() -> None:
    start = datetime(2026, 3, 27, 3, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    found = starts("FREQ=DAILY;COUNT=4", start, year(2026), year(2027), "Europe/Berlin")
    assert found == ["03-27 02:00", "03-28 02:00", "03-29 01:00", "03-30 01:00"]


def test_at_a_time_the_clocks_leave_out_it_comes_as_much_later() -> None:
    start = datetime(2026, 3, 28, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    # 02:30 does not exist on 29 March; an hour later than usual is 03:30, which is 01:30 UTC.
    found = starts("FREQ=DAILY;COUNT=2", start, year(2026), year(2027), "Europe/Berlin")
    assert found == ["03-28 01:30", "03-29 01:30"]


def test_only_occurrences_that_touch_the_window_are_found() -> None:
    daily = Recurrence("FREQ=DAILY", SUNDAY, "UTC", HOUR)
    low = to_epoch(SUNDAY) + 10 * DAY
    assert [s.start - low for s in daily.spans(low + HOUR - 1, low + DAY + 1)] == [0, DAY]
    assert [s.start - low for s in daily.spans(low + HOUR, low + DAY)] == []


def test_nothing_happens_before_the_start() -> None:
    assert starts("FREQ=DAILY", SUNDAY, year(2020), SUNDAY) == []


@given(st.integers(0, 3_000), st.integers(1, 400), st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]))
def test_a_window_finds_what_a_longer_one_finds_within_it(offset: int, days: int, frequency: str) -> None:
    recurrence = Recurrence(f"FREQ={frequency}", SUNDAY, "America/New_York", 2 * HOUR)
    low = to_epoch(SUNDAY) + offset * DAY
    high = low + days * DAY
    everything = recurrence.spans(to_epoch(SUNDAY), to_epoch(SUNDAY) + 4_000 * DAY)
    assert recurrence.spans(low, high) == [s for s in everything if s.start < high and s.end > low]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("FREQ=SECONDLY", "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY"),
        ("FREQ=MINUTELY;INTERVAL=5", "FREQ must be"),
        ("FREQ=HOURLY", "FREQ must be"),
        ("FREQ=DAILY;BYSECOND=0,1,2", "'BYSECOND' is no part"),
        ("FREQ=DAILY;BYHOUR=1,2", "'BYHOUR' is no part"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be a whole number from 1 to 1000"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL must be"),
        ("FREQ=DAILY;COUNT=1000000000", "COUNT must be"),
        ("FREQ=DAILY;FREQ=DAILY", "twice"),
        ("FREQ=DAILY;BYDAY=XX", "is no rule"),
        ("FREQ=DAILY;BYMONTH=a", "is no rule"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL must be written as"),
        ("FREQ=DAILY;UNTIL=20250101", "never happens"),
        ("FREQ=WEEKLY;BYDAY=MO", "the first one from there on is Monday 2026-03-02 02:00"),
        ("FREQ=DAILY;BYMONTH=" + "1," * 200 + "1", "at most 300 characters"),
        ("every day", "is no part"),
        ("\0;FREQ=DAILY", "is no part"),
        ("", "is no part"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(rule: str, message: str) -> None:
    with pytest.raises(RecurrenceError, match=message.replace("(", r"\(")):
        check(Recurrence(rule, SUNDAY, "UTC", HOUR))


@pytest.mark.parametrize("rule", ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=31"])
def test_a_day_that_never_comes_is_not_waited_for(rule: str) -> None:
    began = time.monotonic()
    with pytest.raises(RecurrenceError, match="never happens"):
        check(Recurrence(rule, SUNDAY, "UTC", HOUR))
    assert time.monotonic() - began < 1


def test_a_rule_that_stops_matching_is_not_waited_for_either() -> None:
    leap = datetime(2024, 2, 29, tzinfo=UTC)
    began = time.monotonic()
    # 29 February on a Thursday: every 28 years.
    recurrence = Recurrence("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=TH", leap, "UTC", HOUR)
    check(recurrence)
    assert [from_epoch(s.start).year for s in recurrence.spans(to_epoch(leap), to_epoch(year(2060)))] == [2024, 2052]
    assert time.monotonic() - began < 1


def test_an_occurrence_is_not_longer_than_a_month() -> None:
    with pytest.raises(RecurrenceError, match="at most 31d"):
        check(Recurrence("FREQ=YEARLY", SUNDAY, "UTC", int(timedelta(days=32).total_seconds())))
