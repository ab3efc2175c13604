"""A component is as well as the worst of its objectives over the last five minutes."""

import pytest

from degradation.rules.health import Reading, judge
from slo.maths.ledger import Sums, Window


def reading(bad: float, total: float = 100, *, latency: bool = False, observed: float = 300) -> Reading:
    window = Window(0, 300, Sums(total - bad, total, observed), 300)
    return Reading("latency" if latency else "availability", latency, window, 0.3 if latency else None)


@pytest.mark.parametrize(
    ("readings", "status", "because"),
    [
        ([], "unknown", "no objective measures it"),
        ([reading(0)], "ok", "availability: 0.00% failing"),
        ([reading(4.9)], "ok", "availability: 4.90% failing"),
        ([reading(5)], "warn", "availability: 5.00% failing, warns from 5.00%"),
        ([reading(49)], "warn", "availability: 49.00% failing, warns from 5.00%"),
        ([reading(50)], "down", "availability: 50.00% failing, down from 50.00%"),
        ([reading(100)], "down", "availability: 100.00% failing, down from 50.00%"),
        ([reading(3, total=3)], "warn", "availability: 100.00% failing, but 3 events are too few to call it down"),
        ([reading(10, total=10)], "down", "availability: 100.00% failing, down from 50.00%"),
        ([reading(5, latency=True)], "warn", "latency: 5.00% slower than 300 ms, warns from 5.00%"),
        ([reading(100, latency=True)], "warn", "latency: 100.00% slower than 300 ms, warns from 5.00%"),
        ([reading(0), reading(60)], "down", "availability: 60.00% failing, down from 50.00%"),
        ([reading(0), reading(7, latency=True)], "warn", "latency: 7.00% slower than 300 ms, warns from 5.00%"),
        ([reading(0, total=0)], "unknown", "availability: no events in the last 5 minutes"),
        ([reading(0, total=0, observed=0)], "unknown", "availability: no data in the last 5 minutes"),
        ([reading(0, total=0), reading(1)], "ok", "availability: 1.00% failing"),
    ],
)
def test_the_status_of_a_component_and_why(readings: list[Reading], status: str, because: str) -> None:
    verdict = judge(readings, 0.05, 0.5)
    assert (verdict.status, verdict.because) == (status, because)


def test_the_figures_are_the_worst_ones() -> None:
    verdict = judge([reading(1), reading(7), reading(20, latency=True), reading(2, latency=True)], 0.05, 0.5)
    assert (verdict.error_ratio, verdict.fast_ratio, verdict.threshold) == (0.07, 0.8, 0.3)


def test_the_least_complete_objective_counts() -> None:
    assert judge([reading(0), reading(0, observed=150)], 0.05, 0.5).completeness == 0.5


def test_more_good_than_all_events_is_no_failure() -> None:
    assert judge([reading(-2)], 0.05, 0.5).error_ratio == 0


def test_nothing_known_is_no_number() -> None:
    verdict = judge([reading(0, total=0, latency=True)], 0.05, 0.5)
    assert (verdict.error_ratio, verdict.fast_ratio, verdict.threshold) == (None, None, 0.3)
