"""Clients report of their circuits: all or nothing, once, and for as long as they keep talking."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from degradation import selectors
from degradation.models import CircuitReport
from degradation.rules.circuit import Phase
from degradation.services import circuit_reports
from degradation.services.circuit_reports import Said, receive
from slo.errors import DefinitionError
from slo.services.access import issue_token
from tests import factories
from tests.degradation.rows import later
from tests.factories import NOW

pytestmark = pytest.mark.django_db
REPORT = "/api/v1/circuits/report"


@pytest.fixture(autouse=True)
def _orders() -> None:
    factories.component("orders")


def said(client: str, phase: Phase, seconds: float = 0, **more: Any) -> Said:
    return Said("orders", client, phase, later(seconds), **more)


def words(seconds: float = 0) -> str:
    return selectors.circuit("orders", later(seconds)).fleet.words


def test_seven_of_twelve_open_is_degraded_and_all_is_down() -> None:
    receive([said(f"web-{n}", "open" if n < 7 else "closed") for n in range(12)], "shop", NOW)
    (health,) = selectors.health(NOW)
    assert (health.status, health.because) == ("warn", "clients' circuits: 7 of 12 open")
    receive([said(f"web-{n}", "open", 10) for n in range(12)], "shop", later(10))
    assert selectors.health(later(10))[0].status == "down"


def test_a_report_is_taken_once_and_the_newest_counts() -> None:
    first = receive([said("web-1", "open"), said("web-2", "open")], "shop", NOW)
    again = receive([said("web-1", "open"), said("web-2", "open")], "shop", later(1))
    assert [(r.accepted, r.repeated) for r in (first, again)] == [(2, 0), (0, 2)]
    receive([said("web-1", "closed", 20)], "shop", later(21))
    assert receive([said("web-1", "open", 10)], "shop", later(22)).repeated == 1
    assert words(22) == "1 of 2 open"


def test_the_last_word_in_one_request_counts() -> None:
    receive([said("web-1", "open", 1), said("web-1", "closed", 2), said("web-1", "half-open", 0)], "shop", later(2))
    assert words(2) == "0 of 1 open"


def test_a_client_that_falls_silent_stops_to_count_and_is_forgotten() -> None:
    receive([said("web-1", "open")], "shop", NOW)
    assert words(119) == "1 of 1 open"
    assert words(120) == ""
    (view,) = selectors.circuit_reports(selectors.circuit("orders", NOW).component, later(130))
    assert (view.report.client, view.fresh) == ("web-1", False)
    assert circuit_reports.forget(later(3_600)) == 0
    assert circuit_reports.forget(later(3_601)) == 1


def test_a_clock_that_is_ahead_gives_nobody_a_longer_life() -> None:
    receive([said("web-1", "open", 5)], "shop", NOW)
    assert CircuitReport.objects.get().at == NOW


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (Said("nothing", "web-1", "open"), "1.component: there is no component named 'nothing'"),
        (said("web-1", "open", 6), "1.at: 2026-03-02T12:00:06+00:00 lies in the future"),
        (said("web-1", "open", -120), "1.at: 2026-03-02T11:58:00+00:00 is more than 2m ago"),
    ],
)
def test_one_entry_at_fault_refuses_all(entry: Said, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        receive([said("web-0", "open"), entry], "shop", NOW)
    assert message in str(caught.value)
    assert "nothing of this request was accepted" in str(caught.value)
    assert not CircuitReport.objects.exists()


def test_tokens_speak_for_their_own_clients_only() -> None:
    receive([said("web-1", "open")], "shop", NOW)
    receive([said("web-1", "closed")], "admin-tools", NOW)
    assert words() == "1 of 2 open"


def test_clients_that_change_their_names_forever_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_reports, "CLIENTS", 3)
    receive([said(f"web-{n}", "open") for n in range(3)], "shop", NOW)
    with pytest.raises(DefinitionError, match="more than 3 clients"):
        receive([said("web-9", "open")], "shop", NOW)
    receive([said("web-1", "closed", 1)], "shop", later(1))


# Over JSON -------------------------------------------------------------------------------------------------------


def program(role: Any = "operator") -> Client:
    return Client(headers={"Authorization": f"Bearer {issue_token('shop', role, NOW)}"})


def post(client: Client, body: Any) -> Any:
    return client.post(REPORT, body, content_type="application/json")


def entry(**more: Any) -> dict[str, Any]:
    return {"component": "orders", "client": "web-1", "state": "HALF_OPEN", **more}


def test_reports_over_json_are_shown_with_the_circuit() -> None:
    client = program()
    response = post(client, [entry(), entry(client="web-2", state="open", calls=20, failed=12)])
    assert (response.status_code, response.json()) == (202, {"accepted": 2, "repeated": 0})
    clients = client.get("/api/v1/circuits/orders").json()["clients"]
    assert clients == {"total": 2, "open": 1, "half_open": 1, "status": "warn", "words": "1 of 2 open, 1 half-open"}
    assert CircuitReport.objects.get(client="web-2").counters == {"calls": 20, "failed": 12}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "reports"),
        ([entry()] * 1_001, "reports"),
        ([entry(state="ajar")], "state"),
        ([entry(client="")], "client"),
        ([entry(client="a\nb")], "client"),
        ([entry(client="x" * 201)], "client"),
        ([entry(calls=float("nan"))], ""),
        ([entry(calls=-1)], "calls"),
        ([entry(calls=10, failed=11)], "calls must not be below failed"),
        ([entry(at="2026-03-02T12:00:00")], "at"),
        ([entry(at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())], "0.at"),
        ([entry(component="no such thing")], "component"),
        ([entry(component="nothing")], "0.component"),
        ([entry(secret=1)], "secret"),
        ("nonsense", ""),
    ],
)
def test_a_mistake_is_named_and_nothing_is_accepted(body: Any, field: str) -> None:
    response = post(program(), body)
    assert response.status_code in (400, 422)
    assert response["Content-Type"] == "application/problem+json"
    assert field in response.json()["detail"]
    assert not CircuitReport.objects.exists()


def test_an_instance_reports_with_a_token_that_steers_nothing() -> None:
    assert post(Client(), [entry()]).status_code == 401
    assert post(program("viewer"), [entry()]).status_code == 403
    instance = program("reporter")
    assert post(instance, [entry()]).status_code == 202
    assert instance.get("/api/v1/circuits").status_code == 200
    bulk = instance.post("/ofrep/v1/evaluate/flags", {"context": {}}, content_type="application/json")
    assert bulk.status_code == 200
    forced = {"state": "open", "reason": "x"}
    for path in ("/api/v1/circuits/orders/force", "/api/v1/banners", "/api/v1/shedding/switch"):
        assert instance.post(path, forced, content_type="application/json").status_code == 403
