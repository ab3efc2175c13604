"""Health and capabilities, read off the ledger."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from degradation import selectors
from slo.models import Component, ComponentLatency, Service
from tests import factories
from tests.degradation import rows
from tests.factories import NOW

pytestmark = pytest.mark.django_db
RETURNS: list[dict[str, Any]] = [
    {"name": "full", "when": "returns", "healthy": True},
    {"name": "slow", "when": "returns", "message": "Returns take longer."},
    {"name": "help page", "message": "Not now.", "link": "https://shop.example/returns", "handover": "an agent"},
]


@pytest.fixture
def shop() -> Service:
    return factories.service("shop")


def component(shop: Service, name: str, *, bad: float | None = 0, latency: bool = False) -> Component:
    made = factories.component(name, service=shop, tier=2)
    item = factories.objective(f"{name}-objective", component=made, service=shop)
    if latency:
        item.indicator, item.sli = "latency", {**item.sli, "histogram": "seconds", "threshold": 0.3}
        item.save()
    factories.ledger(item, bad=lambda _: bad)
    return made


@pytest.mark.parametrize(
    ("bad", "latency", "status", "error_ratio", "fast_ratio"),
    [
        (0, False, "ok", 0, None),
        (6, False, "warn", 0.06, None),
        (60, False, "down", 0.6, None),
        (None, False, "unknown", None, None),
        (60, True, "warn", None, 0.4),
    ],
)
def test_a_components_health_comes_from_its_objectives(
    shop: Service,
    bad: float | None,
    latency: bool,
    status: str,
    error_ratio: float | None,
    fast_ratio: float | None,
) -> None:
    component(shop, "orders", bad=bad, latency=latency)
    (found,) = selectors.health(NOW)
    assert (found.name, found.service, found.tier, found.status) == ("orders", "shop", 2, status)
    assert (found.error_ratio, found.fast_ratio) == (error_ratio, fast_ratio)
    assert found.threshold == (0.3 if latency else None)
    assert found.completeness == (0 if bad is None else 1)
    assert "orders-objective" in found.because


def test_only_the_last_five_minutes_count(shop: Service) -> None:
    made = factories.component("orders", service=shop)
    factories.ledger(factories.objective(component=made, service=shop), bad=lambda left: 100 if left >= 300 else 0)
    assert selectors.health(NOW)[0].status == "ok"


def test_a_component_without_objectives_is_unknown(shop: Service) -> None:
    factories.component("orders", service=shop)
    assert (selectors.health(NOW)[0].status, selectors.health(NOW)[0].because) == (
        "unknown",
        "no objective measures it",
    )


def test_health_of_one_service_leaves_the_others_out(shop: Service) -> None:
    component(shop, "orders")
    factories.component("elsewhere")
    assert [item.name for item in selectors.health(NOW, shop)] == ["orders"]


@pytest.mark.parametrize(
    ("bad", "mode", "state", "because", "handover"),
    [
        (0, "full", "full", (), ""),
        (6, "slow", "degraded", ("returns",), ""),
        (60, "help page", "last resort", ("returns",), "an agent"),
        (None, "full", "unknown", ("returns",), ""),
    ],
)
def test_a_capability_is_in_the_first_mode_that_holds(
    shop: Service, bad: float | None, mode: str, state: str, because: tuple[str, ...], handover: str
) -> None:
    component(shop, "returns", bad=bad)
    rows.capability("returns", RETURNS, shop)
    (view,) = selectors.capabilities(NOW)
    assert (view.mode, view.state, view.because, view.handover) == (mode, state, because, handover)
    assert view.last_resort is (state == "last resort")


def test_what_if_takes_more_down_and_saves_nothing(shop: Service) -> None:
    component(shop, "returns")
    component(shop, "orders", bad=60)
    rows.capability("returns", RETURNS, shop, position=0)
    rows.capability("orders", [{"name": "full", "when": "orders"}, {"name": "none"}], shop, position=1)
    assert [view.mode for view in selectors.what_if({"returns", "no such thing"}, NOW)] == ["help page", "none"]
    assert [view.mode for view in selectors.capabilities(NOW)] == ["full", "none"]


def test_the_matrix_is_derived_from_the_rows(shop: Service) -> None:
    rows.capability("returns", RETURNS, shop)
    (outage,) = selectors.matrix()
    assert (outage.down, outage.modes["returns"].mode.name) == (("returns",), "help page")
    assert selectors.matrix([]) == []


def test_health_takes_a_handful_of_queries_however_many_components(
    shop: Service, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        component(shop, f"part-{number}")
    with django_assert_max_num_queries(40):
        assert len(selectors.health(NOW)) == 12


@pytest.mark.parametrize(("seconds", "known"), [(0, True), (149, True), (150, False), (-1, False)])
def test_a_latency_is_of_the_present_or_not_told(shop: Service, seconds: int, known: bool) -> None:
    made = component(shop, "orders")
    ComponentLatency.objects.create(component=made, at=NOW - timedelta(seconds=seconds), p50=0.1, p99=2, events=900)
    latency = selectors.health(NOW)[0].latency
    assert (latency.p50 if latency else None) == (0.1 if known else None)
