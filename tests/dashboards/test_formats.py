"""Figures are written one way everywhere."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import formats

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("ratio", "digits", "text"),
    [
        (None, None, "–"),
        (1, None, "100 %"),
        (0, None, "0 %"),
        (0.9995, None, "99.95 %"),
        (0.999512, None, "99.9512 %"),
        (0.99999, None, "99.999 %"),
        (0.95, None, "95 %"),
        (0.6737, 1, "67.4 %"),
        (-0.123, 1, "−12.3 %"),
        (-0.0001, 1, "0.0 %"),
        (0.0042, None, "0.42 %"),
        (0.9999996, 3, "99.999 %"),
    ],
)
def test_percentages_have_the_digits_that_matter(ratio: float | None, digits: int | None, text: str) -> None:
    assert plain(formats.percent(ratio, digits)) == text


@given(st.floats(0, 1, exclude_max=True), st.integers(0, 5))
def test_what_is_not_perfect_is_never_written_as_100_percent(ratio: float, digits: int) -> None:
    if 1 - ratio > 1e-9:
        assert not formats.percent(ratio, digits).startswith("100")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0, "0 s"),
        (45, "45 s"),
        (1_296, "21.6 min"),
        (60, "1 min"),
        (3_600, "1 h"),
        (12_960, "3 h 36 min"),
        (2_592_000, "30 d"),
        (187_200, "2 d 4 h"),
        (-90, "−1.5 min"),
    ],
)
def test_durations_have_one_or_two_units(seconds: float | None, text: str) -> None:
    assert plain(formats.duration(seconds)) == text


@pytest.mark.parametrize(
    ("burn", "text"),
    [(None, "–"), (0, "0×"), (0.01, "<0.1×"), (0.3, "0.3×"), (14.4, "14.4×"), (99.97, "100.0×"), (243.2, "243×")],
)
def test_burn_rates_say_times(burn: float | None, text: str) -> None:
    assert formats.factor(burn) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "just now"), (4, "4 s ago"), (1_200, "20 min ago"), (-10_800, "in 3 h"), (200_000, "2 d ago")],
)
def test_times_are_told_from_now(seconds: int, text: str) -> None:
    assert plain(formats.relative(AT - timedelta(seconds=seconds), AT)) == text


@pytest.mark.parametrize(
    ("number", "text"), [(None, "–"), (9_870, "9,870"), (12_345, "12.3 k"), (999_600, "1 M"), (4_560_000, "4.56 M")]
)
def test_large_counts_fit_in_little_room(number: float | None, text: str) -> None:
    assert plain(formats.compact(number)) == text


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (AT - timedelta(minutes=3), "11:57:00"),
        (AT - timedelta(days=16), "14 Feb 12:00"),
        (AT - timedelta(days=400), "26 Jan 2025"),
    ],
)
def test_instants_are_as_short_as_they_stay_clear(instant: datetime, text: str) -> None:
    assert formats.short_instant(instant, AT) == text


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_read_like_sentences(words: list[str], text: str) -> None:
    assert formats.listing(words) == text
