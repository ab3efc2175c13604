"""Whom to tell of what nobody takes on: a table of cases, and what holds in every history."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.rules.follow_up import Due, Standing, Way, due

T0 = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEAD = Way("lead", after=900)
TEAM = Way("team", remind=1_800)
BOSS = Way("boss", after=3_600, remind=3_600)


def standing(**fields: object) -> Standing:
    return Standing(**{"since": T0, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("alert", "way", "minutes", "expected"),
    [
        pytest.param(standing(), LEAD, 14.9, Due(), id="not yet"),
        pytest.param(standing(), LEAD, 15, Due(escalate=("lead",)), id="nobody took it on"),
        pytest.param(standing(taken=True), LEAD, 99, Due(), id="somebody did, or it is silenced"),
        pytest.param(standing(escalated=frozenset({"lead"})), LEAD, 99, Due(), id="once is enough"),
        pytest.param(standing(), Way("team"), 999, Due(), id="told at once and never again"),
        pytest.param(standing(), TEAM, 29, Due(), id="no reminder yet"),
        pytest.param(standing(), TEAM, 30, Due(remind=("team",)), id="a reminder"),
        pytest.param(standing(told={"team": T0 + 30 * MINUTE}), TEAM, 59, Due(), id="the second waits as long"),
        pytest.param(standing(told={"team": T0 + 30 * MINUTE}), TEAM, 60, Due(remind=("team",)), id="the second"),
        pytest.param(standing(told={"team": T0 - 99 * MINUTE}), TEAM, 29, Due(), id="what was before it counts not"),
        pytest.param(standing(taken=True), TEAM, 99, Due(), id="no reminder of what is taken"),
        pytest.param(standing(), BOSS, 60, Due(escalate=("boss",)), id="an escalation reminds of nothing"),
        pytest.param(
            standing(escalated=frozenset({"boss"}), told={"boss": T0 + 60 * MINUTE}),
            BOSS, 120, Due(remind=("boss",)), id="who was escalated to is reminded too",
        ),
    ],
)  # fmt: skip
def test_whom_to_tell(alert: Standing, way: Way, minutes: float, expected: Due) -> None:
    assert due(alert, [way], T0 + minutes * MINUTE) == expected


WAYS = st.lists(
    st.builds(
        Way,
        channel=st.sampled_from("abcd"),
        after=st.sampled_from([0, 60, 300, 900]),
        remind=st.sampled_from([0, 120, 600]),
    ),
    max_size=4,
    unique_by=lambda way: way.channel,
)


@dataclass
class Told:
    channel: str
    at: datetime
    escalated: bool


@given(ways=WAYS, gaps=st.lists(st.integers(1, 400), max_size=40), taken_after=st.integers(0, 6_000))
@settings(max_examples=100)
def test_no_history_escalates_twice_or_after_it_was_taken_or_reminds_too_often(
    ways: list[Way], gaps: list[int], taken_after: int
) -> None:
    at, escalated, told = T0, frozenset[str](), {way.channel: T0 for way in ways if not way.after}
    history: list[Told] = []
    for gap in gaps:
        at += timedelta(seconds=gap)
        taken = (at - T0).total_seconds() >= taken_after
        now = due(Standing(T0, taken, escalated, told), ways, at)
        escalated |= set(now.escalate)
        told |= dict.fromkeys(now.escalate + now.remind, at)
        history += [Told(name, at, name in now.escalate) for name in now.escalate + now.remind]
    for way in ways:
        mine = [entry for entry in history if entry.channel == way.channel]
        assert sum(entry.escalated for entry in mine) <= 1
        assert all((entry.at - T0).total_seconds() < taken_after for entry in mine)
        assert all((entry.at - T0).total_seconds() >= way.after for entry in mine)
        instants = [T0] * (not way.after) + [entry.at for entry in mine]
        assert all((b - a).total_seconds() >= way.remind for a, b in pairwise(instants))
        if mine and way.after:
            assert mine[0].escalated, "who hears later is told of an escalation first"
