"""The page of an objective that is measured without a query: what is checked or sent, and why it failed last."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from dashboards.presenters.objective import definition_of
from slo.models import Objective, Watermark
from tests import factories

pytestmark = pytest.mark.django_db
PROBE = {
    "url": "https://pay.test/health",
    "interval": 90,
    "timeout": 2,
    "max_seconds": 0.5,
    "expected_status": [[200, 299], [404, 404]],
    "body_match": "ok$",
    "tls_expiry_days": 14,
    "headers": {"X-Key": {"from_env": "KEY"}},
}


def probe(**spec: object) -> Objective:
    source = factories.source("outside", kind="probe", spec=spec)
    return factories.objective("payments", source=source, sli={"probe": PROBE})


def text(item: Objective) -> list[str]:
    (query,) = definition_of(item).queries
    return [
        query.role,
        *query.text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ").split("\n"),
    ]


def test_a_check_is_told_in_words() -> None:
    assert text(probe()) == [
        "check",
        "GET https://pay.test/health",
        "every 1.5 min, good within 0.5 s",
        "status 200–299 or 404",
        "body matches ok$",
        "certificate valid for 14 d more",
    ]


def test_a_tcp_check_and_posts_are_told_in_words() -> None:
    item = factories.objective("db", source=factories.source(kind="probe"), sli={"probe": {"tcp": "db.test:5432"}})
    assert text(item) == ["check", "TCP db.test:5432", "every 1 min, good within 5 s"]
    item = factories.objective("sent", source=factories.source(kind="events"), sli={"events": {"heartbeat": 300}})
    assert text(item)[1] == "POST /api/v1/events"
    assert text(item)[3] == "at least every 5 min, at most 6 h late"


def test_the_page_tells_the_check_its_last_failure_and_what_is_not_verified(client: Client, settings: Settings) -> None:
    settings.PUBLIC_READ = True
    item = probe(tls={"insecure_skip_verify": True})
    factories.ledger(item)
    Watermark.objects.update(problem="the last check failed: 503 instead of 200–299 or 404")
    page = client.get("/objectives/payments/").content.decode()
    assert "the last check failed: 503 instead of 200–299 or 404" in page
    assert "GET https://pay.test/health" in page
    assert "Certificates of outside are not verified" in page
    assert "fromEnv: KEY" in page


def test_a_password_that_is_still_in_an_address_is_not_shown(client: Client, settings: Settings) -> None:
    settings.PUBLIC_READ = True
    factories.objective("old", source=factories.source(spec={"url": "http://me:hunter2@prom.test"}))
    page = client.get("/objectives/old/").content.decode()
    assert "http://prom.test/graph" in page
    assert "hunter2" not in page
