"""Alerts that come and go are noticed, and people hear of them once instead of again and again."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.models import Alert, Transition
from alerts.rules.flapping import DAMPING, Damping, damped, flaps
from alerts.rules.machine import Present, decide
from alerts.rules.policy import Timing
from alerts.services.raising import hold
from tests.factories import NOW

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("fired", "calmed", "expected"),
    [
        pytest.param([0], None, False, id="once"),
        pytest.param([20, 0], None, False, id="twice in an hour"),
        pytest.param([40, 20, 0], None, True, id="three times in an hour"),
        pytest.param([60, 20, 0], None, False, id="the first of three was an hour ago"),
        pytest.param([0], 30, True, id="it flapped until half an hour ago"),
        pytest.param([0], 61, False, id="it flapped until an hour ago"),
    ],
)
def test_when_an_alert_flaps(fired: list[int], calmed: int | None, expected: bool) -> None:
    ended = None if calmed is None else NOW - calmed * MINUTE
    assert flaps([NOW - minute * MINUTE for minute in fired], ended, NOW) is expected


def test_damping_never_shortens_what_an_alert_waits_before_it_ends() -> None:
    assert damped(Timing(60, 120)) == Timing(60, 1_800)
    assert damped(Timing(60, 9_000)) == Timing(60, 9_000)


@settings(max_examples=60)
@given(st.lists(st.booleans(), min_size=1, max_size=400))
def test_however_it_comes_and_goes_people_hear_a_bounded_number_of_times(conditions: list[bool]) -> None:
    """At most twice an hour until it is noticed, and then not more often than calm allows."""
    rule = Damping()
    fired: list[datetime] = []
    calmed, present, flapping = None, Present(), False
    for minute, condition in enumerate(conditions):
        at = NOW + minute * MINUTE
        timing = damped(Timing()) if flapping else Timing()
        decision = decide(present, condition, at, timing)
        if decision.state == "firing" and present.state != "firing":
            fired.append(at)
            flapping = flaps(fired, calmed, at, rule)
        if decision.state == "resolved":
            calmed = at if flapping else calmed
            flapping = False
        present = (
            Present()
            if decision.state in ("resolved", "inactive")
            else Present(decision.state, at, decision.quiet_since)
        )
    for first in fired:
        within = [one for one in fired if first <= one < first + timedelta(seconds=rule.span)]
        assert len(within) <= rule.episodes + 1


def toggled(minute: int, condition: bool) -> Alert | None:
    return hold(
        "delivery",
        "team",
        severity="ticket",
        title="team",
        cause="refused" if condition else "accepted",
        condition=condition,
        at=NOW + minute * MINUTE,
    )


@pytest.mark.django_db
def test_the_third_episode_within_an_hour_goes_on_until_it_is_calm(announced: list[Transition]) -> None:
    for minute in range(0, 60, 5):
        toggled(minute, condition=True)
        toggled(minute + 1, condition=False)
    first, second, third = Alert.objects.order_by("opened_at")
    assert (first.state, second.state, third.state) == ("resolved", "resolved", "firing")
    assert (second.flapping_since, third.flapping_since) == (None, NOW + 10 * MINUTE)
    assert len(announced) == 5, "two that came and went, and one that stays"
    (noticed,) = Transition.objects.filter(kind="flapping")
    assert (noticed.alert, noticed.cause) == (
        third,
        "fired 3 times within 1 h: it goes on until it has been calm for 30 min",
    )
    assert toggled(85, condition=False) == third
    assert toggled(86, condition=False) is None
    third.refresh_from_db()
    assert (third.state, third.quiet_since, third.ended_at) == ("resolved", NOW + 56 * MINUTE, NOW + 86 * MINUTE)
    assert timedelta(seconds=DAMPING.calm) == 30 * MINUTE


@pytest.mark.django_db
def test_what_has_flapped_flaps_again_at_once() -> None:
    for minute in (0, 5, 10):
        toggled(minute, condition=True)
        toggled(minute + 1, condition=False)
    toggled(41, condition=False)
    again = toggled(60, condition=True)
    assert again is not None
    assert again.flapping_since == NOW + 60 * MINUTE
    assert [change.cause.split(":")[0] for change in Transition.objects.filter(kind="flapping")] == [
        "fired 3 times within 1 h",
        "flapped until 12",
    ]
