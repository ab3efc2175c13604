"""A flag's value: forced by a person, else safe while shed, else normal."""

from datetime import UTC, datetime, timedelta

import pytest

from degradation.errors import OverrideError
from degradation.rules.value import LONGEST, Marks, check_expiry, check_reason

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("marks", "value", "state"),
    [
        (Marks(safe=False, shed=False), True, "auto"),
        (Marks(safe=False, shed=True), False, "shed"),
        (Marks(safe=True, shed=False), False, "auto"),
        (Marks(safe=True, shed=True), True, "shed"),
        (Marks(safe=False, shed=True, override="on", until=LATER), True, "forced on"),
        (Marks(safe=False, shed=False, override="off", until=LATER), False, "forced off"),
        (Marks(safe=False, shed=True, override="on", until=EARLIER), False, "shed"),
        (Marks(safe=False, shed=False, override="off", until=NOW), True, "auto"),
        (Marks(safe=False, shed=False, override="off", until=None), True, "auto"),
    ],
)
def test_the_value_now_and_who_decides_it(marks: Marks, value: bool, state: str) -> None:
    assert (marks.value(NOW), marks.state(NOW)) == (value, state)


@pytest.mark.parametrize("reason", ["", "  \n\t", "x" * 1_001])
def test_a_reason_says_something_and_not_everything(reason: str) -> None:
    with pytest.raises(OverrideError):
        check_reason(reason)


def test_blanks_around_a_reason_are_dropped() -> None:
    assert check_reason("  load test\n") == "load test"


@pytest.mark.parametrize("until", [NOW, EARLIER, NOW + LONGEST + timedelta(seconds=1)])
def test_an_override_ends_in_the_future_and_within_a_day(until: datetime) -> None:
    with pytest.raises(OverrideError):
        check_expiry(until, NOW)


def test_an_override_may_last_exactly_a_day() -> None:
    check_expiry(NOW + LONGEST, NOW)
