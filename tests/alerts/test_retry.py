"""When a message is tried again."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rules.retry import LONGEST_WISH, OUTBOX, delay, given_up, retry_after

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_waiting_has_full_jitter_under_a_ceiling_that_doubles_up_to_the_cap(attempts: int, luck: float) -> None:
    ceiling = min(OUTBOX.cap, OUTBOX.base * 2 ** min(attempts, 30))
    assert delay(attempts, luck) == pytest.approx(luck * ceiling)


@given(st.integers(0, 100), st.floats(0, 1, exclude_max=True), st.floats(0, 1e9))
def test_a_wish_is_never_undercut_up_to_an_hour(attempts: int, luck: float, wish: float) -> None:
    assert delay(attempts, luck, wish) >= min(wish, LONGEST_WISH)
    assert delay(attempts, luck, wish) <= max(OUTBOX.cap, LONGEST_WISH)


@pytest.mark.parametrize(
    ("attempts", "age", "expected"),
    [(1, 0, False), (OUTBOX.attempts - 1, 86_399, False), (OUTBOX.attempts, 0, True), (1, 86_400, True)],
)
def test_it_is_given_up_by_attempts_or_by_age(attempts: int, age: float, expected: bool) -> None:
    assert given_up(attempts, age) is expected


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120),
        (" 7 ", 7),
        ("-5", None),
        ("Mon, 02 Mar 2026 12:00:30 GMT", 30),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0),
        ("Mon, 02 Mar 2026 12:00:30", None),
        ("soon", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds
