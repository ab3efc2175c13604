"""90-day bars: what is said of a day is what happened on it, and what is not known is not made up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.day_bars import HEIGHT, day_bars
from degradation.rules import public
from degradation.rules.days import Condition, days, share_unharmed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = NOON - 12 * HOUR


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([], [("unknown", 0, 0, 0), ("unknown", 0, 0, 0)], id="nothing was ever judged"),
        pytest.param([(NOON - 90 * DAY, "well")], [("well", 24, 0, 0), ("well", 12, 0, 0)], id="always well"),
        pytest.param(
            [(MIDNIGHT - 6 * HOUR, "well")], [("well", 6, 0, 0), ("well", 12, 0, 0)], id="nothing is known before"
        ),
        pytest.param(
            [(NOON - 90 * DAY, "harmed"), (MIDNIGHT + HOUR, "well")],
            [("harmed", 24, 0, 24), ("harmed", 12, 0, 1)],
            id="over midnight",
        ),
        pytest.param(
            [(NOON - 90 * DAY, "well"), (MIDNIGHT, "limited")],
            [("well", 24, 0, 0), ("limited", 12, 12, 0)],
            id="a change at midnight is of the day that begins",
        ),
        pytest.param(
            [(NOON - 90 * DAY, "well"), (MIDNIGHT + HOUR, "unknown"), (MIDNIGHT + 4 * HOUR, "harmed")],
            [("well", 24, 0, 0), ("harmed", 9, 0, 8)],
            id="a gap counts for nothing",
        ),
        pytest.param(
            [(NOON - 90 * DAY, "unknown")], [("unknown", 0, 0, 0), ("unknown", 0, 0, 0)], id="judged, but not known"
        ),
        pytest.param(
            [(NOON - 2 * DAY, "well"), (NOON, "harmed"), (NOON + HOUR, "limited")],
            [("well", 24, 0, 0), ("well", 12, 0, 0)],
            id="what is yet to come",
        ),
    ],
)
def test_a_day_is_what_happened_on_it(
    changes: list[tuple[datetime, Condition]], expected: list[tuple[str, int, int, int]]
) -> None:
    found = [(d.level, d.known / 3600, d.limited / 3600, d.harmed / 3600) for d in days(changes, NOON, 2)]
    assert found == expected


def test_the_share_leaves_out_what_is_not_known() -> None:
    changes: list[tuple[datetime, Condition]] = [
        (NOON - 10 * HOUR, "well"),
        (NOON - 5 * HOUR, "harmed"),
        (NOON - 4 * HOUR, "unknown"),
        (NOON - 2 * HOUR, "limited"),
    ]
    assert share_unharmed(days(changes, NOON)) == pytest.approx(7 / 8)
    assert share_unharmed(days([], NOON)) is None


CHANGES = st.lists(
    st.tuples(
        st.integers(-100 * 86_400, 86_400).map(lambda s: NOON + timedelta(seconds=s)),
        st.sampled_from(["well", "limited", "harmed", "unknown"]),
    ),
    max_size=20,
).map(sorted)


@given(CHANGES)
@settings(max_examples=60)
def test_whatever_happened_the_parts_make_up_the_day_and_the_columns_stay_in_their_frame(
    changes: list[tuple[datetime, Condition]],
) -> None:
    found = days(changes, NOON)
    assert len({day.date for day in found}) == 90
    assert sum(day.passed for day in found) == 89.5 * 86_400
    for day, column in zip(found, day_bars(found).columns, strict=True):
        assert 0 <= day.limited + day.harmed <= day.known <= day.passed
        assert column.parts
        assert all(float(p.y) >= -1e-3 and float(p.y) + float(p.height) <= HEIGHT + 1e-2 for p in column.parts)


def test_bars_say_in_words_what_they_show() -> None:
    changes: list[tuple[datetime, Condition]] = [
        (MIDNIGHT - DAY, "well"),
        (NOON - 13 * HOUR, "limited"),
        (NOON - HOUR, "harmed"),
    ]
    bars = day_bars(days(changes, NOON, 4))
    assert bars.summary == ("Last 4 days: not available at times on 1 day and limited at times on 2 days; no data on 2")
    assert [column.words.replace("\xa0", " ") for column in bars.columns] == [
        "no data",
        "no data",
        "limited for 1 h",
        "not available for 1 h and limited for 11 h",
    ]
    assert len(bars.notable) == 2, "days before the first data are not worth a line"
    assert day_bars(days([], NOON, 90)).summary == "No data in the last 90 days"


@pytest.mark.parametrize(
    ("state", "harms", "impacts", "expected"),
    [
        ("full", False, [], "operational"),
        ("degraded", False, [], "degraded_performance"),
        ("degraded", True, [], "partial_outage"),
        ("last resort", True, [], "major_outage"),
        ("last resort", False, [], "degraded_performance"),
        ("unknown", True, [], "degraded_performance"),
        ("full", False, ["none"], "operational"),
        ("full", False, ["minor", "critical"], "major_outage"),
        ("last resort", True, ["minor"], "major_outage"),
        ("full", False, ["maintenance"], "under_maintenance"),
        ("last resort", True, ["maintenance"], "under_maintenance"),
        ("full", False, ["maintenance", "major"], "partial_outage"),
    ],
)
def test_a_status_is_the_worse_of_what_is_judged_and_what_is_said(
    state: str, harms: bool, impacts: list[str], expected: str
) -> None:
    assert public.status(state, harms=harms, impacts=impacts) == expected


@pytest.mark.parametrize(
    ("statuses", "impacts", "expected"),
    [
        ([], [], "none"),
        (["operational", "under_maintenance"], ["maintenance"], "none"),
        (["operational", "degraded_performance"], [], "minor"),
        (["operational", "partial_outage"], [], "major"),
        (["operational", "major_outage"], [], "major"),
        (["major_outage", "major_outage"], [], "critical"),
        (["operational"], ["critical", "minor"], "critical"),
    ],
)
def test_the_indicator_says_the_whole_page_in_a_word(
    statuses: list[public.Status], impacts: list[str], expected: str
) -> None:
    assert public.indicator(statuses, impacts) == expected
