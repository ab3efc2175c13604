"""Random traffic: whatever happens, the loop keeps to its pace and its order, and everything comes back."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from degradation.rules.shedding import (
    NOTHING,
    Burn,
    Effect,
    Policy,
    Signals,
)
from tests.degradation.loop import CALM, HOUR, Loop, signals

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
    dimmed=st.sampled_from([0.0, 0.5, 0.9]),
    adds=st.just(((2, 0.1), (3, 0.1), (4, 0.2))),
    effect=st.sampled_from([None, Effect("checkout", 20, 3, 900), Effect("checkout", 20, 20, 900)]),
    may_shed=st.sampled_from([True, True, True, False]),
)
spells = st.lists(st.tuples(moments, st.sampled_from([30, 30, 300, 900, 5_400])), min_size=1, max_size=12)
policies = st.builds(
    Policy,
    evaluations=st.integers(1, 3),
    exit_for=st.sampled_from([60, 600]),
    dwell=st.sampled_from([60, 600]),
    step=st.sampled_from([30, 300]),
    ramp=st.sampled_from([(), (10, 25, 50)]),
    ramp_step=st.sampled_from([30, 300]),
    effect_after=st.sampled_from([30, 300, 900]),
    revert=st.booleans(),
)


@settings(max_examples=60)
@given(policies, spells)
def test_whatever_happens_it_keeps_to_the_policys_pace(policy: Policy, traffic: list[tuple[Signals, int]]) -> None:
    loop = Loop(policy)
    for seen, seconds in traffic:
        loop.play(seconds, seen)
    # Reverting a step is neither direction: it is bounded by the time after which the effect is measured.
    steps = [(at, "shed" if action == "shed" else "back") for at, action, _ in loop.steps if action != "revert"]
    for before, then in pairwise(steps):
        least = min(policy.step, policy.ramp_step) if before[1] == then[1] else policy.dwell
        assert then[0] - before[0] >= least


@settings(max_examples=60)
@given(policies, spells)
def test_whatever_happens_what_was_reverted_is_left_alone(policy: Policy, traffic: list[tuple[Signals, int]]) -> None:
    loop = Loop(policy)
    for seen, seconds in traffic:
        loop.play(seconds, seen)
    for tier in (2, 3, 4):
        own = [(at, action) for at, action, of in loop.steps if of == tier]
        for before, then in pairwise(own):
            if then[1] == "revert":
                assert then[0] - before[0] >= policy.effect_after
            if before[1] == "revert":
                assert then[0] - before[0] >= policy.retry


@settings(max_examples=60)
@given(policies, spells)
def test_whatever_happens_tier_one_stays(policy: Policy, traffic: list[tuple[Signals, int]]) -> None:
    loop = Loop(policy)
    for seen, seconds in traffic:
        loop.play(seconds, seen)
        assert not loop.state.sheds(1)
    assert 1 not in {tier for _, _, tier in loop.steps}


@settings(max_examples=60)
@given(policies, spells)
def test_a_step_never_leaves_a_less_important_tier_behind(policy: Policy, traffic: list[tuple[Signals, int]]) -> None:
    loop = Loop(policy)
    for seen, seconds in traffic:
        for _ in range(0, seconds, 30):
            before = loop.state
            loop.play(30, seen)
            assert loop.last is not None
            tier = loop.last.tier
            if loop.last.action == "shed" and tier is not None:
                less = [other for other in seen.tiers if other > tier]
                assert all(loop.state.served(t) == 0 or before.is_futile(t, loop.now) for t in less)
            if loop.last.action in ("ramp", "restore"):
                assert tier == min(t for t in before.shed if t in seen.tiers)
            assert loop.state.shed == tuple(sorted(set(loop.state.shed)))


@settings(max_examples=60)
@given(policies, spells, st.frozensets(st.integers(1, 4)))
def test_whatever_happened_everything_is_back_once_it_is_calm(
    policy: Policy, traffic: list[tuple[Signals, int]], tiers: frozenset[int]
) -> None:
    loop = Loop(policy)
    for seen, seconds in traffic:
        loop.play(seconds, seen)
    calm = signals(CALM, replace(CALM, objective="search"), tiers=tiers)
    back = 4 * policy.ramp_step + policy.step
    loop.play(policy.dwell_cap + policy.exit_for + policy.effect_after + 3 * back, calm, tick=60)
    assert loop.state.level == NOTHING
