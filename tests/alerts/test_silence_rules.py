"""Which silence holds which labels when: tables of cases and what always holds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.rules.matchers import parse
from alerts.rules.silence import Quiet, holding
from slo.maths.recurrence import Recurrence

T0 = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORDERS = parse('service="orders"')
LABELS = {"service": "orders", "severity": "page"}
# Every Sunday from 02:00 to 04:00 in Berlin, from the one before the clocks go forward.
SUNDAY = datetime(2026, 3, 22, 1, 0, tzinfo=UTC)
WEEKLY = Quiet(2, ORDERS, SUNDAY, SUNDAY + 2 * HOUR, Recurrence("FREQ=WEEKLY;BYDAY=SU", SUNDAY, "Europe/Berlin", 7_200))
ONCE = Quiet(1, ORDERS, T0, T0 + 2 * HOUR)


def quiet(pk: int = 1, **fields: object) -> Quiet:
    return Quiet(**{"pk": pk, "matchers": ORDERS, "start": T0, "end": T0 + 2 * HOUR, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("silence", "at", "until", "phase"),
    [
        pytest.param(ONCE, T0 - timedelta(seconds=1), None, "coming", id="a second before"),
        pytest.param(ONCE, T0, T0 + 2 * HOUR, "active", id="its first instant"),
        pytest.param(ONCE, T0 + 2 * HOUR - timedelta(microseconds=1), T0 + 2 * HOUR, "active", id="its last"),
        pytest.param(ONCE, T0 + 2 * HOUR, None, "ended", id="its end"),
        pytest.param(quiet(ended_at=T0 + HOUR), T0 + HOUR, None, "ended", id="ended before its time"),
        pytest.param(quiet(ended_at=T0 + HOUR), T0, T0 + 2 * HOUR, "active", id="as it was before that"),
        pytest.param(quiet(ended_at=T0 - HOUR), T0 - HOUR, None, "ended", id="ended before it began"),
        pytest.param(WEEKLY, T0, None, "coming", id="a rule before its first occurrence"),
        pytest.param(WEEKLY, SUNDAY + HOUR, SUNDAY + 2 * HOUR, "active", id="the first occurrence"),
        pytest.param(WEEKLY, SUNDAY + 3 * HOUR, None, "coming", id="between two"),
        # On the 29th there is no 02:00 in Berlin: the occurrence begins at 03:00, which is 01:00 UTC.
        pytest.param(
            WEEKLY, datetime(2026, 3, 29, 2, 30, tzinfo=UTC), datetime(2026, 3, 29, 3, tzinfo=UTC), "active", id="DST"
        ),
        pytest.param(
            WEEKLY, datetime(2026, 4, 5, 0, 0, tzinfo=UTC), datetime(2026, 4, 5, 2, tzinfo=UTC), "active", id="summer"
        ),
    ],
)
def test_a_silence_is_in_force_from_its_start_until_its_end(
    silence: Quiet, at: datetime, until: datetime | None, phase: str
) -> None:
    assert (silence.until(at), silence.phase(at)) == (until, phase)


def test_an_occurrence_that_was_cut_short_does_not_end_the_next() -> None:
    cut = Quiet(2, ORDERS, WEEKLY.start, WEEKLY.end, WEEKLY.recurrence, cut_until=WEEKLY.end)
    assert cut.until(SUNDAY + HOUR) is None
    assert cut.phase(SUNDAY + HOUR) == "coming"
    assert cut.until(SUNDAY + timedelta(days=14)) is not None


def test_the_next_occurrence_is_known() -> None:
    assert ONCE.coming(T0 - HOUR) == (T0, T0 + 2 * HOUR)
    assert ONCE.coming(T0) is None
    assert WEEKLY.coming(T0) == (SUNDAY, SUNDAY + 2 * HOUR)
    assert WEEKLY.coming(SUNDAY) == (
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 3, 0, tzinfo=UTC),
    )


def test_the_silence_that_lasts_longest_holds() -> None:
    short, long = quiet(1), quiet(2, end=T0 + 5 * HOUR)
    assert holding([short, long], LABELS, T0) == long
    assert holding([quiet(3), short], LABELS, T0) == short, "of two alike the oldest"
    assert holding([short, long], {"service": "returns"}, T0) is None
    assert holding([], LABELS, T0) is None


def after(quarters: int) -> datetime:
    return T0 + quarters * timedelta(minutes=15)


RETURNS = parse('service="returns"')
# (start, length, instant of an early end or none, does it match) in quarters of an hour.
SILENCES = st.lists(
    st.tuples(st.integers(-48, 48), st.integers(1, 40), st.none() | st.integers(-48, 48), st.booleans()), max_size=4
)


@given(rows=SILENCES, now=st.integers(-48, 48))
@settings(max_examples=60)
def test_an_alert_is_held_exactly_when_some_silence_in_force_matches_it(
    rows: list[tuple[int, int, int | None, bool]], now: int
) -> None:
    silences = [
        Quiet(
            pk,
            ORDERS if mine else RETURNS,
            after(start),
            after(start + length),
            ended_at=None if ended is None else after(ended),
        )
        for pk, (start, length, ended, mine) in enumerate(rows)
    ]
    held = holding(silences, LABELS, after(now))
    ends = [
        start + length
        for start, length, ended, mine in rows
        if mine and start <= now < start + length and (ended is None or now < ended)
    ]
    assert (held.end if held else None) == (after(max(ends)) if ends else None)
