"""Quantiles as near as buckets tell, and no nearer."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.maths.quantile import Quantile, least, quantile

INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("share", "buckets", "value"),
    [
        (0.5, [(0.1, 100), (0.2, 200), (INF, 200)], Quantile(0.1)),
        (0.5, [(0.1, 0), (0.2, 200), (INF, 200)], Quantile(0.15)),
        (0.25, [(0.1, 100), (INF, 200)], Quantile(0.05)),
        (0.99, [(0.1, 90), (0.2, 100), (INF, 100)], Quantile(0.19)),
        # In the last bucket nothing is known but that it is more.
        (0.99, [(0.1, 90), (0.2, 95), (INF, 100)], Quantile(0.2, beyond=True)),
        (0.5, [(0.1, 0), (INF, 100)], Quantile(0.1, beyond=True)),
        # Read a moment apart.
        (0.5, [(0.1, 60), (0.2, 50), (INF, 100)], Quantile(0.05 / 0.6)),
        # Bounds in any order.
        (0.5, [(INF, 200), (0.2, 200), (0.1, 100)], Quantile(0.1)),
        (0.5, [(-1, 80), (1, 100), (INF, 100)], Quantile(-1)),
    ],
)
def test_a_quantile_lies_within_its_bucket(share: float, buckets: list[tuple[float, float]], value: Quantile) -> None:
    found = quantile(share, buckets)
    assert found is not None
    assert found.value == pytest.approx(value.value)
    assert found.beyond is value.beyond


@pytest.mark.parametrize(
    "buckets",
    [
        [],
        [(INF, 500)],
        [(0.1, 100), (0.2, 200)],
        [(0.1, 0), (INF, 0)],
        [(0.1, 9), (INF, 9)],
        [(0.1, NAN), (INF, 200)],
        [(0.1, 100), (INF, INF)],
        [(NAN, 100), (0.1, 100), (INF, 200)],
        [(0.1, -100), (INF, -5)],
    ],
)
def test_too_little_and_nonsense_are_unknown(buckets: list[tuple[float, float]]) -> None:
    assert quantile(0.5, buckets) is None


@pytest.mark.parametrize(("share", "events"), [(0.5, 10), (0.9, 10), (0.99, 100), (0.999, 1000), (1, 10)])
def test_a_high_quantile_takes_more_events(share: float, events: int) -> None:
    assert least(share) == events
    assert quantile(share, [(1, events - 1), (INF, events - 1)]) is None
    assert quantile(share, [(1, events), (INF, events)]) is not None


@settings(max_examples=100)
@given(st.lists(st.floats(0, 20), min_size=100, max_size=300), st.sampled_from([0.5, 0.9, 0.99]))
def test_the_true_quantile_is_in_the_same_bucket(times: list[float], share: float) -> None:
    bounds = [0.1, 0.5, 1.0, 5.0, 10.0]
    buckets = [(bound, float(sum(time <= bound for time in times))) for bound in [*bounds, INF]]
    true = sorted(times)[math.ceil(share * len(times)) - 1]
    found = quantile(share, buckets)
    assert found is not None
    edges = [0.0, *bounds]
    if found.beyond:
        assert true > bounds[-1] == found.value
    else:
        high = next(bound for bound in bounds if true <= bound)
        assert edges[edges.index(high) - 1] <= found.value <= high
