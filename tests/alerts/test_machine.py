"""The states of an alert: tables of cases and what holds in every history."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rules.machine import Decision, Present, decide
from alerts.rules.policy import Timing, timing
from slo.errors import PolicyError
from slo.maths.burn import SRE_TABLE, scale

T0 = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AT_ONCE = Timing()
PATIENT = Timing(pending=120, keep_firing=300)


def later(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


INACTIVE = Present()
PENDING = Present("pending", T0)
FIRING = Present("firing", T0)
QUIET = Present("firing", T0, later(60))


@pytest.mark.parametrize(
    ("present", "condition", "at", "policy", "expected"),
    [
        pytest.param(INACTIVE, False, T0, AT_ONCE, Decision("inactive"), id="nothing burns"),
        pytest.param(INACTIVE, None, T0, AT_ONCE, Decision("inactive"), id="no data does not fire"),
        pytest.param(INACTIVE, True, T0, AT_ONCE, Decision("firing"), id="fires at once without a pending time"),
        pytest.param(INACTIVE, True, T0, PATIENT, Decision("pending"), id="waits for the pending time"),
        pytest.param(PENDING, True, later(119), PATIENT, Decision("pending"), id="still waits"),
        pytest.param(PENDING, True, later(120), PATIENT, Decision("firing"), id="has waited"),
        pytest.param(PENDING, False, later(60), PATIENT, Decision("inactive"), id="ended before its time"),
        pytest.param(PENDING, None, later(900), PATIENT, Decision("pending"), id="no data holds a pending alert"),
        pytest.param(FIRING, True, later(60), PATIENT, Decision("firing"), id="goes on"),
        pytest.param(FIRING, None, later(9999), PATIENT, Decision("firing"), id="no data does not resolve"),
        pytest.param(FIRING, False, later(60), AT_ONCE, Decision("resolved", later(60)), id="resolves at once"),
        pytest.param(FIRING, False, later(60), PATIENT, Decision("firing", later(60)), id="keeps firing for a while"),
        pytest.param(QUIET, False, later(359), PATIENT, Decision("firing", later(60)), id="not quiet for long enough"),
        pytest.param(QUIET, False, later(360), PATIENT, Decision("resolved", later(60)), id="quiet for long enough"),
        pytest.param(QUIET, True, later(359), PATIENT, Decision("firing"), id="burns again: the quiet is forgotten"),
        pytest.param(QUIET, None, later(900), PATIENT, Decision("firing", later(60)), id="no data holds the quiet"),
    ],
)
def test_what_becomes_of_an_alert(
    present: Present, condition: bool | None, at: datetime, policy: Timing, expected: Decision
) -> None:
    assert decide(present, condition, at, policy) == expected


CONDITIONS = st.lists(st.sampled_from([True, False, None]), max_size=60)
TIMINGS = st.builds(Timing, pending=st.integers(0, 300), keep_firing=st.integers(0, 300))
ALLOWED = {
    "inactive": {"inactive", "pending", "firing"},
    "pending": {"pending", "firing", "inactive"},
    "firing": {"firing", "resolved"},
}


def play(conditions: list[bool | None], policy: Timing) -> list[tuple[Present, bool | None, Decision, datetime]]:
    """Every step of a history, an evaluation every 30 s; a resolved alert is followed by a new, inactive one."""
    steps, present = [], INACTIVE
    for i, condition in enumerate(conditions):
        at = later(30 * i)
        decision = decide(present, condition, at, policy)
        steps.append((present, condition, decision, at))
        opened = present.opened_at if present.state != "inactive" else at
        over = decision.state in ("inactive", "resolved")
        present = INACTIVE if over else Present(decision.state, opened, decision.quiet_since)
    return steps


@given(CONDITIONS, TIMINGS)
def test_an_alert_only_takes_the_steps_there_are(conditions: list[bool | None], policy: Timing) -> None:
    for present, _, decision, _ in play(conditions, policy):
        assert decision.state in ALLOWED[present.state]


@given(CONDITIONS, TIMINGS)
def test_without_data_nothing_changes(conditions: list[bool | None], policy: Timing) -> None:
    for present, condition, decision, _ in play(conditions, policy):
        if condition is None:
            assert decision == Decision(present.state, present.quiet_since)


@given(CONDITIONS, TIMINGS)
def test_it_fires_only_on_a_burn_and_resolves_only_in_quiet(conditions: list[bool | None], policy: Timing) -> None:
    for present, condition, decision, at in play(conditions, policy):
        if present.state != "firing" and decision.state == "firing":
            assert condition is True
        if decision.state == "resolved":
            assert condition is False
            assert decision.quiet_since is not None
            assert at - decision.quiet_since >= timedelta(seconds=policy.keep_firing)


@given(CONDITIONS, TIMINGS)
def test_asking_again_at_the_same_instant_gives_the_same_answer(conditions: list[bool | None], policy: Timing) -> None:
    for present, condition, decision, at in play(conditions, policy):
        assert decide(present, condition, at, policy) == decision


def test_by_default_an_alert_fires_at_once_and_keeps_firing_for_a_fifth_of_its_short_window() -> None:
    windows = scale(SRE_TABLE, 30 * 86_400)
    assert timing(windows, "page", {}) == Timing(0, 60)
    assert timing(windows, "ticket", {}) == Timing(0, 1440)


def test_a_policy_states_its_own_timing_for_a_severity() -> None:
    stated = {"page": {"pending": 120, "keep_firing": 600}, "ticket": {"pending": 3600}}
    windows = scale(SRE_TABLE, 30 * 86_400)
    assert timing(windows, "page", stated) == Timing(120, 600)
    assert timing(windows, "ticket", stated) == Timing(3600, 1440)


@pytest.mark.parametrize("wrong", ["soon", -1, None, True, float("inf"), float("nan")])
def test_a_timing_that_is_no_span_of_seconds_is_refused(wrong: object) -> None:
    with pytest.raises(PolicyError, match="pending of page must be a number of seconds"):
        timing((), "page", {"page": {"pending": wrong}})
