"""Reading services directly: every event they count while they can be seen, and what they counted meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.errors import DefinitionError, SourceError
from slo.sources.base import Query, Reading, Sample
from slo.sources.exposition import Page, read
from slo.sources.scrape import Pages, Scrape
from tests.servers import Receiver, SimulatedService
from tests.servers.http import Answer

Make = Callable[[], SimulatedService]

TICK = 30
TOTAL, BAD, GOOD = "requests_total", 'requests_total{code="500"}', 'requests_total{code=~"2.."}'


class Watch:
    """Asks again and again, as the collector does: each time from the cursor of the time before."""

    def __init__(self, *targets: str, timeout: float = 2, **query: Any) -> None:
        self.targets = [f"{target}/metrics" for target in targets]
        self.timeout = timeout
        self.query = query or {"total": TOTAL, "bad": BAD}
        self.cursor: dict[str, Any] = {}
        self.at = 1_700_000_010

    def look(self, ticks: int = 1) -> Reading:
        """The reading `ticks` ticks after the last one."""
        start, end = self.at, self.at + ticks * TICK
        source = Scrape(self.targets, timeout=self.timeout)
        reading = source.collect([Query(1, cursor=self.cursor, **self.query)], start, end, TICK)[0]
        if reading.samples:
            self.cursor, self.at = dict(reading.cursor), end
        return reading

    def sample(self, ticks: int = 1) -> tuple[float, float, float]:
        """Good, all, observed."""
        (sample,) = self.look(ticks).samples
        return sample.good, sample.total, sample.observed


def test_the_first_look_gives_a_baseline_only(simulated_service: Make) -> None:
    service = simulated_service()
    service.serve(good=1000, bad=10)
    watch = Watch(service.url)
    assert watch.sample() == (0, 0, 0)
    service.serve(good=5, bad=2)
    assert watch.sample() == (5, 7, 30)
    assert watch.sample() == (0, 0, 30)


def test_the_first_error_counts(simulated_service: Make) -> None:
    service = simulated_service()
    service.serve(good=10)
    watch = Watch(service.url)
    watch.look()
    service.serve(bad=1)
    assert watch.sample() == (0, 1, 30)


def test_a_restart_counts_what_was_counted_since(simulated_service: Make) -> None:
    service = simulated_service()
    service.serve(good=10, bad=4)
    watch = Watch(service.url)
    watch.look()
    service.restart()
    service.serve(good=3, bad=1)
    assert watch.sample() == (3, 4, 30)


def test_a_restart_is_seen_by_its_start_time_where_the_values_do_not_tell(receiver: Receiver) -> None:
    watch = Watch(receiver.url, total="a_total", good="a_total")
    for start, value in ((100, 5), (200, 9), (200.5, 11)):
        receiver.answer(body=f"a_total {value}\nprocess_start_time_seconds {start}\n")
    assert [watch.sample()[1] for _ in range(3)] == [0, 9, 2]


def test_a_target_that_was_away_brings_what_it_counted_meanwhile(simulated_service: Make) -> None:
    first, second = simulated_service(), simulated_service()
    for service in (first, second):
        service.serve(good=100)
    watch = Watch(first.url, second.url)
    watch.look()
    second.go_away()
    first.serve(good=5)
    second.serve(good=7, bad=1)
    reading = watch.look()
    assert reading.samples[0] == Sample(watch.at, 5, 5, 15)
    assert reading.problem.startswith(f"1 of 2 targets did not answer: {second.url}/metrics does not answer: ")
    second.come_back()
    assert watch.sample() == (7, 8, 30)


def test_when_no_target_answers_the_source_has_failed(simulated_service: Make) -> None:
    service = simulated_service()
    service.serve(good=1)
    watch = Watch(service.url)
    watch.look()
    service.go_away()
    service.serve(good=9)
    with pytest.raises(SourceError, match="Connection refused"):
        watch.look()
    service.come_back()
    assert watch.sample(ticks=5) == (9, 9, 30)


def test_a_target_that_does_not_have_the_series_does_not_count_as_missing(
    simulated_service: Make, receiver: Receiver
) -> None:
    service = simulated_service()
    service.serve(good=1)
    receiver.fallback = Answer(body=b"other_total 3\n")
    watch = Watch(service.url, receiver.url)
    watch.look()
    service.serve(good=2)
    assert watch.sample() == (2, 2, 30)
    receiver.fallback = Answer(500)
    assert watch.look().problem == ""


def test_a_series_that_is_not_there_is_not_observed(simulated_service: Make) -> None:
    service = simulated_service()
    watch = Watch(service.url)
    assert [watch.sample(), watch.sample()] == [(0, 0, 0), (0, 0, 0)]
    service.serve(good=3)
    assert watch.sample() == (3, 3, 30)


def test_other_selectors_begin_with_a_baseline_of_their_own(simulated_service: Make) -> None:
    service = simulated_service()
    service.serve(good=10, slow=5)
    watch = Watch(service.url)
    watch.look()
    watch.query = {"total": "request_duration_seconds_count", "good": 'request_duration_seconds_bucket{le="0.05"}'}
    assert watch.sample() == (0, 0, 0)
    service.serve(good=2, slow=1)
    assert watch.sample() == (2, 3, 30)


def test_all_objectives_of_a_source_share_one_look(simulated_service: Make) -> None:
    service = simulated_service()
    service.serve(good=1)
    queries = [Query(n, total=TOTAL, good=GOOD) for n in range(20)]
    source = Scrape([f"{service.url}/metrics"])
    source.collect(queries, 0, TICK, TICK)
    source.collect(queries[:3], 0, TICK, TICK)
    assert service.scrapes == 1
    source.collect(queries, TICK, 2 * TICK, TICK)
    assert service.scrapes == 2


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"total": TOTAL, "good": "up", "counter": False}, "other queries need a Prometheus"),
        ({"total": "sum(requests_total)", "good": GOOD}, "is no selector of a counter"),
        ({"total": TOTAL, "good": 'requests_total{code=~"("}'}, "is no regular expression"),
    ],
)
def test_what_cannot_be_counted_is_told(simulated_service: Make, query: dict[str, Any], problem: str) -> None:
    service = simulated_service()
    service.serve(good=1)
    reading = Watch(service.url, **query).look()
    assert problem in reading.problem
    assert reading.samples == ()


def test_a_good_selector_without_series_is_told(simulated_service: Make) -> None:
    service = simulated_service()
    service.serve(good=1)
    watch = Watch(service.url, total=TOTAL, good='requests_total{code="2oo"}')
    assert watch.look().problem == ""
    service.serve(good=1)
    reading = watch.look()
    assert "matched no series" in reading.problem
    assert reading.samples[0].total == 1


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-1"])
def test_a_value_that_is_no_number_of_events_is_told(receiver: Receiver, value: str) -> None:
    receiver.fallback = Answer(body=f"a_total {value}\n".encode())
    assert "which is no number of events" in Watch(receiver.url, total="a_total", good="a_total").look().problem


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(404), "answered 404"),
        (Answer(200, b"<html><body>hi</body></html>", {"Content-Type": "text/html; x"}), "text/html that holds no met"),
        (Answer(200, b'{"a": 1}', {"Content-Type": "application/json"}), "application/json that holds no metrics"),
        (Answer(200, b"", {"Content-Type": "text/plain"}), "text/plain that holds no metrics"),
        (Answer(200, b"\xff\xfe\x00garbage\x00" * 100), "holds no metrics"),
        (Answer(200, b"a_total 1\n", delay=3), "no answer in time"),
    ],
)
def test_what_is_no_metrics_page_is_refused(receiver: Receiver, answer: Answer, message: str) -> None:
    receiver.fallback = answer
    with pytest.raises(SourceError, match=message):
        Watch(receiver.url, timeout=0.5).look()


def test_a_page_that_never_ends_is_cut_off(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slo.sources.exposition.LARGEST", 1_000_000)
    receiver.fallback = Answer(body=b"a_total 1\n" * 200_000)
    with pytest.raises(SourceError, match="answered with more than"):
        Watch(receiver.url).look()


@pytest.mark.parametrize("spec", [{"targets": []}, {"targets": ["http://a"], "timeout": 0}])
def test_a_source_without_targets_or_time_is_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError):
        Scrape(**spec)


TEXT = """# TYPE hits counter
hits{a="1"} 3
# TYPE misses_total counter
misses_total 4
# TYPE took histogram
took_bucket{le="1"} 5
took_count 6
took_sum 7
plain 8
"""
OPENMETRICS = """# TYPE misses counter
misses_total 4.0
misses_created 1.7e9
# TYPE took histogram
took_bucket{le="1.0"} 5.0
took_bucket{le="+Inf"} 6.0
took_count 6.0
took_sum 7.0
# EOF
"""


def test_metrics_have_the_names_they_are_written_with() -> None:
    page = read(TEXT, "text/plain; version=0.0.4", "here")
    assert {name: series[0][1] for name, series in page.series.items()} == {
        "hits": 3, "misses_total": 4, "took_bucket": 5, "took_count": 6, "took_sum": 7, "plain": 8,
    }  # fmt: skip
    page = read(OPENMETRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8", "here")
    assert {"misses_total", "took_bucket", "took_count"} <= page.series.keys()


def page_of(good: int, bad: int, start: float) -> Page:
    """A page as clients write it: a code is there from its first event on."""
    counters = f'requests_total{{code="200"}} {good}\n' + (f'requests_total{{code="500"}} {bad}\n' if bad else "")
    return read(f"{counters}process_start_time_seconds {start}\n", "", "")


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from(["", "away", "restart"])), max_size=20))
def test_whatever_a_service_does_its_events_add_up(story: list[tuple[int, int, str]]) -> None:
    """Steps of good and bad events, and what happens. Pages are put in place of what targets answer."""
    source, still = Scrape(["a", "b"]), page_of(1, 0, 1)
    cursor: dict[str, Any] = {}
    start, good, bad, away = 1.0, 50, 5, False
    truth, counted = Sample(0, 0, 0, 0), Sample(0, 0, 0, 0)
    for at, (more, worse, event) in enumerate([(0, 0, ""), *story, (0, 0, "")]):
        # What nobody saw before a restart is lost, so it comes only after a look.
        if event == "restart" and not away:
            start, good, bad = start + 10, 0, 0
        good, bad, away = good + more, bad + worse, event == "away"
        truth = Sample(0, truth.good + more, truth.total + more + worse, 0)
        answered = {"b": still} if away else {"a": page_of(good, bad, start), "b": still}
        source._pages = {at: Pages(answered, {"a": "gone"} if away else {})}
        reading = source.collect([Query(1, total=TOTAL, bad=BAD, cursor=cursor)], at - 1, at, 1)[0]
        cursor = dict(reading.cursor)
        for sample in reading.samples:
            counted = Sample(0, counted.good + sample.good, counted.total + sample.total, 0)
    assert counted == truth
