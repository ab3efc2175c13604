"""The pages on availability and dependencies: verdicts, what-ifs in the address, kept scenarios."""

import pytest
from django.test import Client

from slo.models import Component, Scenario
from tests.dashboards.world import World
from tests.factories import component

PAGE = "/availability/shop/"


def _text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode().replace("\u00a0", " ")


def test_the_verdict_comes_first(reader: Client) -> None:
    assert "Not kept" in _text(reader, "/availability/")
    text = _text(reader, PAGE)
    assert "The promise cannot be kept, even if every component keeps its own." in text
    assert "21.6 min in 30 d may be lost" in text


def test_the_fallback_that_is_not_enough_is_said_with_what_would_be(reader: Client) -> None:
    text = _text(reader, PAGE)
    assert "Too little" in text
    assert "more than all" in text


def test_a_what_if_stands_in_the_address_and_changes_nothing(reader: Client) -> None:
    text = _text(reader, f"{PAGE}?target.orders=99.99&replicas.catalog=2")
    assert "What if Orders at 99.99 % and Catalog × 2?" in text
    assert "The promise can be kept if every component keeps its own." in text
    assert "cannot be kept" in _text(reader, PAGE)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("target.orders=lots", "a target is a ratio from 0 to 1"),
        ("target.orders=nan", "a target is a ratio from 0 to 1"),
        ("target.orders=-3", "a target is a ratio from 0 to 1"),
        ("replicas.orders=1e9", "from 1 to 10 replicas"),
        ("replicas.orders=999", "from 1 to 10 replicas"),
    ],
)
def test_what_is_no_change_is_left_out_and_said(reader: Client, query: str, words: str) -> None:
    assert words in _text(reader, f"{PAGE}?{query}")


def test_a_component_that_is_none_changes_nothing(reader: Client) -> None:
    assert "What if" not in _text(reader, f"{PAGE}?down=%3Cscript%3E").split('id="h-whatif"')[0]


def test_a_scenario_is_kept_compared_and_deleted_by_operators(operator: Client) -> None:
    body = {"name": "two of both", "replicas.orders": "2", "replicas.catalog": "2"}
    operator.post(f"{PAGE}scenarios/", body)
    assert Scenario.objects.get().changes == {"orders": {"replicas": 2}, "catalog": {"replicas": 2}}
    text = _text(operator, PAGE)
    assert "Orders × 2 and Catalog × 2" in text
    operator.post(f"{PAGE}scenarios/", body)
    assert Scenario.objects.count() == 1
    operator.post(f"{PAGE}scenarios/two of both/")
    assert not Scenario.objects.exists()


def test_readers_keep_nothing(reader: Client) -> None:
    assert reader.post(f"{PAGE}scenarios/", {"name": "x", "down": "orders"}).status_code == 403
    assert not Scenario.objects.exists()


def test_a_system_there_is_not_is_not_found(reader: Client) -> None:
    assert reader.get("/availability/absent/").status_code == 404


def test_dependencies_are_drawn_and_said_in_words(reader: Client, world: World) -> None:
    Component.objects.filter(name="orders").update(needs=[{"component": "catalog", "kind": "hard"}])
    component("<b>odd & long name that does not fit</b>", service=world.burning.service)
    text = _text(reader, "/dependencies/")
    assert 'class="hard"' in text
    assert "orders needs catalog" in text
    assert "<b>odd" not in text
