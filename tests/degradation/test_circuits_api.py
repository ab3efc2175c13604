"""Circuits over JSON and as metrics: read by anybody who may, forced by operators."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from prometheus_client import CollectorRegistry, generate_latest

from degradation.metrics import Circuits
from degradation.services.circuit_reports import Said, receive
from slo.services.access import issue_token
from tests import factories
from tests.degradation import rows
from tests.factories import NOW

pytestmark = pytest.mark.django_db
CIRCUIT = "/api/v1/circuits/orders"


@pytest.fixture(autouse=True)
def _orders() -> None:
    factories.component("orders", title="Orders")


@pytest.fixture
def program() -> Client:
    return Client(headers={"Authorization": f"Bearer {issue_token('robot', 'operator', NOW)}"})


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"{CIRCUIT}/{path}", body, content_type="application/json")


def test_a_circuit_in_full(program: Client) -> None:
    found = program.get(CIRCUIT).json()
    assert found == program.get("/api/v1/circuits").json()["circuits"][0]
    assert (found["component"], found["state"], found["since"], found["version"]) == ("orders", "closed", None, 0)
    assert (found["settings"]["open_for"], found["clients"]["words"]) == (60, "")


def test_forced_for_a_while_and_released(program: Client) -> None:
    forced = post(program, "force", {"state": "open", "reason": "drill", "minutes": 15}).json()
    assert (forced["state"], forced["reason"]) == ("forced open", "drill (by the token robot)")
    assert post(program, "force", {"state": "closed", "reason": "x", "version": 0}).status_code == 409
    released = post(program, "release", {"reason": "over", "version": forced["version"]}).json()
    assert released["state"] == "half-open"
    changes = program.get(f"{CIRCUIT}/changes").json()["changes"]
    assert [(row["cause"], row["after"]) for row in changes] == [("released", "half-open"), ("forced", "forced open")]


def test_a_person_is_named(client: Client) -> None:
    client.force_login(rows.operator("ada"), backend="django.contrib.auth.backends.ModelBackend")
    post(client, "force", {"state": "closed", "reason": "we know better"})
    assert client.get(CIRCUIT).json()["by"] == "ada"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"state": "ajar", "reason": "x"}, 422),
        ({"state": "open"}, 422),
        ({"state": "open", "reason": " "}, 409),
        ({"state": "open", "reason": "x", "minutes": 0}, 422),
        ({"state": "open", "reason": "x", "minutes": 1_441}, 422),
    ],
)
def test_a_bad_wish_changes_nothing(program: Client, body: dict[str, Any], status: int) -> None:
    assert post(program, "force", body).status_code == status
    assert program.get(CIRCUIT).json()["version"] == 0


def test_what_is_not_there_and_who_may_not(program: Client) -> None:
    assert program.get("/api/v1/circuits/nothing").status_code == 404
    assert post(program, "release", {"reason": "x"}).status_code == 409
    viewer = Client(headers={"Authorization": f"Bearer {issue_token('reader', 'viewer', NOW)}"})
    assert post(viewer, "force", {"state": "open", "reason": "x"}).status_code == 403


def test_circuits_are_metrics() -> None:
    receive([Said("orders", "web-1", "open")], "shop", datetime.now(UTC))
    registry = CollectorRegistry()
    registry.register(Circuits())
    text = generate_latest(registry).decode()
    assert 'brownout_circuit_state{component="orders",state="closed"} 1.0' in text
    assert 'brownout_circuit_state{component="orders",state="forced open"} 0.0' in text
    assert 'brownout_circuit_clients{component="orders",state="open"} 1.0' in text


def test_applications_hear_of_a_forced_circuit_over_ofrep(program: Client) -> None:
    def told() -> Any:
        return program.post("/ofrep/v1/evaluate/flags/circuit.orders", "{}", content_type="application/json").json()

    assert (told()["value"], told()["reason"]) == ({"state": "auto"}, "STATIC")
    post(program, "force", {"state": "open", "reason": "drill"})
    answer = told()
    assert (answer["value"]["state"], answer["value"]["reason"]) == ("forced_open", "drill (by the token robot)")
    assert answer["metadata"]["cause"] == "drill (by the token robot)"
