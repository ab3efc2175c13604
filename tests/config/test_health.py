"""Health tells the truth at three depths, and is cheap to ask."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.db import DatabaseError
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from config.health import PARTS
from slo.models import SourceState
from slo.services.heartbeat import beat
from tests.factories import objective


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


def test_live_touches_nothing(client: Client) -> None:
    """No database mark on this test: any query would fail it. Any host, plain HTTP, no redirect."""
    response = client.get("/health/live", headers={"host": "10.0.0.7"})
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert not response.cookies


@pytest.mark.django_db
def test_ready_when_database_broker_and_migrations_are(client: Client) -> None:
    assert client.get("/health/ready").json() == {"status": "ok", "reasons": []}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("check", "error", "reason"),
    [
        ("_database", DatabaseError("password=secret"), "database: DatabaseError"),
        ("_broker", ConnectionRefusedError("redis://:secret@host"), "broker: ConnectionRefusedError"),
    ],
)
def test_not_ready_says_why_but_no_secret(client: Client, check: str, error: Exception, reason: str) -> None:
    with patch(f"config.health.{check}", side_effect=error):
        response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["reasons"] == [reason]


@pytest.mark.django_db
def test_pending_migrations_are_a_reason(client: Client) -> None:
    with patch("config.health.MigrationExecutor") as executor:
        executor.return_value.migration_plan.return_value = ["one"]
        response = client.get("/health/ready")
    assert response.json()["reasons"] == ["migrations: 1 not applied; run `manage.py migrate`"]


def alive() -> None:
    for part in PARTS:
        beat(part, datetime.now(UTC))


@pytest.mark.django_db
def test_deep_is_well_while_everything_beats_and_answers(client: Client) -> None:
    alive()
    source = objective().source
    SourceState.objects.create(source=source, asked_at=datetime.now(UTC), answered_at=datetime.now(UTC))
    report = client.get("/health/deep").json()
    assert report["status"] == "ok"
    assert report["outbox"] == {"waiting": 0, "dead": 0}
    assert report["sources"][source.name]["age"] < 60


@pytest.mark.django_db
@pytest.mark.parametrize("part", PARTS)
def test_deep_names_the_part_that_stopped(client: Client, part: str) -> None:
    alive()
    beat(part, datetime.now(UTC) - timedelta(hours=1))
    response = client.get("/health/deep")
    assert response.status_code == 503
    assert [name for name, state in response.json()["parts"].items() if not state["ok"]] == [part]


@pytest.mark.django_db
def test_deep_names_the_source_that_is_silent(client: Client) -> None:
    alive()
    source = objective().source
    response = client.get("/health/deep")
    assert response.status_code == 503
    assert response.json()["sources"] == {source.name: {"age": None, "ok": False}}


@pytest.mark.django_db
def test_asking_again_costs_no_query(client: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    client.get("/health/deep")
    client.get("/health/ready")
    with django_assert_max_num_queries(0):
        for _ in range(20):
            client.get("/health/deep")
            client.get("/health/ready")
