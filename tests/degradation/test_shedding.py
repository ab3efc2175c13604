"""When the loop steps: carefully in, patiently out, in order, and never without a reason."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from degradation.rules.shedding import NOTHING, Burn, Decision, Policy, Signals, State, decide, released

POLICY = Policy()
ALL = frozenset({1, 2, 3, 4})
HOUR = 3_600
START = 1_772_452_800


def burn(over_long: float | None = 20, over_short: float | None = 20, **changes: Any) -> Burn:
    fast = Burn("checkout", HOUR, 300, 14.4, over_long, over_short, events=5_000, alert=7)
    return replace(fast, **changes)


def slow(over_long: float | None = 7, over_short: float | None = 7, **changes: Any) -> Burn:
    return burn(over_long, over_short, long=6 * HOUR, short=1_800, factor=6.0, **changes)


CALM = burn(0.1, 0.0, alert=None)


def signals(*burns: Burn, troubled: tuple[str, ...] = (), tiers: frozenset[int] = ALL) -> Signals:
    return Signals(burns, troubled, tiers)


class Loop:
    """Plays evaluations 30 seconds apart and keeps the steps as (seconds since the start, action, tier)."""

    def __init__(self, policy: Policy = POLICY, state: State | None = None) -> None:
        self.policy, self.state, self.now = policy, state or State(), START
        self.steps: list[tuple[int, str, int | None]] = []
        self.last: Decision | None = None

    def play(self, seconds: int, given: Signals, tick: int = 30) -> "Loop":
        for _ in range(0, seconds, tick):
            self.now += tick
            self.last = decide(given, self.state, self.policy, self.now)
            self.state = self.last.state
            if self.last.action != "hold":
                self.steps.append((self.now - START, self.last.action, self.last.tier))
        return self

    @property
    def reason(self) -> str:
        assert self.last is not None
        return self.last.reason


HOT, COOL = signals(burn()), signals(CALM)


def test_it_sheds_the_least_important_tier_at_the_second_evaluation_in_a_row() -> None:
    loop = Loop().play(60, HOT)
    assert loop.steps == [(60, "shed", 4)]
    assert loop.reason == "checkout burns 20× over 1h and 20× over 5m, page from 14.4×"


def test_it_goes_on_tier_by_tier_every_five_minutes_and_leaves_tier_one_alone() -> None:
    loop = Loop().play(HOUR, HOT)
    assert loop.steps == [(60, "shed", 4), (360, "shed", 3), (660, "shed", 2)]
    assert "everything that may be shed is" in loop.reason


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
    state = State(level=4, direction="shed", stepped_at=START, toggles=(START - 20, START - 10, START), doublings=30)
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
    loop.policy = replace(POLICY, exit_for=60, dwell=120)
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


# Random traffic --------------------------------------------------------------------------------------------------

rates = st.one_of(st.none(), st.sampled_from([0.0, 0.5, 1.0, 7.2, 14.4, 30.0]))
burns = st.builds(
    Burn,
    objective=st.sampled_from(["checkout", "search"]),
    long=st.just(HOUR),
    short=st.just(300),
    factor=st.sampled_from([6.0, 14.4]),
    burn_long=rates,
    burn_short=rates,
    events=st.sampled_from([10.0, 1_000.0]),
    alert=st.sampled_from([None, 7]),
)
moments = st.builds(
    Signals,
    burns=st.lists(burns, max_size=3).map(tuple),
    troubled=st.sampled_from([(), ("db",)]),
    tiers=st.frozensets(st.integers(1, 4)),
)
spells = st.lists(st.tuples(moments, st.sampled_from([30, 30, 300, 900, 5_400])), min_size=1, max_size=12)
policies = st.builds(
    Policy,
    evaluations=st.integers(1, 3),
    exit_for=st.sampled_from([60, 600]),
    dwell=st.sampled_from([60, 600]),
    step=st.sampled_from([30, 300]),
)


@settings(max_examples=150, deadline=None)
@given(policies, spells)
def test_whatever_happens_it_keeps_to_the_policys_pace(policy: Policy, traffic: list[tuple[Signals, int]]) -> None:
    loop = Loop(policy)
    for seen, seconds in traffic:
        loop.play(seconds, seen)
    for before, after in pairwise(loop.steps):
        least = policy.step if before[1] == after[1] else policy.dwell
        assert after[0] - before[0] >= least


@settings(max_examples=150, deadline=None)
@given(policies, spells)
def test_whatever_happens_tier_one_stays(policy: Policy, traffic: list[tuple[Signals, int]]) -> None:
    loop = Loop(policy)
    for seen, seconds in traffic:
        loop.play(seconds, seen)
        assert not loop.state.sheds(1)
    assert 1 not in {tier for _, _, tier in loop.steps}


@settings(max_examples=150, deadline=None)
@given(policies, moments, moments)
def test_a_step_never_leaves_a_less_important_tier_behind(policy: Policy, first: Signals, then: Signals) -> None:
    loop = Loop(policy)
    for seen in (first, then):
        for _ in range(40):
            before = loop.state
            loop.play(300, seen, tick=300)
            if loop.last and loop.last.action == "shed":
                assert loop.last.tier == max(t for t in seen.tiers if 1 < t < before.level)
            if loop.last and loop.last.action == "restore":
                assert loop.last.tier == min(t for t in seen.tiers if t >= before.level)


@settings(max_examples=150, deadline=None)
@given(policies, spells, st.frozensets(st.integers(1, 4)))
def test_whatever_happened_everything_is_back_once_it_is_calm(
    policy: Policy, traffic: list[tuple[Signals, int]], tiers: frozenset[int]
) -> None:
    loop = Loop(policy)
    for seen, seconds in traffic:
        loop.play(seconds, seen)
    calm = signals(CALM, replace(CALM, objective="search"), tiers=tiers)
    loop.play(policy.dwell_cap + policy.exit_for + 4 * policy.step, calm, tick=60)
    assert loop.state.level == NOTHING
