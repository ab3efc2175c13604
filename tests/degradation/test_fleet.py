"""The circuits of many clients seen as one, and what circuits say of a component."""

import pytest

from degradation.rules.circuit import Phase
from degradation.rules.circuit_signs import signs
from degradation.rules.fleet import Fleet, fleet, phase_named
from degradation.rules.health import judge
from tests.degradation.test_health import reading


@pytest.mark.parametrize(
    ("phases", "status", "words"),
    [
        ([], "unknown", ""),
        (["closed"] * 12, "ok", "0 of 12 open"),
        (["open"] * 7 + ["closed"] * 5, "warn", "7 of 12 open"),
        (["open"] * 12, "down", "12 of 12 open"),
        (["open"] * 11 + ["forced open"], "down", "12 of 12 open"),
        (["open"] * 11 + ["half-open"], "warn", "11 of 12 open, 1 half-open"),
        (["open"] + ["closed"] * 9, "warn", "1 of 10 open"),
        (["open"] + ["closed"] * 10, "ok", "1 of 11 open"),
        (["half-open", "forced closed"], "ok", "0 of 2 open, 1 half-open"),
    ],
)
def test_a_fleet_as_a_whole(phases: list[Phase], status: str, words: str) -> None:
    found = fleet(phases)
    assert (found.status, found.words) == (status, words)


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("CLOSED", "closed"),
        ("half_open", "half-open"),
        ("HALF-OPEN", "half-open"),
        (" Forced Open ", "forced open"),
        ("DISABLED", "forced closed"),
        ("ajar", None),
        ("", None),
    ],
)
def test_phases_go_by_the_names_libraries_give_them(text: str, phase: str | None) -> None:
    assert phase_named(text) == phase


SOME, ALL, NONE = Fleet(12, 7), Fleet(12, 12), Fleet(12, 0)


@pytest.mark.parametrize(
    ("phase", "fleet", "bad", "status", "because"),
    [
        ("closed", Fleet(), 0, "ok", "availability: 0.00% failing"),
        ("closed", Fleet(), None, "unknown", "no objective measures it"),
        ("closed", NONE, None, "ok", "clients' circuits: 0 of 12 open"),
        ("closed", SOME, 0, "warn", "clients' circuits: 7 of 12 open"),
        ("closed", SOME, 60, "down", "availability: 60.00% failing, down from 50.00%"),
        ("closed", ALL, 0, "down", "clients' circuits: 12 of 12 open"),
        ("open", Fleet(), 0, "warn", "its circuit is open: because"),
        ("half-open", Fleet(), 0, "ok", "availability: 0.00% failing"),
        ("forced open", NONE, 0, "down", "its circuit is forced open: because"),
        ("forced closed", Fleet(), 60, "down", "availability: 60.00% failing, down from 50.00%"),
    ],
)
def test_what_circuits_say_of_a_component(
    phase: Phase, fleet: Fleet, bad: float | None, status: str, because: str
) -> None:
    readings = [] if bad is None else [reading(bad)]
    verdict = judge(readings, 0.05, 0.5, signs(phase, "because", fleet))
    assert (verdict.status, verdict.because) == (status, because)
