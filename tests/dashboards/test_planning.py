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
    assert "not even all" in text


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
    component("odd", title="<b>odd & long name that does not fit</b>", service=world.burning.service)
    text = _text(reader, "/dependencies/")
    assert 'class="hard"' in text
    assert "orders needs catalog" in text
    assert "<b>odd" not in text


@pytest.mark.parametrize("gone", [False, True])
def test_a_system_whose_component_is_not_promised_any_more_says_so_on_every_page(reader: Client, gone: bool) -> None:
    orders = Component.objects.filter(name="orders")
    orders.delete() if gone else orders.first().objectives.all().delete()  # type: ignore[union-attr]
    sentence = "there is no component" if gone else "nothing is promised of"
    for page in ("/availability/", PAGE, f"{PAGE}?down=orders"):
        text = _text(reader, page)
        assert sentence in text
        assert "Not known" in text


def test_more_fields_than_any_form_has_are_refused(reader: Client) -> None:
    assert reader.get(PAGE, {f"target.{n}": "99" for n in range(3_000)}).status_code == 400


@pytest.mark.parametrize("target", ["0", "100", "1e-300", "99.99999999999"])
def test_any_target_from_nothing_to_everything_is_shown(reader: Client, target: str) -> None:
    assert "Catalog down and Orders at" in _text(reader, f"{PAGE}?target.orders={target}&down=catalog")


def test_what_stands_in_for_a_missing_number_is_said(reader: Client) -> None:
    assert "the promise stands in for catalog and orders" in _text(reader, PAGE)
    assert "promise for orders" in _text(reader, "/availability/")


def test_an_objective_that_rests_upon_too_little_is_named_with_the_reason(reader: Client, world: World) -> None:
    Component.objects.filter(name="orders").update(needs=[{"component": "catalog", "kind": "hard"}])
    Component.objects.filter(name="catalog").update(target=0.99)
    text = _text(reader, "/availability/")
    assert "Order tracking answers" in text.split('id="h-impossible"')[1]


def test_a_box_leads_to_the_page_of_its_component(reader: Client) -> None:
    assert _text(reader, "/dependencies/").count('href="/components/orders/"') == 3


def test_all_three_columns_are_there_on_a_phone_too(reader: Client) -> None:
    for page in ("/availability/", PAGE):
        text = _text(reader, page)
        assert 'hide-s">Observed</th><th scope="col" class="num hide-s">Worst' not in text
