"""The health table and the page of a component: latency, circuit, clients, and forcing by those who may."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from dashboards import formats
from dashboards.presenters.circuits import circuit_card
from dashboards.presenters.component import component_page
from dashboards.presenters.components import component_rows
from degradation import selectors
from degradation.models import CircuitChange, CircuitSettings
from degradation.services import circuits
from degradation.services.circuit_reports import Said, receive
from slo.models import Component, ComponentLatency
from tests.dashboards.world import World
from tests.factories import NOW

pytestmark = pytest.mark.django_db
PAGE = "/components/orders/"
FORCE = "/components/orders/circuit/"
ORDER = {"state": "open", "reason": "drill", "minutes": "60"}


def seven_of_twelve() -> None:
    counters = {"calls": 20.0, "failed": 12.0}
    receive([Said("orders", f"web-{n}", "open" if n < 7 else "closed", NOW, counters) for n in range(12)], "shop", NOW)


def latency(p99: float | None = 10.0, *, beyond: bool = True, problem: str = "") -> None:
    orders = Component.objects.get(name="orders")
    ComponentLatency.objects.create(
        component=orders, at=NOW, events=900, p50=0.22, p99=p99, p99_beyond=beyond, problem=problem
    )


@pytest.mark.parametrize(
    ("seconds", "beyond", "text"),
    [
        (None, False, "–"),
        (0.00421, False, "4.2 ms"),
        (0.045, False, "45 ms"),
        (0.9996, False, "1 s"),
        (1.2543, False, "1.25 s"),
        (10, True, "> 10 s"),
    ],
)
def test_latencies_are_written_as_they_were_measured(seconds: float | None, beyond: bool, text: str) -> None:
    assert formats.latency(seconds, beyond=beyond).replace(formats.SPACE, " ") == text


def test_the_health_table_has_latency_and_circuit(world: World) -> None:
    latency()
    seven_of_twelve()
    rows = {row.name: row for row in component_rows(selectors.health(NOW))}
    row = rows["orders"]
    assert (row.p50, row.p99) == ("220 ms".replace(" ", formats.SPACE), "> 10 s".replace(" ", formats.SPACE))
    assert (row.circuit.word, row.clients) == ("Closed", "7 of 12 open")
    assert (rows["catalog"].p99, rows["catalog"].clients) == (formats.NONE, "")


def test_the_table_is_on_the_pages(reader: Client, world: World) -> None:
    circuits.force("orders", "forced open", user=None, reason="drill", until=NOW + timedelta(hours=1), at=NOW)
    for page in ("/", "/components/"):
        body = reader.get(page).content.decode()
        assert "Forced open" in body
        assert reverse("component", args=["orders"]) in body


def test_a_components_page_says_it_all(reader: Client, world: World) -> None:
    latency()
    seven_of_twelve()
    CircuitSettings.objects.create(
        name="orders", component=Component.objects.get(name="orders"), spec={"failures": 3, "open_for": 60}
    )
    circuits.judge(NOW)
    page = component_page("orders", NOW)
    assert [row.name for row in page.objectives] == ["orders-availability"]
    assert [view.name for view in page.capabilities] == ["order-tracking"]
    assert [book.name for book in page.runbooks] == ["orders"]
    assert dict(page.circuit.settings)["Opens at"].startswith("50")
    body = reader.get(PAGE).content.decode()
    for words in ("7 of 12 open", "12 of 20 failed", "web-6", "as its document says", "&gt;\xa010\xa0s"):
        assert words in body
    # Readers are offered nothing they may not do.
    assert FORCE not in body


def test_a_latency_that_cannot_be_read_says_why(reader: Client, world: World) -> None:
    latency(None, beyond=False, problem="the query is refused: <b>")
    assert "the query is refused: &lt;b&gt;" in reader.get(PAGE).content.decode()


def test_hostile_names_of_clients_stay_text(reader: Client, world: World) -> None:
    receive([Said("orders", "<script>alert(1)</script>", "open", NOW)], "shop", NOW)
    body = reader.get(PAGE).content.decode()
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert" in body


def test_the_card_for_runbooks_is_the_same_everywhere(world: World) -> None:
    seven_of_twelve()
    card = circuit_card("orders", NOW)
    assert (card.badge.word, card.words, card.fleet.tone, card.reason) == ("Closed", "7 of 12 open", "warn", "")


def test_an_operator_forces_a_circuit_and_releases_it(operator: Client, world: World) -> None:
    response = operator.post(FORCE, ORDER, follow=True)
    body = response.content.decode()
    assert response.redirect_chain[0][0] == f"{PAGE}#circuit"
    assert "The circuit of orders is forced open for 1\xa0h." in body
    assert "its circuit is forced open: drill" in body
    (change,) = CircuitChange.objects.all()
    assert (change.actor and change.actor.get_username(), change.until) == ("operator", NOW + timedelta(hours=1))
    seen = selectors.circuit("orders", NOW).version
    operator.post(FORCE, {**ORDER, "state": "auto", "version": seen})
    assert selectors.circuit("orders", NOW).phase == "half-open"


@pytest.mark.parametrize(
    ("order", "answer"),
    [
        ({**ORDER, "reason": " "}, "Say why"),
        ({**ORDER, "minutes": "99999"}, "Select a valid choice"),
        ({**ORDER, "state": "ajar"}, "Select a valid choice"),
        ({**ORDER, "version": "7"}, "Somebody else changed"),
        ({**ORDER, "state": "auto"}, "not forced by anybody"),
    ],
)
def test_a_mistake_is_said_and_changes_nothing(
    operator: Client, world: World, order: dict[str, str], answer: str
) -> None:
    assert answer in operator.post(FORCE, order, follow=True).content.decode()
    assert not CircuitChange.objects.exists()


def test_only_operators_force(reader: Client, world: World) -> None:
    assert reader.post(FORCE, ORDER).status_code == 403
    assert reader.get(FORCE).status_code in (403, 405)
    assert not CircuitChange.objects.exists()
