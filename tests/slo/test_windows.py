"""Durations and periods mean what people write."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.errors import DurationError
from slo.maths.windows import (
    Calendar,
    CalendarUnit,
    Rolling,
    floor_to,
    format_duration,
    from_epoch,
    parse_duration,
    to_epoch,
)


@pytest.mark.parametrize(
    ("text", "seconds"), [("5m", 300), ("1h30m", 5_400), ("30d", 2_592_000), ("4w", 2_419_200), ("90s", 90)]
)
def test_a_duration_is_read_in_seconds(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "1.5h", "0s", "5m!", "٥m" * 0 + "5y", "1h 30m"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(DurationError):
        parse_duration(text)


@given(st.integers(1, 10**9))
def test_a_duration_survives_the_way_to_text_and_back(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


def test_a_rolling_period_ends_now() -> None:
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert Rolling(86_400).bounds(now) == (now - timedelta(days=1), now)


@pytest.mark.parametrize(
    ("unit", "start", "end"),
    [
        ("day", "2026-11-21", "2026-11-22"),
        ("week", "2026-11-16", "2026-11-23"),
        ("month", "2026-11-01", "2026-12-01"),
        ("quarter", "2026-10-01", "2027-01-01"),
        ("year", "2026-01-01", "2027-01-01"),
    ],
)
def test_a_calendar_period_is_the_unit_around_now(unit: CalendarUnit, start: str, end: str) -> None:
    bounds = Calendar(unit).bounds(datetime(2026, 11, 21, 9, 30, tzinfo=UTC))
    assert bounds == tuple(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end))


def test_a_day_in_which_the_clocks_change_has_its_true_length() -> None:
    start, end = Calendar("day", "Europe/Berlin").bounds(datetime(2026, 3, 29, 10, tzinfo=UTC))
    assert end - start == timedelta(hours=23)


@given(
    st.sampled_from(["day", "week", "month", "quarter", "year"]),
    st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - the zone is given beside
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_every_instant_lies_in_its_period(unit: CalendarUnit, instant: datetime, zone: str) -> None:
    at = instant.replace(tzinfo=UTC)
    start, end = Calendar(unit, zone).bounds(at)
    assert start <= at < end
    assert Calendar(unit, zone).bounds(end)[0] == end


def test_naive_instants_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_epoch(datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


@given(st.integers(0, 4_000_000_000), st.sampled_from([1, 5, 30, 60]))
def test_instants_are_floored_to_the_tick(seconds: int, step: int) -> None:
    floored = floor_to(seconds, step)
    assert floored <= seconds < floored + step
    assert to_epoch(from_epoch(floored)) == floored
