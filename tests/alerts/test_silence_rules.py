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


INSTANTS = st.integers(-48, 48).map(lambda quarters: T0 + quarters * timedelta(minutes=15))
SILENCES = st.lists(
    st.tuples(INSTANTS, st.integers(1, 40), st.one_of(st.none(), INSTANTS), st.sampled_from(["orders", "returns"])),
    max_size=5,
).map(
    lambda rows: [
        Quiet(pk, parse(f'service="{of}"'), start, start + length * timedelta(minutes=15), ended_at=ended)
        for pk, (start, length, ended, of) in enumerate(rows)
    ]
)


@given(silences=SILENCES, at=INSTANTS)
@settings(max_examples=100)
def test_an_alert_is_held_exactly_when_some_silence_in_force_matches_it(silences: list[Quiet], at: datetime) -> None:
    held = holding(silences, LABELS, at)
    expected = [
        s
        for s in silences
        if s.start <= at < s.end and (s.ended_at is None or at < s.ended_at) and s.matchers == ORDERS
    ]
    assert (held is not None) == bool(expected)
    if held:
        assert held.end == max(s.end for s in expected)
