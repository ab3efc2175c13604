"""Certainty, the switch, the cap; how tiers come back by shares; and what happens to a step that did not help."""

from dataclasses import replace
from typing import Any

import pytest

from degradation.rules.shedding import (
    Effect,
    Policy,
    Signals,
    State,
    flapping,
    withdrawn,
)
from tests.degradation.loop import COOL, HOT, HOUR, POLICY, START, Loop, burn, signals

# Certainty, the switch, the cap -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "factor", "certain"),
    [(30, 14.4, True), (30, 14.3, False), (28, 13.44, True), (28, 13.4, False), (7, 3.36, True), (90, 14.4, False)],
)
def test_a_page_is_certain_enough_from_the_factor_of_its_own_period(days: float, factor: float, certain: bool) -> None:
    given = signals(burn(factor + 1, factor + 1, factor=factor, days=days))
    assert bool(Loop().play(120, given).steps) is certain


def test_nothing_is_shed_while_automatic_shedding_is_off_but_everything_comes_back() -> None:
    off = replace(HOT, may_shed=False)
    loop = Loop().play(HOUR, off)
    assert loop.steps == []
    assert "automatic shedding is off" in loop.reason
    loop = Loop().play(60, HOT).play(600, off).play(HOUR, replace(COOL, may_shed=False))
    assert [action for _, action, _ in loop.steps] == ["shed", "restore"]


def test_no_more_of_the_product_is_dimmed_than_the_policy_allows() -> None:
    crowded = replace(HOT, dimmed=0.5, adds=((4, 0.2), (3, 0.3)))
    loop = Loop().play(60, crowded)
    assert loop.steps == [(60, "shed", 4)]
    loop.play(HOUR, replace(crowded, dimmed=0.7))
    assert loop.steps == [(60, "shed", 4)]
    assert "with tier 3 100% of all flags would be dimmed (at most 75%)" in loop.reason


# Ramps --------------------------------------------------------------------------------------------------------------


def shares(loop: Loop, seconds: int, given: Signals) -> list[tuple[int, int]]:
    """(seconds since the start, percentage of users that have tier 4), whenever it changes."""
    found = [(loop.now - START, loop.state.served(4))]
    for _ in range(0, seconds, 30):
        loop.play(30, given)
        if loop.state.served(4) != found[-1][1]:
            found.append((loop.now - START, loop.state.served(4)))
    return found[1:]


def test_a_tier_comes_back_for_a_tenth_a_quarter_half_and_then_all_users() -> None:
    loop = Loop(Policy()).play(60, replace(HOT, tiers=frozenset({4})))
    assert shares(loop, 2 * HOUR, COOL) == [(690, 10), (990, 25), (1_290, 50), (1_590, 100)]
    assert loop.state.idle


def test_the_next_tier_only_begins_when_the_one_before_is_back_for_all() -> None:
    loop = Loop(Policy()).play(400, HOT).play(3 * HOUR, COOL)
    back = [(action, tier) for _, action, tier in loop.steps[2:]]
    assert back == [*[("ramp", 3)] * 3, ("restore", 3), *[("ramp", 4)] * 3, ("restore", 4)]


def test_what_burns_again_while_a_tier_comes_back_stops_the_ramp_and_sheds_it_after_the_dwell() -> None:
    only = frozenset({4})
    loop = Loop(Policy()).play(60, replace(HOT, tiers=only))
    while loop.state.served(4) != 25:
        loop.play(30, replace(COOL, tiers=only))
    begun = loop.now - START
    uneasy = signals(burn(8, 2), tiers=only)
    assert shares(loop, HOUR, uneasy) == []
    loop.play(60, replace(HOT, tiers=only))
    assert loop.steps[-1] == (begun + HOUR + 60, "shed", 4)
    assert loop.state.served(4) == 0


# Proof --------------------------------------------------------------------------------------------------------------


def after(before: float | None, later: float | None, events: float = 5_000, **changes: Any) -> Signals:
    return replace(HOT, effect=Effect("checkout", before, later, events), **changes)


def test_a_step_that_helped_is_kept_and_said_so() -> None:
    loop = Loop().play(60, HOT).play(300, after(21, 4))
    assert loop.last is not None
    assert (loop.last.verdict, loop.last.tried) == ("helped", 4)
    assert loop.state.shed == (3, 4)


def test_a_step_that_did_not_help_is_reverted_and_the_next_tier_has_its_turn() -> None:
    loop = Loop().play(60, HOT).play(300, after(20, 19))
    assert loop.steps[-1] == (360, "revert", 4)
    assert "it did not help: checkout burned 20× before and 19× after; not tried again before" in loop.reason
    assert loop.play(30, HOT).steps[-1] == (390, "shed", 3)


def test_what_was_tried_in_vain_is_tried_again_after_an_hour() -> None:
    only = frozenset({4})
    loop = Loop().play(60, replace(HOT, tiers=only)).play(4 * HOUR, after(20, 19, tiers=only))
    assert loop.steps[:4] == [(60, "shed", 4), (360, "revert", 4), (3_960, "shed", 4), (4_260, "revert", 4)]
    assert "what was tried in vain is left alone" in loop.reason


@pytest.mark.parametrize("given", [after(None, 4), after(20, None), after(20, 19, events=99), after(0, 0), HOT])
def test_what_nobody_can_tell_is_no_verdict_and_holds(given: Signals) -> None:
    loop = Loop().play(60, HOT).play(300, given)
    assert loop.last is not None
    assert loop.last.verdict == "unclear"
    assert 4 in loop.state.shed


def test_a_policy_may_keep_what_did_not_help() -> None:
    loop = Loop(replace(POLICY, revert=False)).play(60, HOT).play(300, after(20, 19))
    assert loop.last is not None
    assert (loop.last.verdict, loop.state.shed) == ("no effect", (3, 4))


def test_a_step_that_was_taken_back_is_not_tried_again_for_a_while() -> None:
    loop = Loop().play(60, HOT)
    loop.state = withdrawn(loop.state, POLICY, 4, loop.now)
    assert loop.play(HOUR - 60, HOT).state.shed == (2, 3)
    assert [step for step in loop.steps if step[2] == 4] == [(60, "shed", 4)]


def test_three_changes_of_direction_in_an_hour_are_worth_a_page() -> None:
    assert not flapping(State(toggles=(START, START + 10)), POLICY, START + 20)
    assert flapping(State(toggles=(START, START + 10, START + 20)), POLICY, START + 20)
    assert not flapping(State(toggles=(START, START + 10, START + 20)), POLICY, START + HOUR)
