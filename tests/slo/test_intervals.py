"""How often a server scrapes is asked of itself, so that steps are never longer."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from slo.sources.base import Query
from slo.sources.connection import Connection
from slo.sources.intervals import forget, interval_of, intervals
from slo.sources.prometheus import Prometheus
from slo.sources.prometheus_http import Server
from slo.sources.selector import parse
from tests.conftest import PrometheusFactory
from tests.servers import Receiver, SimulatedService

TOLD = {"shop": 30.0, "shop-canary": 5.0, "db": 60.0}


@pytest.fixture(autouse=True)
def _forget() -> None:
    forget()


@pytest.mark.parametrize(
    ("selectors", "seconds"),
    [
        (['a_total{job="shop"}'], 30),
        (['a_total{job=~"shop.*"}'], 5),
        (['a_total{job!~"shop.*"}'], 60),
        (['a_total{job="db"}', 'b_total{job="shop"}'], 30),
        (["a_total"], 5),
        (['a_total{job="gone"}'], 5),
        ([r'a_total{job=~"\\pL+"}'], 5),
    ],
)
def test_the_shortest_interval_of_what_a_selector_may_be_about_counts(selectors: list[str], seconds: float) -> None:
    assert interval_of([parse(selector) for selector in selectors], TOLD, 15) == seconds


def test_what_is_not_told_is_as_the_documents_say() -> None:
    assert interval_of([parse("a_total")], {}, 15) == 15


def targets(*found: Any) -> str:
    return json.dumps({"status": "success", "data": {"activeTargets": list(found)}})


def target(job: str, every: str) -> dict[str, Any]:
    return {"labels": {"job": job, "instance": "x"}, "scrapeInterval": every, "health": "up"}


def known(receiver: Receiver) -> dict[str, float]:
    with Server(receiver.url, 1, Connection().access()) as server:
        return dict(intervals(server))


def test_the_shortest_of_a_job_is_taken_whatever_else_is_listed(receiver: Receiver) -> None:
    odd: list[Any] = [None, 7, {}, {"labels": None}, target("x", ""), target("y", "soon"), {"labels": {"job": 1}}]
    found = [target("shop", "1m30s"), target("shop", "30s"), target("db", "500ms"), target("day", "1d")]
    receiver.fallback = type(receiver.fallback)(200, targets(*odd, *found).encode())
    assert known(receiver) == {"shop": 30, "db": 0.5, "day": 86_400}


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, "no"), (400, "{}"), (200, "<html>"), (200, "[]"), (200, '{"data": {"activeTargets": 1}}')],
)
def test_a_server_that_does_not_tell_is_no_failure(receiver: Receiver, status: int, body: str) -> None:
    receiver.fallback = type(receiver.fallback)(status, body.encode())
    assert known(receiver) == {}


def test_a_server_is_not_asked_each_tick(receiver: Receiver) -> None:
    receiver.fallback = type(receiver.fallback)(200, targets(target("shop", "30s")).encode())
    assert known(receiver) == known(receiver) == {"shop": 30}
    assert [request.path.partition("?")[0] for request in receiver.requests] == ["/api/v1/targets"]


def test_each_job_is_asked_in_steps_of_its_own_interval(receiver: Receiver) -> None:
    empty = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": []}})
    receiver.fallback = type(receiver.fallback)(200, empty.encode())
    receiver.answer(200, targets(target("shop", "10s"), target("db", "1m")))
    asked = [Query(n, f'a_total{{job="{job}"}}', bad=f'b_total{{job="{job}"}}') for n, job in enumerate(("shop", "db"))]
    Prometheus(receiver.url).collect(asked, 1_700_000_010, 1_700_000_040, 30)
    forms = [parse_qs(request.body.decode()) for request in receiver.requests if request.method == "POST"]
    steps = {job: form["step"] for form in forms for job in ("shop", "db") if f'job="{job}"' in form["query"][0]}
    assert steps == {"shop": ["10.000"], "db": ["30.000"]}


@pytest.mark.integration
def test_a_real_prometheus_tells_its_intervals(prometheus: PrometheusFactory) -> None:
    service = SimulatedService()
    with service:
        server = prometheus([service.url], 2)
        server.await_scrape(service.url)
        with Server(server.url, 5, Connection().access()) as connection:
            assert intervals(connection) == {"service": 2}
