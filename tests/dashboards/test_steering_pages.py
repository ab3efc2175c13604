"""Flags, components, capabilities and dependencies when there are many: narrowed, sorted, bounded, in few queries."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dashboards.presenters.capabilities import capabilities_page
from dashboards.presenters.component import component_page
from dashboards.presenters.components import SORTS, STATES, components_page
from dashboards.presenters.dependencies import EVERYTHING, TROUBLE, dependencies_page
from dashboards.presenters.flags import STATES as FLAG_STATES
from dashboards.presenters.flags import flags_page
from dashboards.presenters.narrowing import Asked
from degradation.models import Capability, Flag, FlagChange, ShedStep
from slo.models import Component
from tests import factories
from tests.dashboards.world import World
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def many(world: World, count: int) -> None:
    """So many components, capabilities and flags with changes, each component needing the one before it."""
    shop = world.flag.service
    for number in range(count):
        needs = [{"component": f"part-{number - 1}", "kind": "hard"}] if number else []
        factories.component(f"part-{number}", title=f"Part {number}", tier=3, service=shop, target=0.999, needs=needs)
        modes = [{"name": "full", "when": f"all(part-{number}, orders)"}, {"name": "none", "message": "Sorry."}]
        Capability.objects.create(name=f"can-{number}", service=shop, modes=modes)
        flag = Flag.objects.create(key=f"flag-{number}", service=shop, description="One of many.", tier=4)
        for minute in range(8):
            at = NOW - timedelta(minutes=minute)
            FlagChange.objects.create(flag=flag, at=at, cause="forced", before=True, after=False, reason=f"no {minute}")


def asked(**parameters: str) -> Asked:
    return Asked.read(parameters, STATES, SORTS)


@pytest.mark.parametrize(
    "read",
    [
        lambda: flags_page(NOW),
        lambda: components_page(NOW, Asked()),
        lambda: component_page("orders", NOW),
        lambda: capabilities_page(NOW, ["orders", "catalog"]),
        lambda: dependencies_page(NOW),
    ],
    ids=["flags", "components", "component", "capabilities", "dependencies"],
)
def test_twenty_times_as_much_takes_no_more_queries(
    world: World, read: Any, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(60) as few:
        read()
    many(world, 20)
    with django_assert_max_num_queries(len(few) + 3):
        read()


def test_flags_are_narrowed_and_counted_by_what_the_address_says(reader: Client, world: World) -> None:
    many(world, 4)
    page = flags_page(NOW, Asked.read({"q": "parcels shop", "tier": "3"}, FLAG_STATES))
    assert [flag.key for tier in page.tiers for flag in tier.flags] == ["order-updates"]
    assert [(tab.title, tab.count) for tab in page.tabs] == [("All", 1), ("Shed", 1), ("Forced", 0), ("Automatic", 0)]
    assert page.tabs[1].href == "?q=parcels+shop&tier=3&state=shed"
    body = reader.get("/flags/?state=auto").content.decode()
    assert "flag-flag-0" in body
    assert "flag-order-updates" not in body
    assert "No flag is like that" in reader.get("/flags/?q=nothing+like+it").content.decode()


def test_a_long_history_is_cut_off_and_whole_where_one_looks_for_the_flag(world: World) -> None:
    many(world, 4)
    flags = {flag.key: flag for tier in flags_page(NOW).tiers for flag in tier.flags}
    assert (len(flags["flag-1"].changes), flags["flag-1"].earlier) == (3, True)
    Flag.objects.create(key="flag-1-too", service=world.flag.service, description="Another.", tier=2)
    (tier,) = flags_page(NOW, asked(q="flag-1")).tiers
    assert (len(tier.flags[0].changes), tier.flags[0].earlier) == (8, False)


def test_a_step_in_vain_leads_to_the_runbook_on_both_pages(reader: Client, world: World) -> None:
    ShedStep.objects.create(
        service=world.flag.service,
        tier=3,
        flags=[world.flag.key],
        alert=world.alert,
        reason="orders burns",
        at=NOW,
        state="standing",
        verdict="no effect",
        before={"burn": 21.0},
        after={"burn": 24.0},
    )
    for path in ("/flags/", "/shedding/"):
        body = reader.get(path).content.decode()
        assert "Did not help" in body
        assert f'href="/runbooks/orders/?alert={world.alert.pk}"' in body


def test_a_filtered_list_comes_back_after_a_change(operator: Client, world: World) -> None:
    body = operator.get("/flags/?state=shed").content.decode()
    assert 'name="next" value="/flags/?state=shed#flag-order-updates"' in body


def test_components_are_sorted_worst_first_and_by_any_column(reader: Client, world: World) -> None:
    assert [row.name for row in components_page(NOW, asked()).rows] == ["orders", "catalog"]
    assert [row.name for row in components_page(NOW, asked(sort="name")).rows] == ["catalog", "orders"]
    assert [row.name for row in components_page(NOW, asked(sort="-tier")).rows] == ["orders", "catalog"]
    assert [row.name for row in components_page(NOW, asked(state="ok")).rows] == ["catalog"]
    assert [row.name for row in components_page(NOW, asked(q="rders")).rows] == ["orders"]
    heads = {head.title: head for head in components_page(NOW, asked(sort="-errors", q="o")).heads}
    assert (heads["Errors"].direction, heads["Errors"].href) == ("descending", "?q=o&sort=errors")
    body = reader.get("/components/?sort=name&state=nonsense").content.decode()
    assert body.index("Catalog</a>") < body.index("Orders</a>")
    assert 'aria-sort="ascending"' in body


def test_what_if_tells_how_modes_and_availability_change_and_saves_nothing(reader: Client, world: World) -> None:
    Component.objects.filter(name="catalog").update(target=0.99)
    Capability.objects.create(
        name="answers",
        service=world.flag.service,
        modes=[{"name": "full", "when": "catalog"}, {"name": "search", "degraded": True, "message": "Search works."}],
    )
    page = capabilities_page(NOW, ["catalog"])
    row = page.then[0]
    assert (row.name, row.worse, row.then and row.then.mode) == ("answers", True, "search")
    assert row.shares is not None
    assert (row.shares.full.now, row.shares.full.then) == ("99\N{NO-BREAK SPACE}%", "0\N{NO-BREAK SPACE}%")
    assert not row.shares.served.changed
    assert [(system.name, system.then.badge.word) for system in page.systems] == [("shop", "Not kept")]
    body = reader.get("/capabilities/?down=catalog").content.decode()
    for words in ("With Catalog down", "Served at all", "The shop end to end", "/availability/shop/?down=catalog"):
        assert words in body
    assert capabilities_page(NOW).then == ()


def test_a_matrix_of_many_capabilities_lists_whom_each_outage_hurts(reader: Client, world: World) -> None:
    many(world, 9)
    matrix = capabilities_page(NOW).matrix
    assert matrix.heads == ()
    rows = {row.down: [cell.title for cell in row.cells] for row in matrix.singles}
    assert rows["Part 3"] == ["can-3"]
    assert len(rows["Orders"]) == 10
    assert "can-3:" in reader.get("/capabilities/").content.decode()


def test_dependencies_say_who_is_hit_and_draw_that_alone_when_there_are_many(reader: Client, world: World) -> None:
    many(world, 45)
    Component.objects.filter(name="part-7").update(needs=[{"component": "orders", "kind": "hard"}])
    Component.objects.filter(name="part-9").update(needs=[{"component": "part-7", "kind": "soft"}])
    page = dependencies_page(NOW)
    (trouble,) = page.trouble
    assert (trouble.title, trouble.stops, trouble.weakens) == ("Orders", "Part 7 and Part 8", "Part 9")
    assert "order-tracking" in {hit.name for hit in trouble.capabilities}
    assert page.around == TROUBLE
    assert {node.name for node in page.nodes} == {"orders", *(f"part-{number}" for number in range(7, 45))}
    assert {(line.start, line.end) for line in page.lines if line.hurts} == {("part-7", "orders")}
    assert {node.name for node in dependencies_page(NOW, "part-2").nodes} == {f"part-{n}" for n in range(7)}
    assert len(dependencies_page(NOW, EVERYTHING).nodes) == 47
    assert "47 components" in reader.get("/dependencies/?around=part-2").content.decode()
