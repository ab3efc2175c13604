"""What the pages say, decided before anything is rendered."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from alerts.models import Alert
from dashboards.presenters.alerts import alert_page
from dashboards.presenters.capabilities import capabilities_page
from dashboards.presenters.flags import flags_page
from dashboards.presenters.objective import definition_of, objective_page
from dashboards.presenters.overview import overview
from dashboards.presenters.shell import strip
from slo.models import Source
from tests import factories
from tests.dashboards.world import World
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def test_the_verdict_names_what_burns_what_is_degraded_and_what_is_shed(world: World) -> None:
    verdict = overview(NOW).verdict
    assert verdict.sentence == "1 of 2 objectives burning; order tracking on its last resort; 1 flag shed"
    assert verdict.tone == "bad"


def test_without_trouble_the_verdict_is_short() -> None:
    item = factories.objective()
    factories.ledger(item, seconds=86_400)
    assert (overview(NOW).verdict.sentence, overview(NOW).verdict.tone) == ("The objective is healthy", "ok")


def test_nothing_declared_is_said_as_such() -> None:
    assert overview(NOW).verdict.sentence == "Nothing is watched yet"


def test_an_objective_that_was_never_measured_is_without_data_not_healthy() -> None:
    factories.objective("silent")
    page = overview(NOW)
    assert page.verdict.sentence == "1 of 1 objective without data"
    assert page.objectives[0].badge.word == "No data"
    assert page.objectives[0].sli is None


def test_objectives_are_listed_by_least_budget(world: World) -> None:
    assert [row.name for row in overview(NOW).objectives] == ["orders-availability", "catalog-availability"]


def test_the_sparkline_shows_an_incident_that_began_twenty_minutes_ago(world: World) -> None:
    row = overview(NOW).objectives[0]
    assert "bad" in {stroke.tone for stroke in row.trend.strokes}


def test_the_strip_names_an_objective_once_and_what_is_shed(world: World) -> None:
    ticket = world.alert
    ticket.pk, ticket.severity = None, "ticket"
    ticket.save()
    shown = strip()
    assert shown is not None
    assert [(item.title, item.severity, item.over) for item in shown.items] == [
        ("Order tracking answers", "page", "1h")
    ]
    assert (shown.rest, shown.shed, shown.loud) == ("", ("order-updates",), True)


def firing(title: str, severity: str, burn: float) -> Alert:
    window = {"long": 3_600, "short": 300, "factor": 1, "burn_long": burn, "burn_short": burn, "exceeded": True}
    return Alert.objects.create(
        kind="burn",
        subject=title,
        title=title,
        severity=severity,
        state="firing",
        opened_at=NOW,
        fired_at=NOW,
        figures={"windows": [window]},
    )


def test_the_strip_is_one_line_with_the_loudest_pages_and_the_number_of_the_rest(world: World) -> None:
    for title, severity, burn in (
        ("Slow", "page", 300),
        ("Small", "page", 20),
        ("A", "ticket", 900),
        ("B", "ticket", 3),
    ):
        firing(title, severity, burn)
    shown = strip()
    assert shown is not None
    assert [item.title for item in shown.items] == ["Slow", "Order tracking answers"]
    assert (shown.rest, shown.rest_of_first) == ("1 page and 2 tickets", "2 pages and 2 tickets")


def test_the_strip_is_calm_once_somebody_is_on_what_pages(world: World) -> None:
    Alert.objects.update(acknowledged_at=NOW, acknowledged_via="slack")
    firing("Slow", "ticket", 3)
    shown = strip()
    assert shown is not None
    assert ([item.acknowledged for item in shown.items], shown.rest, shown.loud) == (["slack"], "1 ticket", False)


def test_there_is_no_strip_while_nothing_burns() -> None:
    assert strip() is None


def test_a_link_is_only_given_to_a_runbook_that_exists(world: World) -> None:
    assert overview(NOW).firing[0].runbook == "orders"
    world.runbook.delete()
    assert overview(NOW).firing[0].runbook == ""


def test_the_page_of_an_objective_tells_what_is_left_in_events_and_minutes(world: World) -> None:
    page = objective_page("orders-availability", NOW)
    total = page.status.period.total
    assert total is not None
    assert page.left_events == pytest.approx(total * 0.001 - 240)
    assert page.allowed_seconds == pytest.approx(2_592)
    assert [row.state.word for row in page.windows if row.window.severity == "page"] == ["Above", "One above"]


def test_queries_link_to_a_prometheus_that_can_answer_them(world: World) -> None:
    Source.objects.update(spec={"url": "http://prometheus:9090/"})
    world.burning.source.refresh_from_db()
    good, total = definition_of(world.burning).queries
    assert good.text == 'http_requests_total{code="200"}'
    assert total.link.startswith("http://prometheus:9090/graph?g0.expr=http_requests_total&")


def test_the_definition_is_the_document_one_would_apply(world: World) -> None:
    assert definition_of(world.burning).yaml.startswith("apiVersion: openslo/v1\nkind: SLO\n")


def test_what_if_takes_components_down_on_the_page_only(world: World) -> None:
    world.flag.delete()
    page = capabilities_page(NOW, ["catalog", "unheard-of"])
    assert page.down == ("catalog",)
    assert page.imagined == "Catalog"
    assert page.rows[0].then is not None
    assert capabilities_page(NOW).rows[0].then is None


def test_the_matrix_names_outages_that_hurt(world: World) -> None:
    page = capabilities_page(NOW)
    (row,) = page.matrix.singles
    assert (row.down, row.now, row.query) == ("Orders", True, "down=orders")
    assert [(cell.mode, cell.calm) for cell in row.cells] == [("orders page", False)]


def test_flags_come_by_tier_with_what_shed_them(world: World) -> None:
    page = flags_page(NOW)
    flag = page.tiers[0].flags[0]
    assert (page.tiers[0].number, flag.badge.word, flag.value, flag.alert) == (3, "Shed", False, world.alert.pk)
    assert page.changed == 1
    assert [change.cause for change in flag.changes] == ["shed"]


def test_an_alert_is_told_as_a_timeline(world: World) -> None:
    page = alert_page(world.alert.pk, NOW)
    assert [event.title for event in page.events] == ["Shed order-updates → off", "Told on-call", "Firing"]
    assert page.events[1].detail == "firing · 202 Accepted"
    assert page.beside is not None
    assert "<script>" not in "".join(piece.html for piece in page.beside.pieces)


def many(count: int) -> None:
    service, source = factories.service("many"), factories.source()
    for number in range(count):
        item = factories.objective(f"objective-{number:03}", service=service, source=source)
        factories.ledger(item, seconds=90_000, step=1_800)


@pytest.mark.parametrize("count", [1, 100])
def test_the_overview_takes_a_handful_of_queries_however_many_objectives(
    count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    many(count)
    with django_assert_max_num_queries(30):
        page = overview(NOW)
    assert page.objectives_total == count
    assert len(page.objectives) == min(count, 25)


@pytest.mark.parametrize(
    ("read", "limit"),
    [
        (lambda: objective_page("orders-availability", NOW), 20),
        (lambda: capabilities_page(NOW, ["orders"]), 34),
        (lambda: flags_page(NOW), 9),
        (strip, 5),
    ],
    ids=["objective", "capabilities", "flags", "strip"],
)
def test_pages_take_few_queries(
    world: World, read: Any, limit: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(limit):
        read()
