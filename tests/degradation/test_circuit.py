"""The circuit as a pure rule: what opens it, what closes it, and what never does."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from degradation.rules.circuit import (
    Calls,
    Decision,
    Settings,
    State,
    counted_from,
    decide,
    force,
    open_seconds,
    release,
)

PLAIN = Settings(jitter=0)
OPEN = State("open", 1_000, 1_060, 1)
TRYING = State("half-open", 1_000, None, 1)
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("calls", "phase", "reason"),
    [
        (None, "closed", ""),
        (Calls(), "closed", ""),
        (Calls(99, 99), "closed", ""),
        (Calls(100, 49), "closed", ""),
        (Calls(100, 50), "open", "50 of 100 calls failed, opens from 50%"),
        (Calls(12_000, 9_000), "open", "9,000 of 12,000 calls failed, opens from 50%"),
        (Calls(100, 0, 99, 99), "closed", ""),
        (Calls(100, 0, 100, 99), "closed", ""),
        (Calls(0, 0, 100, 100), "open", "100 of 100 calls were slow, opens from 100%"),
        (Calls(NAN, 50), "closed", ""),
        (Calls(INF, INF), "closed", ""),
        (Calls(100, -50), "closed", ""),
        (Calls(-100, 50), "closed", ""),
    ],
)
def test_a_closed_circuit_opens_on_enough_trouble_only(calls: Calls | None, phase: str, reason: str) -> None:
    decision = decide(State(), calls, 1_000, PLAIN, 0.5)
    assert (decision.state.phase, decision.reason) == (phase, reason)


@pytest.mark.parametrize(("failed", "phase"), [(4, "closed"), (5, "open")])
def test_failures_to_open_as_the_demo_worlds_table_has_them(failed: int, phase: str) -> None:
    settings = Settings.of({"failures": 5, "open_for": 30, "jitter": 0.0})
    decision = decide(State(), Calls(6, failed), 1_000, settings, 0.5)
    assert decision.state.phase == phase
    assert decision.state.until == (1_030 if phase == "open" else None)


def test_many_calls_of_which_few_fail_do_not_open_a_circuit_that_counts_failures() -> None:
    assert not decide(State(), Calls(9_000, 5), 1_000, Settings.of({"failures": 5}), 0).reason


@pytest.mark.parametrize(
    ("stored", "minimum", "successes", "longest"),
    [
        ({}, 100, 6, 600),
        ({"failures": 3}, 3, 6, 600),
        ({"failures": 3, "minimum_calls": 20}, 20, 6, 600),
        ({"permits": 1}, 100, 1, 600),
        ({"permits": 4, "successes": 4}, 100, 4, 600),
        ({"open_for": 900}, 100, 6, 900),
    ],
)
def test_what_is_left_out_has_its_default(stored: dict[str, int], minimum: int, successes: int, longest: int) -> None:
    settings = Settings.of(stored)
    assert (settings.minimum_calls, settings.successes, settings.longest) == (minimum, successes, longest)


@pytest.mark.parametrize(
    ("at", "phase", "since"), [(1_059, "open", 1_000), (1_060, "half-open", 1_060), (9_999, "half-open", 1_060)]
)
def test_an_open_circuit_is_tried_out_when_its_time_is_over(at: int, phase: str, since: int) -> None:
    decision = decide(OPEN, None, at, PLAIN, 0)
    assert (decision.state.phase, decision.state.since) == (phase, since)


@pytest.mark.parametrize(
    ("calls", "phase", "reason"),
    [
        (None, "half-open", ""),
        (Calls(0, 0), "half-open", ""),
        (Calls(5, 0), "half-open", ""),
        (Calls(6, 0), "closed", "6 of 6 probes went well"),
        (Calls(10, 4), "closed", "6 of 10 probes went well"),
        (Calls(10, 5), "open", "5 of 10 probes failed"),
        (Calls(5, 5), "open", "5 of 5 probes failed"),
        (Calls(1_000, 400), "closed", "6 of 10 probes went well"),
        (Calls(1_000, 401), "open", "5 of 10 probes failed"),
        (Calls(20, 0, 20, 20), "open", "20 of 20 probes were slow"),
        (Calls(NAN, 0), "half-open", ""),
    ],
)
def test_probes_decide_a_half_open_circuit(calls: Calls | None, phase: str, reason: str) -> None:
    decision = decide(TRYING, calls, 1_030, PLAIN, 0)
    assert (decision.state.phase, decision.reason) == (phase, reason)


@pytest.mark.parametrize(("openings", "seconds"), [(1, 60), (2, 120), (3, 240), (4, 480), (5, 600), (500, 600)])
def test_each_re_opening_lasts_longer_up_to_the_longest(openings: int, seconds: int) -> None:
    assert open_seconds(openings, PLAIN, 1) == seconds
    state, at = replace(TRYING, openings=openings - 1), 1_030
    assert decide(state, Calls(10, 10), at, PLAIN, 0).state.until == at + seconds


def test_closing_forgets_the_openings_before() -> None:
    assert decide(replace(TRYING, openings=7), Calls(10, 0), 1_030, PLAIN, 0).state.openings == 0


@pytest.mark.parametrize(
    ("state", "start"),
    [(State("closed", 0), 1_040), (State("closed", 1_090), 1_090), (TRYING, 1_000), (State("closed", 2_000), 1_100)],
)
def test_only_calls_since_the_phase_began_count(state: State, start: int) -> None:
    assert counted_from(state, 1_100, PLAIN) == start


@pytest.mark.parametrize(("phase", "after"), [("forced open", "half-open"), ("forced closed", "closed")])
def test_a_force_ends_at_its_instant_however_late_that_is_noticed(phase: str, after: str) -> None:
    held = force(OPEN, phase, 1_010, 1_100)  # type: ignore[arg-type]
    assert decide(held, Calls(900, 900), 1_099, PLAIN, 0) == Decision(held)
    decision = decide(held, Calls(900, 900), 5_000, PLAIN, 0)
    assert (decision.state.phase, decision.state.since) == (after, 1_100)
    assert release(held, 1_050).phase == after


def test_a_clock_that_went_back_holds() -> None:
    assert decide(State("closed", 2_000), Calls(900, 900), 1_000, PLAIN, 0) == Decision(State("closed", 2_000))


# What holds whatever happens -------------------------------------------------------------------------------------

numbers = st.one_of(st.integers(0, 300).map(float), st.sampled_from([NAN, INF, -1.0, 1e300]))
traffic = st.one_of(st.none(), st.builds(Calls, numbers, numbers, numbers, numbers))
steps = st.lists(st.tuples(st.integers(1, 90), traffic, st.floats(0, 1)), max_size=40)
known = st.builds(
    lambda minimum, rate, permits, share, growth, jitter: Settings(
        minimum_calls=minimum,
        failure_rate=rate,
        permits=permits,
        successes=1 + int(share * (permits - 1)),
        growth=growth,
        jitter=jitter,
    ),
    st.integers(1, 200),
    st.floats(0.01, 1),
    st.integers(1, 20),
    st.floats(0, 1),
    st.floats(1, 5),
    st.floats(0, 1),
)


@trials(max_examples=100)
@given(known, steps)
def test_invariants_over_any_traffic(settings: Settings, happened: list[tuple[int, Calls | None, float]]) -> None:
    state, at = State(), 1_000
    for seconds, calls, luck in happened:
        at += seconds
        decision = decide(state, calls, at, settings, luck)
        after = decision.state
        assert bool(decision.reason) == (after != state)
        if after.phase == "open":
            assert settings.open_for <= (after.until or 0) - after.since <= settings.longest
        if (state.phase, after.phase) == ("half-open", "closed"):
            assert calls is not None
            assert min(calls.total, settings.permits) - calls.failed <= settings.permits
            assert calls.total >= settings.successes
        if (state.phase, after.phase) == ("closed", "open"):
            assert calls is not None
            assert max(calls.total, calls.timed) >= settings.minimum_calls
        # No shortcut: what is open is tried out before it closes.
        assert (state.phase, after.phase) not in {("open", "closed"), ("closed", "half-open")}
        # The same again from what is stored: after a restart, or by another worker.
        assert decide(State.of(state.as_json()), calls, at, settings, luck) == decision
        state = after


@trials(max_examples=60)
@given(known, steps, st.sampled_from(["forced open", "forced closed"]))
def test_no_traffic_moves_a_forced_circuit(
    settings: Settings, happened: list[tuple[int, Calls | None, float]], phase: str
) -> None:
    at, until = 1_000, 1_000 + 90 * 40 + 1
    held = force(State(), phase, at, until)  # type: ignore[arg-type]
    for seconds, calls, luck in happened:
        at += seconds
        assert decide(held, calls, at, settings, luck) == Decision(held)


@trials(max_examples=100)
@given(known, st.integers(1, 10_000), st.floats())
def test_the_open_time_is_bounded_by_any_luck(settings: Settings, openings: int, luck: float) -> None:
    assert settings.open_for <= open_seconds(openings, settings, luck) <= settings.longest
