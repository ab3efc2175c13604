"""Dimmers and ramps: which users are served at a share, and that it is always the same ones."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from degradation.errors import OverrideError
from degradation.rules.criticality import contradiction, sheddable, usual
from degradation.rules.value import Marks, check_share, decide, position

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
PEOPLE = [f"reader-{number}" for number in range(2_000)]


def ramping(share: int, *, safe: bool = False) -> Marks:
    return Marks(safe=safe, shed=True, shed_to=share)


def forced(share: int) -> Marks:
    return Marks(safe=False, shed=False, override="dim", until=LATER, override_to=share)


@pytest.mark.parametrize(
    ("marks", "share", "value", "state", "reason"),
    [
        (Marks(safe=False, shed=False), 100, True, "auto", "STATIC"),
        (ramping(0), 0, False, "shed", "TARGETING_MATCH"),
        (ramping(25), 25, False, "ramping", "SPLIT"),
        (ramping(25, safe=True), 25, True, "ramping", "SPLIT"),
        (forced(40), 40, False, "forced to a share", "SPLIT"),
        (forced(0), 0, False, "forced to a share", "TARGETING_MATCH"),
        (forced(100), 100, True, "forced to a share", "TARGETING_MATCH"),
        (Marks(safe=False, shed=True, shed_to=50, splits=False), 0, False, "ramping", "TARGETING_MATCH"),
        (Marks(safe=False, shed=False, dry=True), 100, True, "dry run", "STATIC"),
        (Marks(safe=False, shed=False, drill="3", drill_to=95, drill_until=LATER), 95, False, "drill", "SPLIT"),
        (Marks(safe=False, shed=False, drill="3", drill_to=95, drill_until=NOW), 100, True, "auto", "STATIC"),
        (Marks(safe=False, shed=True, drill="3", drill_to=95, drill_until=LATER), 0, False, "shed", "TARGETING_MATCH"),
        (Marks(False, True, "on", LATER), 100, True, "forced on", "TARGETING_MATCH"),
        (Marks(True, False, "on", LATER), 0, True, "forced on", "TARGETING_MATCH"),
    ],
)
def test_share_value_and_reason_without_a_targeting_key(
    marks: Marks, share: int, value: bool, state: str, reason: str
) -> None:
    found = decide(marks, "nudges", "", NOW)
    assert (found.share, found.value, found.reason) == (share, value, reason)
    assert (marks.state(NOW), marks.value(NOW), found.variant) == (state, value, "on" if value else "off")


@pytest.mark.parametrize("share", [1, 10, 25, 50, 99])
def test_a_share_is_the_share_of_people_who_are_served(share: int) -> None:
    served = sum(decide(ramping(share), "nudges", person, NOW).value for person in PEOPLE)
    assert served / len(PEOPLE) == pytest.approx(share / 100, abs=0.035)


@settings(max_examples=100)
@given(st.text(max_size=30), st.integers(0, 100), st.integers(0, 100), st.booleans())
def test_who_is_served_at_a_share_is_served_at_every_higher_one(person: str, one: int, other: int, safe: bool) -> None:
    low, high = sorted((one, other))
    before = decide(ramping(low, safe=safe), "nudges", person, NOW)
    after = decide(ramping(high, safe=safe), "nudges", person, NOW)
    assert decide(ramping(low, safe=safe), "nudges", person, NOW) == before
    if before.value != safe:
        assert after.value != safe


def test_flags_and_drills_choose_people_of_their_own() -> None:
    chosen = [{p for p in PEOPLE if position(salt, p) < 10} for salt in ("nudges", "photos", "nudges:1", "nudges:2")]
    for i, some in enumerate(chosen):
        for others in chosen[:i]:
            assert len(some & others) < len(some) / 3


def test_hostile_targeting_keys_have_a_place_too() -> None:
    for key in ("\x00", "\ud800", "é" * 50_000, "🙂"):
        assert 0 <= position("nudges", key) < 100


@pytest.mark.parametrize(("share", "splits"), [(-1, True), (101, True), (50, False)])
def test_a_share_is_a_percentage_of_what_can_be_split(share: int, splits: bool) -> None:
    with pytest.raises(OverrideError):
        check_share(share, splits=splits)


def test_classes_never_contradict_tiers() -> None:
    assert [usual(tier) for tier in (1, 2, 3, 4)] == ["CRITICAL_PLUS", "CRITICAL", "SHEDDABLE_PLUS", "SHEDDABLE"]
    assert contradiction("CRITICAL_PLUS", 4) == ""
    assert "tier 4 is SHEDDABLE" in contradiction("CRITICAL", 4)
    assert [sheddable("CRITICAL_PLUS", 3), sheddable("SHEDDABLE", 1), sheddable("SHEDDABLE", 4)] == [False, False, True]
