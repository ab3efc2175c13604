"""The Prometheus source, against a real one and against what answers in its place."""

import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from pytest_django.fixtures import Settings

from slo.errors import DefinitionError, SourceError
from slo.models import Objective, SourceState, Watermark
from slo.services.collect import collect
from slo.sources.base import Query, Reading
from slo.sources.connection import Connection
from slo.sources.grid import steps_per_tick
from slo.sources.intervals import forget
from slo.sources.prometheus import OBJECTIVES, Prometheus
from slo.sources.promql import START
from tests import factories
from tests.conftest import PrometheusFactory
from tests.servers import Prometheus as Server
from tests.servers import Receiver, SimulatedService, Truth, until

Make = Callable[[], SimulatedService]

TOTAL, BAD, GOOD = "requests_total", 'requests_total{code="500"}', 'requests_total{code="200"}'
FAST, ALL = 'request_duration_seconds_bucket{le="0.05"}', "request_duration_seconds_count"


@pytest.mark.parametrize(
    ("tick", "scrape", "steps"),
    [(30, 15, 2), (30, 60, 1), (10, 15, 1), (10, 4, 4), (10, 3, 4), (20, 15, 2), (1, 1, 1), (5, 2, 4), (30, 14.9, 3)],
)
def test_a_step_divides_the_tick_and_is_no_longer_than_a_scrape(tick: int, scrape: float, steps: int) -> None:
    assert steps_per_tick(tick, scrape) == steps
    assert tick * 1000 % steps == 0
    assert tick / steps <= scrape


# The loop: collecting each second from a Prometheus that scrapes each second ------------------------------------


@pytest.fixture(autouse=True)
def _tick(settings: Settings) -> None:
    settings.TICK_SECONDS = 1


def watch(server: Server, **sli: object) -> Objective:
    sli = sli or {"bad": BAD, "total": TOTAL}
    source = factories.source(spec={"url": server.url, "scrape_interval": 1, "timeout": 5})
    return factories.objective(sli={"counter": True, **sli}, source=source)


def now() -> None:
    collect(datetime.now(UTC))


def counted(item: Objective) -> tuple[float, float]:
    """All and bad events in the ledger."""
    *_, last = factories.sums(item)
    return last[2], last[2] - last[1]


def between(before: Truth, after: Truth) -> tuple[int, int]:
    return after.total - before.total, after.bad - before.bad


def scraped(*services: SimulatedService) -> None:
    """Wait until Prometheus has seen what the services have counted so far."""
    seen = [service.scrapes for service in services]
    until(lambda: all(s.scrapes >= n + 2 for s, n in zip(services, seen, strict=True)), 15, 0.05, what="two scrapes")


def collected(item: Objective, truth: tuple[int, int]) -> None:
    """Collect until the ledger says so, and still does after some more ticks."""

    def looks_right() -> bool:
        now()
        return counted(item) == truth

    until(looks_right, 12, 0.5, what=lambda: f"{truth} in the ledger, which has {counted(item)}")
    time.sleep(2)
    now()
    assert counted(item) == truth


