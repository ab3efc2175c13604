"""Alerts, runbooks and the outbox over JSON."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from alerts.channels import fake
from alerts.channels.base import Answer
from alerts.models import Alert, Delivery, Runbook
from alerts.services.acknowledge import acknowledge
from alerts.services.deliver import deliver
from alerts.services.runbooks import record
from slo.services.access import issue_token
from tests.alerts.world import burning, channel, fired, resolve
from tests.factories import NOW, service

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> dict[str, Any]:
    return {"HTTP_AUTHORIZATION": f"Bearer {issue_token('robot', 'operator', NOW)}"}


@pytest.fixture
def viewer() -> dict[str, Any]:
    return {"HTTP_AUTHORIZATION": f"Bearer {issue_token('eye', 'viewer', NOW)}"}


def names(client: Client, query: str, headers: dict[str, Any]) -> list[str]:
    answer = client.get(f"/api/v1/alerts?kind=burn&{query}", **headers)
    assert answer.status_code == 200
    return [alert["objective"] for alert in answer.json()["alerts"]]


def test_alerts_are_listed_by_state_service_and_objective(client: Client, viewer: dict[str, Any]) -> None:
    resolve(fired("old", at=NOW - timedelta(hours=2)))
    fired("checkout", service=service("shop"))
    assert names(client, "", viewer) == ["checkout", "old"]
    assert names(client, "state=firing", viewer) == ["checkout"]
    assert names(client, "state=resolved", viewer) == ["old"]
    assert names(client, "service=shop", viewer) == ["checkout"]
    assert names(client, "objective=old", viewer) == ["old"]
    assert names(client, "limit=1", viewer) == ["checkout"]
    assert client.get("/api/v1/alerts?state=hot", **viewer).status_code == 422


def test_alerts_are_listed_by_what_keeps_them_quiet(client: Client, viewer: dict[str, Any]) -> None:
    paging = fired("checkout", service=service("shop", owner="payments"))
    held = fired("search", at=NOW + timedelta(minutes=1))
    Alert.objects.filter(pk=held.pk).update(inhibited_by=paging, flapping_since=NOW, severity="ticket", spent=0.25)
    for query, expected in (
        ("quiet=true", ["search"]),
        ("quiet=false", ["checkout"]),
        ("flapping=true", ["search"]),
        ("flapping=false", ["checkout"]),
        ("acknowledged=true", []),
        ("severity=ticket", ["search"]),
        ("team=payments", ["checkout"]),
        ("team=nobody", []),
    ):
        assert names(client, query, viewer) == expected, query
    body = client.get(f"/api/v1/alerts/{held.pk}", **viewer).json()
    assert (body["inhibited_by"], body["silenced_by"], body["spent"]) == (paging.pk, None, 0.25)
    assert (body["labels"]["alertname"], body["labels"]["objective"]) == ("ErrorBudgetBurn", "search")
    assert client.get("/api/v1/alerts?kind=fire", **viewer).status_code == 422


def test_an_alert_tells_its_history_and_what_was_told_of_it(client: Client, viewer: dict[str, Any]) -> None:
    channel()
    alert = fired()
    body = client.get(f"/api/v1/alerts/{alert.pk}", **viewer).json()
    assert (body["objective"], body["severity"], body["state"]) == ("checkout", "page", "firing")
    assert body["figures"]["windows"][0]["exceeded"] is True
    assert [(t["before"], t["after"]) for t in body["transitions"]] == [("inactive", "firing")]
    assert [(d["channel"], d["told"], d["state"]) for d in body["deliveries"]] == [("team", "firing", "due")]
    assert body["acknowledgement"] is None
    assert client.get("/api/v1/alerts/999", **viewer).status_code == 404


def test_an_operator_acknowledges_and_the_second_gets_a_conflict(
    client: Client, operator: dict[str, Any], viewer: dict[str, Any]
) -> None:
    address = f"/api/v1/alerts/{fired().pk}/acknowledge"
    note = {"note": "on it"}
    assert client.post(address, note, "application/json", **viewer).status_code == 403
    body = client.post(address, note, "application/json", **operator).json()
    taken, change = body["acknowledgement"], body["transitions"][-1]
    assert (taken["by"], taken["via"], taken["note"]) == (None, "token:robot", "on it")
    assert (change["via"], change["cause"]) == ("token:robot", "acknowledged: on it")
    again = client.post(address, note, "application/json", **operator)
    assert again.status_code == 409
    assert "token:robot acknowledged this alert" in again.json()["detail"]


def test_a_person_acknowledges_by_name(client: Client) -> None:
    ana = User.objects.create(username="ana")
    group, _ = Group.objects.get_or_create(name="operator")
    ana.groups.add(group)
    client.force_login(ana)
    alert = fired()
    body = client.post(f"/api/v1/alerts/{alert.pk}/acknowledge", {"note": ""}, "application/json").json()
    assert body["acknowledgement"]["by"] == "ana"
    assert body["transitions"][-1]["actor"] == "ana"


def test_runbooks_are_listed_and_read(client: Client, viewer: dict[str, Any]) -> None:
    record(Runbook.objects.create(name="orders", title="Orders"), "1. <b>Look</b>", NOW)
    (listed,) = client.get("/api/v1/runbooks", **viewer).json()["runbooks"]
    assert (listed["name"], listed["version"]) == ("orders", 1)
    body = client.get("/api/v1/runbooks/orders", **viewer).json()
    assert body["body"] == "1. <b>Look</b>"
    assert "&lt;b&gt;Look" in body["html"]
    assert client.get("/api/v1/runbooks/none", **viewer).status_code == 404


def test_an_operator_sees_dead_messages_and_sends_them_again(
    client: Client, operator: dict[str, Any], viewer: dict[str, Any]
) -> None:
    channel()
    fired()
    with fake.installed(Answer("refused", "400 Bad Request")):
        deliver(NOW)
    assert client.get("/api/v1/deliveries?state=dead", **viewer).status_code == 403
    (dead,) = client.get("/api/v1/deliveries?state=dead", **operator).json()["deliveries"]
    assert (dead["channel"], dead["answer"]) == ("team", "400 Bad Request")
    again = client.post(f"/api/v1/deliveries/{dead['id']}/send-again", **operator)
    assert (again.status_code, again.json()["state"]) == (200, "due")
    assert client.post(f"/api/v1/deliveries/{dead['id']}/send-again", **operator).status_code == 409
    assert client.post("/api/v1/deliveries/999/send-again", **operator).status_code == 404
    assert Delivery.objects.get().state == "due"


def test_listing_alerts_takes_the_same_queries_for_one_as_for_many(
    client: Client, viewer: dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    for i in range(5):
        burning(f"o{i}")
    fired("last", at=NOW)
    with django_assert_max_num_queries(4):
        assert len(names(client, "", viewer)) == 6


def test_acknowledging_in_code_shows_in_the_api(client: Client, viewer: dict[str, Any]) -> None:
    alert = fired()
    acknowledge(alert, None, "by a program", NOW)
    body = client.get(f"/api/v1/alerts/{alert.pk}", **viewer).json()
    assert body["acknowledgement"] == {"at": "2026-03-02T12:00:00Z", "by": None, "via": None, "note": "by a program"}
