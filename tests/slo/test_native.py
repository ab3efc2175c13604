"""Latency is counted by native histograms where a server has them, event by event like classic ones."""

import time
from dataclasses import replace

import pytest

from slo.openslo.selector import bucket, count
from slo.sources.base import Query, Reading
from slo.sources.native import histogram_of
from slo.sources.prometheus import Prometheus as Source
from slo.sources.selector import written
from tests.conftest import PrometheusFactory
from tests.servers import Prometheus
from tests.servers.native import NativeService

LATENCY = 'latency_seconds{job="service"}'
NATIVE = ["--enable-feature=native-histograms"]


def of(threshold: float, objective: int = 1) -> Query:
    return Query(objective, total=count(LATENCY), good=bucket(LATENCY, threshold))


def test_the_native_histogram_is_known_by_the_classic_selectors() -> None:
    histogram = histogram_of(of(0.25))
    assert histogram is not None
    assert written(histogram.every) == written(histogram.within) == LATENCY
    assert histogram.threshold == 0.25


@pytest.mark.parametrize(
    "query",
    [
        replace(of(0.25), counter=False),
        replace(of(0.25), total="requests_total"),
        replace(of(0.25), total="other_seconds_count"),
        replace(of(0.25), good="", bad=bucket(LATENCY, 0.25)),
        replace(of(0.25), good="requests_total"),
    ],
)
def test_any_other_query_means_no_native_histogram(query: Query) -> None:
    assert histogram_of(query) is None


class Told:
    """A service, its Prometheus, and the events there were."""

    def __init__(self, service: NativeService, server: Prometheus) -> None:
        self.service, self.server = service, server

    def observe(self, *, quick: int = 0, near: int = 0, slow: int = 0) -> None:
        """0.25 s is the end of a bucket; 0.3 s lies within one, with events on both sides of it."""
        for seconds, times in ((0.25, quick), (0.299, near), (2, slow)):
            if times:
                self.service.observe(seconds, times)
        self.scraped()

    def scraped(self) -> None:
        before = self.service.scrapes
        deadline = time.monotonic() + 10
        while self.service.scrapes < before + 3 and time.monotonic() < deadline:
            time.sleep(0.05)

    def ask(self, start: int, *queries: Query) -> list[Reading]:
        end = int(time.time())
        source = Source(self.server.url, scrape_interval=0.25)
        return source.collect(queries, start, end, 1)


def good(reading: Reading) -> float:
    return sum(sample.good for sample in reading.samples)


def total(reading: Reading) -> float:
    return sum(sample.total for sample in reading.samples)


@pytest.mark.integration
def test_every_event_of_a_native_histogram_counts_once_through_restarts_and_absence(
    prometheus: PrometheusFactory,
) -> None:
    start = int(time.time()) - 2
    with NativeService(started=time.time()) as service:
        server = prometheus([service.url], 0.25, arguments=NATIVE)
        server.await_scrape(service.url)
        told = Told(service, server)
        told.observe()
        told.observe(quick=7, near=2, slow=1)
        told.observe(quick=70, slow=10)
        # The process after this one brings its counters beyond the old ones before it is seen.
        service.restart(time.time() + 3)
        told.observe(quick=700, near=20, slow=100)
        # Away for a while: what it counted meanwhile is found when it is back.
        service.stop()
        time.sleep(2)
        service.observe(0.25, 1000)
        service.start()
        told.scraped()
        time.sleep(1)
        exact, wide, between, nothing = told.ask(
            start, of(0.25), of(4, 2), of(0.3, 3), Query(4, total=count("no_seconds"), good=bucket("no_seconds", 1))
        )
    assert (good(exact), total(exact), exact.problem) == (1777, 1910, "")
    assert all(sample.good == round(sample.good) for sample in exact.samples)
    assert (good(wide), total(wide), wide.problem) == (1910, 1910, "")
    # Off a boundary the count is off by no more than the events of one bucket, and that is said.
    assert 1777 < good(between) < 1799
    assert between.problem == (
        "the threshold 0.3 is no bucket boundary of the native histogram latency_seconds; good events are "
        "interpolated between 0.297302 and 0.32421, where 20 of those counted so far lie"
    )
    assert nothing.problem == ""
    assert total(nothing) == 0


@pytest.mark.integration
def test_what_a_long_running_process_counted_before_it_was_found_is_not_new(prometheus: PrometheusFactory) -> None:
    start = int(time.time()) - 2
    with NativeService(started=time.time() - 3600) as service:
        service.observe(0.25, 50)
        server = prometheus([service.url], 0.25, arguments=NATIVE)
        server.await_scrape(service.url)
        told = Told(service, server)
        time.sleep(1)
        told.observe(quick=5, slow=1)
        time.sleep(1)
        (reading,) = told.ask(start, of(0.25))
    assert (good(reading), total(reading), reading.problem) == (5, 6, "")


@pytest.mark.integration
def test_a_server_without_native_histograms_has_nothing_to_count(prometheus: PrometheusFactory) -> None:
    server = prometheus([], 1)
    end = int(time.time())
    (reading,) = Source(server.url).collect([of(0.25)], end - 60, end, 30)
    assert reading.problem == ""
    assert [sample.observed for sample in reading.samples] == [0, 0]
