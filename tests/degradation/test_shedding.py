"""When the loop steps: carefully in, patiently out, in order, and never without a reason."""

from dataclasses import replace

import pytest

from degradation.rules.shedding import (
    NOTHING,
    Signals,
    State,
    decide,
    released,
)
from tests.degradation.loop import CALM, COOL, HOT, HOUR, POLICY, START, Loop, burn, signals, slow


def test_it_sheds_the_least_important_tier_at_the_second_evaluation_in_a_row() -> None:
    loop = Loop().play(60, HOT)
    assert loop.steps == [(60, "shed", 4)]
    assert loop.reason == "checkout burns 20× over 1h and 20× over 5m, page from 14.4×"


def test_it_goes_on_tier_by_tier_every_five_minutes_and_leaves_tier_one_alone() -> None:
    loop = Loop().play(HOUR, HOT)
    assert loop.steps == [(60, "shed", 4), (360, "shed", 3), (660, "shed", 2)]
    assert "everything that may be shed is shed" in loop.reason


def test_it_restores_in_reverse_after_ten_calm_minutes() -> None:
    loop = Loop().play(400, HOT).play(HOUR, COOL)
    calm_from = 390 + 60
    assert loop.steps == [
        (60, "shed", 4),
        (360, "shed", 3),
        (calm_from + 600, "restore", 3),
        (calm_from + 900, "restore", 4),
    ]
    assert loop.state.idle


def test_one_evaluation_is_not_enough() -> None:
    loop = Loop().play(30, HOT).play(30, COOL).play(30, HOT)
    assert loop.steps == []
    assert "seen 1 of 2 times in a row" in loop.reason


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (signals(burn(events=99)), "99 events are too few to act on"),
        (signals(slow()), "no component is in trouble"),
        (signals(burn(alert=None)), "nothing burns fast enough"),
        (signals(burn(over_short=14.3)), "nothing burns fast enough"),
        (signals(burn(over_long=14.3)), "nothing burns fast enough"),
        (signals(burn(over_long=None)), "nothing burns fast enough"),
        (signals(burn(), tiers=frozenset({1})), "there is nothing that may be shed"),
        (signals(burn(), tiers=frozenset()), "there is nothing that may be shed"),
        (signals(), "nothing burns fast enough"),
    ],
)
def test_it_does_not_shed_without_all_it_needs(given: Signals, reason: str) -> None:
    loop = Loop().play(HOUR, given)
    assert loop.steps == []
    assert reason in loop.reason


def test_exactly_the_factor_and_the_least_events_are_enough() -> None:
    assert Loop().play(60, signals(burn(14.4, 14.4, events=100))).steps == [(60, "shed", 4)]


def test_a_slower_page_needs_a_component_in_trouble_beside_it() -> None:
    assert Loop().play(60, signals(slow(), troubled=("db",))).steps == [(60, "shed", 4)]


def test_only_tiers_with_flags_are_steps() -> None:
    assert Loop().play(HOUR, signals(burn(), tiers=frozenset({1, 2, 4}))).steps == [(60, "shed", 4), (360, "shed", 2)]


@pytest.mark.parametrize(
    "later",
    [
        signals(burn(7.3, 0.0)),
        signals(burn(0.0, 1.0)),
        signals(burn(None, 0.0)),
        signals(burn(0.0, None)),
        signals(CALM, burn(objective="search")),
        signals(CALM, slow(objective="search")),
    ],
)
def test_it_holds_while_the_cause_is_not_calm_or_anything_else_burns_or_data_is_missing(later: Signals) -> None:
    loop = Loop().play(60, replace(HOT, tiers=frozenset({4}))).play(6 * HOUR, replace(later, tiers=frozenset({4})))
    assert loop.steps == [(60, "shed", 4)]
    assert loop.state.level == 4


def test_an_interrupted_calm_starts_again() -> None:
    loop = Loop().play(60, HOT).play(570, COOL).play(30, signals(burn(9, 2))).play(600, COOL)
    assert loop.steps == [(60, "shed", 4)]
    assert loop.play(30, COOL).steps[-1] == (1290, "restore", 4)


