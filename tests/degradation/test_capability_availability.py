"""How available a capability can be: in full, and at all, from its modes and what is known of components."""

import pytest
from django.test import Client

from degradation.models import Capability
from degradation.selectors.capability_availability import Availability, availabilities
from slo.models import Component, Service
from slo.services.access import issue_token
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Service:
    service = factories.service("shop")
    for name, target, sla in (("llm", 0.99, 0.9), ("catalog", 0.999, None), ("templates", 0.9999, None)):
        factories.component(name, service=service, target=target, sla=sla)
    return service


def _capability(service: Service, *modes: dict[str, object]) -> Availability:
    Capability.objects.create(name="answers", title="Answers", service=service, modes=list(modes))
    return availabilities(NOW)[0].columns["promised"]


def test_full_fidelity_stands_beside_being_served_at_all(shop: Service) -> None:
    found = _capability(
        shop, {"name": "full", "when": "all(llm, catalog)"}, {"name": "some", "when": "catalog"}, {"name": "sorry"}
    )
    assert found.full is not None
    assert found.served is not None
    assert found.full.value == pytest.approx(0.99 * 0.999)
    assert found.served.value == pytest.approx(0.999)


def test_a_last_resort_does_not_serve_and_a_degraded_mode_without_needs_always_does(shop: Service) -> None:
    resort = _capability(shop, {"name": "full", "when": "llm"}, {"name": "sorry"})
    assert resort.served is not None
    assert resort.served.value == pytest.approx(0.99)
    Capability.objects.all().delete()
    always = _capability(shop, {"name": "full", "when": "llm"}, {"name": "text", "degraded": True})
    assert always.served is not None
    assert always.served.value == 1.0


def test_the_worst_case_is_what_providers_publish_and_says_where_the_promise_stood_in(shop: Service) -> None:
    _capability(shop, {"name": "full", "when": "all(llm, catalog)"}, {"name": "sorry"})
    worst = availabilities(NOW)[0].columns["worst case"]
    assert worst.full is not None
    assert worst.full.value == pytest.approx(0.9 * 0.999)
    assert worst.assumed == ("catalog",)


def test_what_was_observed_is_told_where_something_was(shop: Service) -> None:
    item = factories.objective(component=Component.objects.get(name="llm"))
    factories.ledger(item, total=100, bad=5)
    _capability(shop, {"name": "full", "when": "llm"}, {"name": "sorry"})
    observed = availabilities(NOW)[0].columns["observed"]
    assert observed.full is not None
    assert observed.full.value == pytest.approx(0.95)


def test_without_any_figure_of_a_component_nothing_is_claimed(shop: Service) -> None:
    Component.objects.filter(name="llm").update(target=None)
    found = _capability(shop, {"name": "full", "when": "llm"}, {"name": "sorry"})
    assert found.full is None
    assert found.assumed == ("llm",)


def test_three_columns_are_there_over_json_and_say_what_stands_in(shop: Service, client: Client) -> None:
    _capability(shop, {"name": "full", "when": "all(llm, catalog)"}, {"name": "some", "when": "catalog"})
    headers = {"X-API-Key": issue_token("robot", "viewer", NOW)}
    (found,) = client.get("/api/v1/capability-availability", headers=headers).json()
    columns = {column["name"]: column for column in found["columns"]}
    assert list(columns) == ["promised", "observed", "worst case"]
    assert columns["promised"]["full"]["value"] == pytest.approx(0.99 * 0.999)
    assert columns["observed"]["assumed"] == ["catalog", "llm"]
    assert columns["worst case"]["assumed"] == ["catalog"]
    assert columns["worst case"]["full"]["exact"]
