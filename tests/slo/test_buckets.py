"""Latency is counted by the buckets of a histogram, so a threshold has to be the boundary of one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.maths.windows import floor_to
from slo.openslo.selector import bucket, count
from slo.sources.base import Query, Reading
from slo.sources.buckets import threshold_of
from slo.sources.prometheus import Prometheus as Source
from slo.sources.selector import parse
from tests.conftest import PrometheusFactory
from tests.servers import Prometheus

END = floor_to(int(time.time()), 7200) - 7200
LATENCY = 'latency_seconds{job="shop"}'


@given(st.floats(1e-7, 1e9))
def test_the_threshold_of_a_bucket_is_known_again(threshold: float) -> None:
    assert threshold_of(parse(bucket(LATENCY, threshold))) == threshold


@pytest.mark.parametrize(
    ("selector", "threshold"),
    [
        ('a_bucket{le="0.30"}', 0.3),
        ('a_bucket{le="5e-05"}', 5e-05),
        ('a_bucket{le="+Inf"}', None),
        ('a_bucket{le!="0.3"}', None),
        ('a_bucket{le=~"0.3|0.5"}', 0.3),
        ('a_bucket{le=~".*"}', None),
        ('a_bucket{le="x"}', None),
        ("a_bucket", None),
        ('a_total{le="0.3"}', None),
    ],
)
def test_other_selectors_have_a_threshold_only_if_they_name_a_bucket(selector: str, threshold: float | None) -> None:
    assert threshold_of(parse(selector)) == threshold


@pytest.fixture
def server(prometheus: PrometheusFactory) -> Prometheus:
    """Ten events in 15 s of which eight take up to 0.3 s; the largest boundary is written as Go does."""
    counts = {"0.1": 5, "0.3": 8, "1": 9, "2.5e+06": 10, "+Inf": 10}
    lines = [
        f'latency_seconds_bucket{{job="shop",instance="a",le="{le}"}} {each * number} {END - 1200 + 15 * number}'
        for le, each in counts.items()
        for number in range(81)
    ]
    lines += [f'latency_seconds_count{{job="shop",instance="a"}} {10 * n} {END - 1200 + 15 * n}' for n in range(81)]
    return prometheus(history="\n".join([*lines, "# EOF"]) + "\n")


def ask(server: Prometheus, threshold: float) -> Reading:
    query = Query(1, total=count(LATENCY), good=bucket(LATENCY, threshold))
    return Source(server.url).collect([query], END - 600, END, 30)[0]


@pytest.mark.integration
def test_a_threshold_on_a_boundary_is_counted_and_any_other_refused_with_the_nearest(server: Prometheus) -> None:
    for threshold, good in ((0.3, 8), (1, 9), (2_500_000, 10)):
        reading = ask(server, threshold)
        assert reading.problem == ""
        assert sum(sample.good for sample in reading.samples) == 40 * good
        assert sum(sample.total for sample in reading.samples) == 400
    for threshold, nearest in (
        (0.35, "are 0.3 and 1"),
        (0.05, "is 0.1"),
        (5e6, "is 2.5e+06"),
        (2, "are 1 and 2.5e+06"),
    ):
        reading = ask(server, threshold)
        said = (
            f"the threshold {threshold:g} is no bucket boundary of the histogram latency_seconds; the nearest {nearest}"
        )
        assert reading.problem == said
        # Nothing is known then: neither good nor bad.
        assert len(reading.samples) == 20
        assert all((sample.good, sample.total, sample.observed) == (0, 0, 0) for sample in reading.samples)
