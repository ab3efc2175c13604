"""An objective speaks of what it counts, events, time or slices of it, and of what its definition is split into."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from dashboards import formats
from dashboards.presenters.charts import charts
from dashboards.presenters.objective import definition_of, objective_page
from dashboards.presenters.ranges import asked
from slo.models import BurnPolicy, Objective, Source
from tests import factories
from tests.dashboards.world import person
from tests.factories import NOW

pytestmark = pytest.mark.django_db
RAW = {"raw": "ok:ratio", "raw_type": "success"}
THRESHOLD = {"query": "min(up)", "op": "gte", "value": 1}
SLICES = {"slice": {"method": "RatioTimeslices", "window": 300}}


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (12_345, "events", "12,345"),
        (738, "seconds", "12.3 min"),
        (-90, "seconds", "\N{MINUS SIGN}1.5 min"),
        (3, "slices", "3"),
        (2.5, "slices", "2.5"),
        (2.0000001, "slices", "2"),
        (None, "slices", "–"),
    ],
)
def test_an_amount_is_written_in_its_unit(number: float | None, unit: str, text: str) -> None:
    assert formats.amount(number, unit).replace(formats.SPACE, " ") == text


@pytest.fixture
def client(client: Client, settings: Settings) -> Client:
    client.force_login(person("viewer"))
    return client


def page(client: Client, item: Objective) -> str:
    text = client.get(f"/objectives/{item.name}/").content.decode()
    return " ".join(text.replace(formats.SPACE, " ").split())


def test_a_budget_of_time_is_told_in_time(client: Client) -> None:
    item = factories.objective(sli=RAW, target=0.99)
    factories.ledger(item, seconds=36_000, total=30, bad=lambda left: 30 if left < 60 else 0)
    figures = objective_page(item.name, NOW)
    assert figures.left_events == pytest.approx(300)
    assert figures.status.budget.total == pytest.approx(360)
    text = page(client, item)
    assert "of bad time" in text
    assert "bad events" not in text
    assert "Weighted by time" in text


def test_a_budget_of_slices_is_told_in_slices(client: Client) -> None:
    item = factories.objective(sli=THRESHOLD | SLICES, target=0.9)
    factories.ledger(item, end=datetime.now(UTC), seconds=36_000, step=300, total=1, bad=0.25)
    text = page(client, item)
    assert "bad slices, as" in text
    assert "90 good of 120 slices" in text
    assert "bad events" not in text
    assert "Counted in slices of 5m" in text


def test_charts_of_slices_have_a_point_for_every_slice_at_most() -> None:
    item = factories.objective(sli=RAW | SLICES, target=0.9)
    factories.ledger(item, seconds=36_000, step=300, total=1, bad=0.25)
    drawn = {chart.name: chart for chart in charts(item, NOW, asked(item, NOW, {"range": "1h"}).shown).charts}
    values = drawn["sli"].figure["data"][0]["y"]
    assert values[-1] == pytest.approx(0.75)
    assert None not in values[-10:]
    assert "slices in this range" in drawn["events"].sentence
    assert drawn["events"].title == "Slices"


def test_what_holds_an_alert_back_is_told_in_the_unit(client: Client) -> None:
    policy = BurnPolicy.objects.create(
        name="p", windows=[{"severity": "page", "long": 3_600, "short": 300, "factor": 2}], minimum={"bad": 600}
    )
    item = factories.objective(sli=RAW, target=0.99, burn_policy=policy)
    factories.ledger(item, seconds=36_000, total=30, bad=lambda left: 30 if left < 300 else 0)
    (row,) = objective_page(item.name, NOW).windows
    assert row.held.replace(formats.SPACE, " ") == "5 min bad of at least 10 min"
    assert "with at least 0 s and 10 min bad in the long window" in page(client, item)


@pytest.mark.parametrize(
    ("sli", "role"),
    [
        (RAW, "share that is good, 0 to 1"),
        (RAW | {"raw_type": "failure"}, "share that is bad, 0 to 1"),
        (THRESHOLD, "good while ≥ 1"),
    ],
)
def test_a_query_says_what_its_number_means(sli: dict[str, object], role: str) -> None:
    (query,) = definition_of(factories.objective(sli=sli)).queries
    assert query.role == role


def test_a_query_with_an_open_window_links_to_one_that_can_be_run() -> None:
    sli = {"bad": "sum(rate(a[{{.window}}])) or b", "total": "c", "counter": False, "window": True}
    item = factories.objective(sli=sli)
    Source.objects.update(spec={"url": "http://prometheus:9090"})
    item.source.refresh_from_db()
    bad, _ = definition_of(item).queries
    assert "%5B5m%5D" in bad.link
    assert "{{.window}}" in bad.text


def test_a_definition_links_to_its_objectives_and_they_to_it(client: Client) -> None:
    item = factories.objective("api", by=["region"], title="The API", remark="this period has 9,000 sets of region")
    child = factories.objective("api-eu", parent=item, title="The API (region=<eu>)", labels={"region": "<eu>"})
    text = page(client, item)
    assert "split by region into" in text
    assert '<a href="/objectives/api-eu/">The API (region=&lt;eu&gt;)</a>' in text
    assert "this period has 9,000 sets of region" in text
    assert '<a href="/objectives/api/">The API</a>' in page(client, child)
