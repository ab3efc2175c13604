"""The servers themselves: what tests may rely on."""

import time

import psycopg
import pytest
import requests
from playwright.sync_api import Page

from tests.conftest import PrometheusFactory, ServiceFactory
from tests.servers import Alertmanager, Console, Receiver, Truth, until


def test_a_simulated_service_exposes_exactly_the_events_it_served(simulated_service: ServiceFactory) -> None:
    service = simulated_service()
    service.serve(good=7, bad=2, slow=1)
    text = requests.get(f"{service.url}/metrics", timeout=5).text
    assert 'requests_total{code="200"} 8.0' in text
    assert 'requests_total{code="500"} 2.0' in text
    assert 'request_duration_seconds_bucket{le="0.3"} 9.0' in text
    assert "request_duration_seconds_count 10.0" in text
    assert "process_start_time_seconds" in text


def test_the_truth_of_a_simulated_service_survives_a_restart(simulated_service: ServiceFactory) -> None:
    service = simulated_service()
    service.serve(good=5)
    service.restart()
    assert "requests_total{" not in service.text()
    service.serve(bad=1)
    assert service.truth == Truth(good=5, bad=1)


def test_a_simulated_service_refuses_connections_while_it_is_away(simulated_service: ServiceFactory) -> None:
    service = simulated_service()
    service.go_away()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{service.url}/metrics", timeout=5)
    service.come_back()
    assert requests.get(f"{service.url}/metrics", timeout=5).ok


def test_a_receiver_answers_as_told_and_writes_down_what_came(receiver: Receiver) -> None:
    receiver.answer(503, times=1)
    answers = [requests.post(f"{receiver.url}/hook", json={"n": n}, timeout=5).status_code for n in (1, 2)]
    assert answers == [503, 200]
    assert [request.json["n"] for request in receiver.wait(2)] == [1, 2]
    assert receiver.requests[0].path == "/hook"


def test_prometheus_keeps_what_it_scraped_over_a_kill(
    prometheus: PrometheusFactory, simulated_service: ServiceFactory
) -> None:
    service = simulated_service()
    service.serve(good=3)
    server = prometheus()
    server.set_targets([service.url])
    server.await_scrape(service.url)
    server.kill()
    server.start()
    assert server.value('max_over_time(requests_total{code="200"}[5m])') == 3


def test_prometheus_starts_with_the_history_it_is_given(prometheus: PrometheusFactory) -> None:
    moment = int(time.time()) - 7200
    server = prometheus(history=f"# TYPE old_events counter\nold_events_total 5 {moment}\n# EOF\n")
    assert server.value("old_events_total", moment + 30) == 5


def test_alertmanager_lists_what_is_posted_and_tells_its_webhook(alertmanager: Alertmanager) -> None:
    requests.post(f"{alertmanager.url}/api/v2/alerts", json=[{"labels": {"alertname": "Burn"}}], timeout=5)
    assert [alert["labels"] for alert in alertmanager.alerts(alertname="Burn")] == [{"alertname": "Burn"}]
    assert alertmanager.alerts(alertname="Other") == []


def test_each_test_gets_an_empty_postgresql_database(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert row == (0,)


def test_redis_answers(redis_url: str) -> None:
    from redis import Redis

    assert Redis.from_url(redis_url).ping()


def test_a_page_that_logs_an_error_is_noticed(page: Page, console: Console, receiver: Receiver) -> None:
    console.allow("^boom")
    page.goto(receiver.url)
    page.evaluate("console.error('boom')")
    until(lambda: console.complaints, 5)
    assert console.unexpected() == []


@pytest.mark.django_db
def test_the_database_can_be_used_beside_a_page(page: Page) -> None:
    from slo.models import Service

    Service.objects.create(name="shop")
    assert Service.objects.count() == 1