@pytest.mark.django_db
def test_a_fleet_is_counted_to_the_event(prometheus: PrometheusFactory, simulated_service: Make) -> None:
    numbers = random.Random(7)
    fleet = [simulated_service() for _ in range(3)]
    for service in fleet:
        service.serve(good=1000, bad=50)
    server = prometheus([service.url for service in fleet])
    for service in fleet:
        server.await_scrape(service.url)
    scraped(*fleet)
    time.sleep(1.1)
    items = [watch(server), watch(server, good=GOOD, total=TOTAL), watch(server, good=FAST, total=ALL)]
    now()
    before = [service.truth for service in fleet]
    for round_ in range(8):
        for service in fleet:
            service.serve(good=numbers.randrange(500) if round_ % 3 else 0, bad=numbers.randrange(4), slow=round_ % 2)
        if round_ in (2, 5):
            scraped(*fleet)
            fleet[round_ // 2 - 1].restart()
        time.sleep(0.7)
        now()
    after = [service.truth for service in fleet]
    total, bad = (sum(both) for both in zip(*map(between, before, after), strict=True))
    slow = sum(a.slow - b.slow for a, b in zip(after, before, strict=True))
    collected(items[0], (total, bad))
    assert counted(items[1]) == (total, bad)
    assert counted(items[2]) == (total, slow)
    assert {mark.problem for mark in Watermark.objects.all()} == {""}


@pytest.mark.django_db
def test_first_errors_births_and_a_late_start_are_counted_right(
    prometheus: PrometheusFactory, simulated_service: Make
) -> None:
    known, old, fresh = simulated_service(), simulated_service(), simulated_service()
    old.restart(datetime.fromtimestamp(time.time() - 86_400, UTC))
    old.serve(good=100_000, bad=500)
    known.serve(good=10)
    server = prometheus([known.url])
    server.await_scrape(known.url)
    scraped(known)
    time.sleep(1.1)
    item = watch(server)
    now()
    # The error counter does not exist before its first event.
    known.serve(bad=1)
    collected(item, (1, 1))
    # A process that has just been started is new with all it has counted; one that has long been running is not.
    fresh.restart()
    fresh.serve(good=20, bad=2)
    server.set_targets([known.url, old.url, fresh.url])
    server.await_scrape(old.url)
    server.await_scrape(fresh.url)
    collected(item, (23, 3))
    old.serve(good=5, bad=1)
    collected(item, (29, 4))


@pytest.mark.django_db
def test_nothing_is_lost_or_doubled_when_prometheus_was_gone(
    prometheus: PrometheusFactory, simulated_service: Make
) -> None:
    service = simulated_service()
    service.serve(good=100, bad=1)
    server = prometheus([service.url])
    server.await_scrape(service.url)
    scraped(service)
    time.sleep(1.1)
    item = watch(server)
    now()
    before = service.truth
    service.serve(good=10, bad=1)
    collected(item, (11, 1))
    server.kill()
    service.serve(good=200, bad=20)
    time.sleep(1.5)
    now()
    assert "does not answer: [Errno 111] Connection refused" in SourceState.objects.get().problem
    assert counted(item) == (11, 1)
    server.start()
    server.await_scrape(service.url)
    service.serve(good=5)
    collected(item, between(before, service.truth))
    assert SourceState.objects.get().problem == ""
    rows = [at for at, *_ in factories.sums(item)]
    assert rows == list(range(rows[0], rows[-1] + 1))


@pytest.mark.django_db
def test_a_broken_expression_is_told_on_its_objective_alone(
    prometheus: PrometheusFactory, simulated_service: Make
) -> None:
    service = simulated_service()
    service.serve(good=1, bad=1)
    server = prometheus([service.url])
    server.await_scrape(service.url)
    scraped(service)
    time.sleep(1.1)
    healthy = [watch(server) for _ in range(3)]
    source = healthy[0].source

    def add(**sli: object) -> Objective:
        return factories.objective(sli={"counter": False, **sli}, source=source)

    for item in healthy[1:]:
        item.source = source
        item.save()
    unparsable = add(good="sum(requests_total", total="sum(requests_total)")
    impossible = add(good="requests_total * on (job) requests_total", total="vector(1)")
    several = add(good="vector(1)", total="requests_total")
    nonsense = add(good="vector(1)", total="vector(0) / 0")
    negative = add(good="vector(-3)", total="vector(3) # a comment")
    backwards = add(bad=r'requests_total{code=~"(?<!x)5"}', total="requests_total", counter=True)
    sound = add(good="vector(3)", total="vector(4) # a comment")
    misspelt = add(good='requests_total{code="2oo"}', total="requests_total", counter=True)
    now()
    service.serve(good=8, bad=2)
    collected(healthy[0], (10, 2))
    assert [counted(item) for item in healthy[1:]] == [(10, 2)] * 2
    problems = {mark.pk: mark.problem for mark in Watermark.objects.all()}
    assert "the good query is refused: " in problems[unparsable.pk]
    assert "parse error" in problems[unparsable.pk]
    assert "many-to-many" in problems[impossible.pk]
    assert problems[several.pk] == "the total query gives 2 series where one is needed; put sum(…) around it"
    assert "the total query gave nan, which is no number of events" in problems[nonsense.pk]
    assert "the good query gave -3" in problems[negative.pk]
    assert "the bad query is refused" in problems[backwards.pk]
    assert problems[sound.pk] == ""
    assert all(problems[item.pk] == "" for item in healthy)
    assert f"the good selector {misspelt.sli['good']} matched no series" in problems[misspelt.pk]
    *_, last = factories.sums(sound)
    assert last[2] == 4 * last[3] > 0


# What answers in place of Prometheus ------------------------------------------------------------------------------


def matrix(*series: dict[str, object]) -> str:
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": list(series)}})


def queries(count: int = 1) -> list[Query]:
    return [Query(n, total="a_total", bad="b_total") for n in range(count)]


def ask(receiver: Receiver, *asked: Query) -> list[Reading]:
    source = Prometheus(receiver.url, connection=Connection({"Authorization": "Bearer t"}), timeout=1)
    return source.collect(asked or queries(), 1_700_000_010, 1_700_000_040, 30)


def forms(receiver: Receiver) -> list[dict[str, list[str]]]:
    """The queries for counters, without what is asked about restarts."""
    asked = [parse_qs(request.body.decode()) for request in receiver.requests if request.method == "POST"]
    return [form for form in asked if START not in form["query"][0]]


@pytest.fixture(autouse=True)
def _forget() -> None:
    forget()


@pytest.fixture
def empty(receiver: Receiver) -> Receiver:
    receiver.fallback = type(receiver.fallback)(200, matrix().encode())
    return receiver


def test_queries_travel_in_the_body_with_the_headers_given(empty: Receiver) -> None:
    ask(empty)
    request = next(request for request in empty.requests if request.method == "POST")
    assert request.path == "/api/v1/query_range"
    assert request.headers["authorization"] == "Bearer t"
    (form,) = forms(empty)
    assert (form["start"], form["end"], form["step"]) == (["1700000025.000"], ["1700000040.000"], ["15.000"])


def test_many_objectives_share_a_request(empty: Receiver) -> None:
    assert len(ask(empty, *queries(2 * OBJECTIVES + 1))) == 2 * OBJECTIVES + 1
    assert len(forms(empty)) == 3
    assert len(empty.requests) == 3 + 2  # the scrape intervals, and the restarts


def test_what_failed_the_last_time_is_asked_alone(empty: Receiver) -> None:
    ask(empty, *queries(5), Query(7, total="x_total", good="y_total", suspect=True))
    asked = [form["query"][0] for form in forms(empty)]
    assert [("x_total" in text, "a_total" in text) for text in asked] == [(False, True), (True, False)]


def test_nothing_known_is_nothing_observed(empty: Receiver) -> None:
    sample = ask(empty)[0].samples[0]
    assert (sample.total, sample.observed) == (0, 0)


def test_what_is_no_bare_selector_is_not_even_asked(empty: Receiver) -> None:
    broken, fine = ask(empty, Query(1, total="sum(a_total)", good="b_total"), Query(2, total="a_total", good="b_total"))
    assert "is no selector of a counter" in broken.problem
    assert not broken.samples
    assert fine.samples
    assert not any("sum(a_total)" in form["query"][0] for form in forms(empty))


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (500, "boom", "does not answer: HTTP Status Code 500"),
        (404, "not here", "does not answer: HTTP Status Code 404"),
        (401, "who?", "does not answer: HTTP Status Code 401"),
        (200, "<html>hello</html>", "does not answer as Prometheus does"),
        (200, "[]", "does not answer as Prometheus does"),
        (200, '{"status": "success", "data": {"result": [{"metric": {}}]}}', "does not answer as Prometheus does"),
        (200, matrix({"metric": {}, "values": [[1_700_000_025, "1"]]}), "series that were not asked for"),
        (400, "<html>bad</html>", "not as Prometheus does"),
    ],
)
def test_what_is_no_proper_answer_fails_the_source(receiver: Receiver, status: int, body: str, message: str) -> None:
    receiver.fallback = type(receiver.fallback)(status, body.encode())
    if "metric" in body and "values" in body:
        receiver.answer(200, matrix())
    with pytest.raises(SourceError, match=message):
        ask(receiver)


def test_a_passing_failure_is_tried_again(empty: Receiver) -> None:
    empty.answer(503, times=2)
    assert ask(empty)[0].samples


def test_a_server_that_does_not_answer_in_time_fails_the_source(empty: Receiver) -> None:
    empty.answer(200, delay=4, times=9)
    with pytest.raises(SourceError, match="no answer in time"):
        Prometheus(empty.url, timeout=0.3).collect(queries(), 1_700_000_010, 1_700_000_040, 30)


def test_an_address_is_told_without_its_password() -> None:
    source = Prometheus("http://me:secret@127.0.0.1:1")
    with pytest.raises(SourceError, match=r"^Prometheus at http://127.0.0.1:1 does not answer") as caught:
        source.collect(queries(), 1_700_000_010, 1_700_000_040, 30)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"scrape_interval": 0}, {"timeout": -1}])
def test_times_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(DefinitionError):
        Prometheus("http://localhost:9090", **wrong)