def test_an_objective_that_is_gone_holds_nothing_up() -> None:
    assert Loop().play(60, HOT).play(630, signals()).steps == [(60, "shed", 4), (690, "restore", 4)]


def test_another_burn_policy_is_judged_by_its_own_windows() -> None:
    loop = Loop().play(60, HOT).play(HOUR, signals(slow(3, 0.5, alert=None)))
    assert loop.state.level == 4
    assert loop.play(HOUR, signals(slow(2.9, 0.5, alert=None))).state.idle


def test_the_third_change_of_direction_in_an_hour_doubles_the_dwell() -> None:
    loop, tiers = Loop(replace(POLICY, exit_for=30, evaluations=1)), frozenset({4})
    while len(loop.steps) < 6:
        loop.play(30, replace(HOT if loop.state.level == NOTHING else COOL, tiers=tiers))
    # Dwells of 10, 10, 20 and 40 minutes; by then the first changes are more than an hour ago, and it is 10 again.
    assert [at for at, _, _ in loop.steps] == [30, 630, 1_230, 2_430, 4_830, 5_430]


def test_flapping_doubles_the_dwell_up_to_the_cap() -> None:
    state = State(shed=(4,), direction="shed", stepped_at=START, toggles=(START - 20, START - 10, START), doublings=30)
    assert decide(COOL, state, replace(POLICY, exit_for=30), START + 30).action == "hold"
    loop = Loop(replace(POLICY, exit_for=30), state).play(POLICY.dwell_cap + 60, COOL)
    assert loop.steps == [(POLICY.dwell_cap, "restore", 4)]


def test_an_instant_is_judged_once() -> None:
    once = decide(HOT, State(), POLICY, START)
    again = decide(HOT, once.state, POLICY, START)
    assert (again.action, again.state) == ("hold", once.state)
    assert decide(HOT, once.state, POLICY, START - 60).state == once.state


def test_evaluations_far_apart_are_not_in_a_row() -> None:
    loop = Loop().play(30, HOT)
    loop.now += 601
    assert loop.play(30, HOT).steps == []
    assert len(loop.play(30, HOT).steps) == 1


def test_calm_that_nobody_watched_is_no_calm() -> None:
    loop = Loop().play(60, HOT).play(60, COOL)
    loop.now += 2 * HOUR
    assert loop.play(300, COOL).state.level == 4


def test_tiers_without_flags_left_are_forgotten() -> None:
    loop = Loop().play(60, HOT).play(30, signals(burn(), tiers=frozenset({1, 3})))
    assert loop.state.level == NOTHING
    assert loop.play(600, signals(burn(), tiers=frozenset({1, 3}))).steps[-1] == (360, "shed", 3)


def test_a_policy_that_changed_counts_at_once() -> None:
    loop = Loop().play(60, HOT)
    loop.policy = replace(POLICY, exit_for=60, dwell=120, effect_after=60)
    assert loop.play(HOUR, COOL).steps == [(60, "shed", 4), (180, "restore", 4)]


def test_everything_restored_by_hand_is_a_step_that_the_dwell_follows() -> None:
    loop = Loop().play(400, HOT)
    loop.state = released(loop.state, POLICY, loop.now)
    assert loop.state.level == NOTHING
    by_hand = loop.now - START
    assert loop.play(HOUR, HOT).steps[2] == (by_hand + 600, "shed", 4)


def test_restoring_by_hand_what_is_not_shed_changes_little() -> None:
    assert released(State(hot=1), POLICY, START) == State()


def test_the_state_survives_being_stored() -> None:
    state = Loop().play(400, HOT).state
    assert State.of(state.as_json()) == state
    assert State.of({}) == State()


def test_what_was_kept_before_ramps_is_understood() -> None:
    assert State.of({"level": 3, "hot": 2, "direction": "shed", "stepped_at": 5}).shed == (3, 4)
    assert State.of({"level": 5}).idle
    assert State.of({"level": 1}).shed == (2, 3, 4)
