"""The list of objectives: narrowed by facets and words, sorted, grouped, a page at a time, all by its address."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.test import Client

from dashboards.presenters.objective_query import SORTS, Query
from dashboards.presenters.objectives import PER_PAGE, ObjectivesPage, objectives_page
from slo.models import Edit, Objective, ObjectiveStanding, ObjectiveView, Service
from tests import factories
from tests.dashboards.world import World
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def listed(address: str = "") -> ObjectivesPage:
    return objectives_page(NOW, Query.read(QueryDict(address)))


def names(page: ObjectivesPage) -> list[str]:
    return [row.name for group in page.groups for row in group.rows]


def stands(item: Objective, **figures: object) -> None:
    """As if it had been judged at the last tick."""
    judged = {"at": NOW, "state": "healthy", "remaining": 0.9, "ratio": 0.9999, "completeness": 1.0, "burn": 0.1}
    ObjectiveStanding.objects.create(objective=item, **judged | figures)


@pytest.fixture
def many(at_noon: None) -> list[Objective]:
    """120 objectives of two teams and three services, in every state."""
    services = [factories.service(f"service-{n}", owner="red" if n else "") for n in range(3)]
    source = factories.source("main")
    made = [
        factories.objective(
            f"o-{n:03}", title=f"Thing {n}", service=services[n % 3], source=source, labels={"n": f"{n}"}
        )
        for n in range(120)
    ]
    for n, item in enumerate(made):
        state = {0: "critical", 1: "burning", 2: "exhausted", 3: "no data"}.get(n % 20, "healthy")
        unknown = state == "no data"
        stands(item, state=state, remaining=None if unknown else n / 100 - 0.1, burn=None if unknown else n % 7)
    return made


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", ["orders-availability", "catalog-availability"]),
        ("sort=name", ["orders-availability", "catalog-availability"]),
        ("sort=-name", ["catalog-availability", "orders-availability"]),
        ("sort=-burn", ["orders-availability", "catalog-availability"]),
        ("sort=burn", ["catalog-availability", "orders-availability"]),
        ("sort=password", ["orders-availability", "catalog-availability"]),
        ("q=product+answer", ["catalog-availability"]),
        ("q=nothing+of+the+kind", []),
        ("state=critical", ["orders-availability"]),
        ("state=critical&state=healthy", ["orders-availability", "catalog-availability"]),
        ("state=unheard-of", ["orders-availability", "catalog-availability"]),
        ("service=elsewhere", []),
        ("tier=1", ["catalog-availability"]),
        ("component=orders&state=critical", ["orders-availability"]),
        ("component=orders&state=healthy", []),
        ("budget=low&budget=spent", ["orders-availability"]),
        ("budget=much&q=order", []),
    ],
)
def test_the_list_is_narrowed_and_sorted_by_its_address(world: World, address: str, found: list[str]) -> None:
    assert names(listed(address)) == found


def test_words_are_found_in_names_titles_services_teams_and_labels(many: list[Objective]) -> None:
    for words in ("o-007", "thing 7 o-007", "service-1 n=7 red", "SERVICE-1 N=7 THING"):
        assert "o-007" in names(listed(f"q={words}")), words
    assert names(listed("q=o-007 blue")) == []


def test_a_facet_counts_within_everything_else_that_is_chosen(many: list[Objective]) -> None:
    page = listed("service=service-1&state=critical")
    menus = {menu.name: {choice.value: choice.count for choice in menu.choices} for menu in page.menus}
    expected = [n for n in range(120) if n % 3 == 1]
    assert menus["state"]["critical"] == sum(n % 20 == 0 for n in expected) == page.found
    assert menus["state"]["healthy"] == sum(n % 20 > 3 for n in expected)
    assert menus["service"] == {f"service-{s}": sum(n % 3 == s and n % 20 == 0 for n in range(120)) for s in range(3)}
    assert "source" not in menus, "what does not tell objectives apart is not offered"
    assert "healthy" not in {c.value for m in listed("budget=unknown").menus for c in m.choices if m.name == "state"}


def test_what_is_chosen_is_taken_away_one_by_one(many: list[Objective]) -> None:
    page = listed("q=thing&state=critical&state=burning&team=red&sort=-name&group=service&page=2")
    assert [(chip.facet, chip.title, chip.href) for chip in page.chips] == [
        ("State", "Burning", "?q=thing&state=critical&team=red&sort=-name&group=service"),
        ("State", "Critical", "?q=thing&state=burning&team=red&sort=-name&group=service"),
        ("Team", "red", "?q=thing&state=burning&state=critical&sort=-name&group=service"),
    ]
    assert page.without_words == "?state=burning&state=critical&team=red&sort=-name&group=service"
    assert page.unnarrowed == "?sort=-name&group=service"


@pytest.mark.parametrize("column", SORTS)
def test_each_column_sorts_both_ways_with_what_is_unknown_last_and_equals_by_title(
    many: list[Objective], column: str
) -> None:
    unknown = [item.name for n, item in enumerate(many) if n % 20 == 3] if column in ("budget", "burn") else []
    for sort, direction in ((column, "ascending"), (f"-{column}", "descending")):
        page = listed(f"sort={sort}")
        [head] = [head for head in page.heads if head.direction]
        assert (head.key, head.direction) == (column, direction)
        assert head.href == ("?" if column == "budget" and sort != column else f"?sort={_other(sort)}")
        everything = [name for number in (1, 2, 3) for name in names(listed(f"sort={sort}&page={number}"))]
        assert sorted(everything) == [item.name for item in many]
        assert not unknown or set(everything[-len(unknown) :]) == set(unknown)


def _other(sort: str) -> str:
    return sort.removeprefix("-") if sort.startswith("-") else f"-{sort}"


def test_pages_follow_each_other_and_keep_what_is_asked(many: list[Objective]) -> None:
    page = listed("sort=name&state=healthy&page=2")
    assert (page.found, page.pager.range) == (96, "51 to 96 of 96")
    assert (page.pager.newer, page.pager.older) == ("?state=healthy&sort=name", "")
    assert [leaf.number for leaf in page.pager.leaves if leaf.current] == [2]


@pytest.mark.parametrize("number", ["0", "-1", "1e9", "NaN", "٣", "", "999999999", "9" * 400, "2; drop"])
def test_no_page_number_is_out_of_range(many: list[Objective], number: str) -> None:
    page = listed(f"page={number}")
    assert page.pager.page == (3 if number == "999999999" else 1)
    assert len(names(page)) == (20 if page.pager.page == 3 else PER_PAGE)


def test_groups_say_how_they_are_as_a_whole_on_every_page(many: list[Objective]) -> None:
    first, second = listed("group=service&sort=name"), listed("group=service&sort=name&page=2")
    assert [(group.total.title, len(group.rows), group.continued) for group in first.groups if group.total] == [
        ("service-0", 40, False),
        ("service-1", 10, False),
    ]
    group = second.groups[0]
    assert group.total is not None
    assert (group.continued, len(group.rows), group.total.count) == (True, 30, 40)
    members = [n for n in range(120) if n % 3 == 1]
    assert group.total.burning == sum(n % 20 in (0, 1) for n in members)
    assert group.total.exhausted == sum(n % 20 == 2 for n in members)
    assert group.total.least == pytest.approx(-0.09)
    assert group.total.href == "?service=service-1&sort=name"


def test_nobodys_objectives_are_a_group_too(many: list[Objective]) -> None:
    titles = [group.total.title for group in listed("group=team&sort=name").groups if group.total]
    assert titles == ["nobody's", "red"]
    assert listed("team=-").found == 40


@pytest.mark.parametrize(
    "address",
    [
        "service=%00&q=%00",
        "service=" + "x" * 5_000,
        "q=" + "y" * 5_000,
        "&".join(f"service=s{n}" for n in range(300)),
        "q=%F0%9F%92%A5+%3Cscript%3E&team=%3Cimg+src%3Dx%3E",
        "group=__class__&sort=__init__&page=-7",
        "state=&tier=NaN&budget=1e309",
        "%FF%FE=%C3%28",
    ],
)
def test_a_hostile_address_is_answered_like_any_other(reader: Client, address: str) -> None:
    answer = reader.get(f"/objectives/?{address}")
    assert answer.status_code == 200
    assert b"<script>" not in answer.content.replace(b"<script src", b"")
    assert b"<img" not in answer.content


def test_the_form_works_by_its_address_alone(reader: Client) -> None:
    page = reader.get("/objectives/?state=critical&group=team&q=order").content.decode()
    assert '<input type="checkbox" name="state" value="critical" checked>' in page
    assert '<input type="hidden" name="group" value="team">' in page
    assert 'aria-sort="ascending"' in page
    assert page.count("<form") >= 2


def test_the_list_rests_on_the_last_tick_and_its_rows_on_the_ledger(world: World) -> None:
    stands(world.burning, state="healthy", remaining=0.99)
    page = listed("state=healthy&sort=name")
    [row] = [row for group in page.groups for row in group.rows if row.name == "orders-availability"]
    assert row.badge.word.startswith("Burning")
    ObjectiveStanding.objects.update(at=NOW - timedelta(minutes=5))
    assert names(listed("state=healthy")) == ["catalog-availability"], "a judgement of long ago counts as none"


def keep(client: Client, name: str, query: str) -> str:
    return client.post("/views/", {"name": name, "query": query}, follow=True).content.decode()


def test_a_list_is_kept_under_a_name_for_everybody(operator: Client) -> None:
    page = keep(operator, "  Ställe\u00a0der  Red-Leute ", "?team=red&evil=1&page=7&state=critical&sort=nonsense")
    assert "The view Ställe der Red-Leute is kept for everybody." in page
    view = ObjectiveView.objects.get()
    assert (view.query, view.created_by) == ("state=critical&team=red", "operator")
    assert '<a href="/objectives/?state=critical&amp;team=red" aria-current="page">Ställe der Red-Leute' in page
    assert "Forget this view" in page
    assert Edit.objects.get().action == "created"


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("", "team=red", "a view has a name"),
        ("x" * 61, "team=red", "a view has a name"),
        ("a\x07b", "team=red", "a view has a name"),
        ("ours", "", "the whole list"),
        ("OURS", "team=red", "There is a view OURS"),
        ("theirs", "team=blue", "The view ours asks for just this already"),
        ("long", "&".join(f"service={'s' * 150}{n}" for n in range(50)), "asks for too much"),
    ],
)
def test_what_cannot_be_kept_is_said(operator: Client, name: str, query: str, said: str) -> None:
    keep(operator, "ours", "team=blue")
    assert said in keep(operator, name, query)
    assert ObjectiveView.objects.count() == 1


def test_a_view_is_forgotten_once(operator: Client) -> None:
    keep(operator, "ours", "team=red")
    pk = ObjectiveView.objects.get().pk
    page = operator.post(f"/views/{pk}/forget/", follow=True).content.decode()
    assert "The view ours is forgotten." in page
    assert operator.post(f"/views/{pk}/forget/").status_code == 404
    assert [edit.action for edit in Edit.objects.order_by("pk")] == ["created", "deleted"]


def test_readers_look_at_views_and_keep_none(reader: Client) -> None:
    ObjectiveView.objects.create(name="Ours", query="team=red", created_at=NOW, created_by="sam")
    page = reader.get("/objectives/").content.decode()
    assert "Ours" in page
    assert "Keep this view" not in page
    assert reader.post("/views/", {"name": "x", "query": "team=red"}).status_code == 403
    assert reader.post("/views/1/forget/").status_code == 403


def test_named_lists_say_how_many_objectives_they_have(many: list[Objective]) -> None:
    ObjectiveView.objects.create(name="Ours", query="team=red", created_at=NOW, created_by="sam")
    tabs = {tab.title: (tab.count, tab.current) for tab in listed("state=no+data").tabs}
    assert tabs == {
        "All": (120, False),
        "Burning": (12, False),
        "Little budget": (34, False),
        "No data": (6, True),
        "Ours": (80, False),
    }


def test_another_order_of_the_same_objectives_is_the_same_built_in_view(many: list[Objective]) -> None:
    for address, title in (("group=team&sort=-name", "All"), ("state=no+data&sort=name", "No data")):
        page = listed(address)
        assert [tab.title for tab in page.tabs if tab.current] == [title]
        assert page.tab is None, "which may be kept by another name"
    assert not any(tab.current for tab in listed("q=thing").tabs)


def test_a_service_that_is_gone_can_be_taken_out_of_a_kept_list(world: World) -> None:
    page = listed("service=long-gone")
    assert (page.found, [chip.title for chip in page.chips]) == (0, ["long-gone"])
    assert Service.objects.filter(name="long-gone").count() == 0
