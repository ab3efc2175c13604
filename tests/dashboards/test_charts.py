"""The charts of an objective: what they show, say, shade and give away, and for which span of time."""

import csv
import html
import re
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from alerts.models import Alert
from dashboards import formats
from dashboards.presenters.charts import Chart, Charts, charts
from dashboards.presenters.objective import is_paging, objective_page
from dashboards.presenters.ranges import POINTS, asked, default_range
from slo import selectors_ledger
from slo.maths.windows import from_epoch, to_epoch
from slo.models import Annotation, Exclusion, Objective
from tests import factories
from tests.dashboards.world import World
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def over(name: str, item: Objective) -> Charts:
    return charts(item, NOW, asked(item, NOW, {"range": name}).shown)


def test_charts_say_in_words_what_they_show(world: World) -> None:
    drawn = {chart.name: chart for chart in over("1h", world.burning).charts}
    assert drawn["events"].sentence == "11,760 good and 240 bad events in this range."
    assert "below the target" in drawn["sli"].sentence
    assert drawn["burns"].sentence.startswith("Highest burn over 1h ")
    assert drawn["budget"].head == ("Time (UTC)", "Budget left", "In figures", "As shown then")
    assert drawn["budget"].rows[0][0] == "2026-03-02 12:00"


def test_charts_shade_alerts_sheds_and_exclusions(world: World) -> None:
    Exclusion.objects.create(
        objective=world.burning,
        start=NOW - timedelta(minutes=50),
        end=NOW - timedelta(minutes=40),
        reason="moving house",
        created_at=NOW,
    )
    bands = over("1h", world.burning).bands
    assert [(band.kind, band.label) for band in bands] == [
        ("alert", "page alert"),
        ("excluded", "moving house"),
        ("shed", "order-updates"),
    ]


def test_the_burn_down_ends_where_the_page_says_the_budget_stands(world: World) -> None:
    page = objective_page("orders-availability", NOW)
    figure = over("1d", world.burning).charts[0].figure
    left = next(trace for trace in figure["data"] if trace["name"] == "Budget left")
    assert left["y"][-1] == pytest.approx(page.status.budget.remaining)


def test_a_calendar_budget_is_paced_by_the_traffic_so_far() -> None:
    item = factories.objective(period={"calendar": "month", "zone": "UTC"})
    factories.ledger(item, seconds=36 * 3_600, bad=0.1)
    figure = over("1d", item).charts[0].figure
    left = next(trace for trace in figure["data"] if trace["name"] == "Budget left")
    # A day and a half of 31, at a burn rate of 1.
    assert left["y"][-1] == pytest.approx(1 - 1.5 / 31)


def test_a_short_peak_is_not_stepped_over(world: World) -> None:
    drawn = {chart.name: chart for chart in over("30d", world.healthy).charts}
    quiet = factories.objective("peak")
    factories.ledger(quiet, seconds=86_400, bad=lambda left: 100 if 40_000 < left < 40_600 else 0)
    peak = {chart.name: chart for chart in over("30d", quiet).charts}
    highest = max(v for v in peak["burns"].figure["data"][0]["y"] if v is not None)
    assert highest > 100
    assert "0×" in drawn["burns"].sentence


@pytest.mark.parametrize(
    ("period", "name"), [(3_600, "1h"), (7 * 86_400, "7d"), (28 * 86_400, "7d"), (90 * 86_400, "90d")]
)
def test_the_range_suits_the_period(period: int, name: str) -> None:
    assert default_range(period).name == name


def test_while_something_pages_the_charts_show_the_last_hours(world: World) -> None:
    usual = {
        item: asked(item, NOW, {}, paging=is_paging(item.name)).shown.name for item in (world.burning, world.healthy)
    }
    assert usual == {world.burning: "6h", world.healthy: "30d"}


def test_any_two_instants_are_a_range_in_whole_steps_that_end_there(world: World) -> None:
    found = asked(world.burning, NOW, {"from": "2026-03-02T10:00:30Z", "to": "2026-03-02T12:30+01:00"})
    assert not found.problem
    assert found.shown.query == "from=2026-03-02T10:00Z&to=2026-03-02T11:30Z"
    assert found.shown.words == "2 Mar 2026 10:00 to 11:30 UTC, a point every 1m"


@pytest.mark.parametrize(
    ("address", "until", "step"),
    [
        ({"from": "2026-03-02T11:00"}, NOW, 60),
        ({"from": "2026-03-02T11:00", "to": "2036-03-02"}, NOW, 60),
        # What is thinned to five minutes, or to an hour, cannot be told finer.
        ({"from": "2026-02-20T00:00", "to": "2026-02-20T01:00"}, datetime(2026, 2, 20, 1, tzinfo=UTC), 300),
        ({"from": "2025-12-20T00:00", "to": "2025-12-20T05:00"}, datetime(2025, 12, 20, 5, tzinfo=UTC), 3_600),
        ({"from": "2025-03-01", "to": "2026-03-01"}, datetime(2026, 3, 1, tzinfo=UTC), 259_200),
    ],
)
def test_a_range_ends_now_at_the_latest_and_has_as_many_points_as_are_kept(
    world: World, address: dict[str, str], until: datetime, step: int
) -> None:
    shown = asked(world.burning, NOW, address).shown
    assert (from_epoch(shown.end), shown.step) == (until, step)
    assert (shown.end - shown.start) // step <= POINTS


NONSENSE = [
    ("range=soon", "no range “soon”, only 1h, 6h"),
    ("from=abc", "“from=abc” is no instant; write it like 2026-11-21T08:00Z"),
    ("from=NaN&to=NaN", "“from=NaN” is no instant"),
    ("from=2026-03-02T10:00&to=%3Cb%3E", "is no instant"),
    ("to=2026-03-02T10:00", "needs a “from”"),
    ("from=2026-03-02T11:00&to=2026-03-02T10:00", "ends before it begins"),
    ("from=2026-03-02T10:00&to=2026-03-02T10:01", "too short: 5 minutes"),
    ("from=2020-01-01&to=2026-01-01", "too long: 400 days"),
    ("from=0001-01-01&to=0001-02-01", "too far back"),
    ("from=0001-01-01T00:00%2B14:00&to=0001-02-01", "too far back"),
    ("from=2026-03-03", "lies in the future|ends before"),
    ("from=9999-12-31T23:59-14:00&to=9999-12-31T23:59-15:00", "future"),
]


@pytest.mark.parametrize(("query", "words"), NONSENSE)
def test_a_range_that_makes_no_sense_is_said_and_the_usual_one_shown(reader: Client, query: str, words: str) -> None:
    address = "/objectives/orders-availability/"
    page, part, file = (reader.get(f"{address}{rest}?{query}") for rest in ("", "figures/", "figures/sli.csv"))
    assert (page.status_code, part.status_code, file.status_code) == (400, 400, 400)
    assert re.search(words, html.unescape(page.content.decode()))
    assert re.search(words, file.content.decode())
    assert 'href="?range=6h#h-charts" aria-current="true"' in page.content.decode()
    assert "<b>" not in file.content.decode() or file["Content-Type"].startswith("text/plain")
    # A refresh of what stands above the charts goes on.
    assert reader.get(f"{address}?{query}", HTTP_HX_REQUEST="true").status_code == 200


def test_a_link_to_a_range_shows_it_to_whoever_opens_it(reader: Client) -> None:
    text = reader.get("/objectives/orders-availability/?from=2026-03-02T10:00Z&to=2026-03-02T11:00Z").content.decode()
    assert "2 Mar 2026 10:00 to 11:00 UTC, a point every 1m" in text
    assert "figures/sli.csv?from=2026-03-02T10:00Z&amp;to=2026-03-02T11:00Z" in text
    assert '<th scope="row">2026-03-02 11:00</th>' in text
    assert "2026-03-02 11:01" not in text
    assert 'aria-current="true"' not in text.split('id="presets"')[1].split("</nav>")[0]


def test_a_range_of_an_earlier_period_is_judged_by_that_period() -> None:
    for period in ({"rolling": 86_400}, {"calendar": "day", "zone": "UTC"}):
        item = factories.objective("of-" + "-".join(period), period=period)
        factories.ledger(item, seconds=5 * 86_400, bad=0.1)
        shown = asked(item, NOW, {"from": "2026-02-27T06:00", "to": "2026-02-27T18:00"}).shown
        left = next(t for t in charts(item, NOW, shown).charts[0].figure["data"] if t["name"] == "Budget left")
        # At a burn rate of 1: spent at the end of the period, and by as much as has gone of it.
        assert left["y"][-1] == pytest.approx(0 if "rolling" in period else 0.25, abs=1e-6)


def axes(chart: Chart) -> dict[str, str]:
    return {name: axis["title"]["text"] for name, axis in chart.figure["layout"].items() if "axis" in name}


def test_every_axis_has_its_unit_in_words(world: World) -> None:
    drawn = {chart.name: axes(chart) for chart in over("6h", world.burning).charts}
    assert drawn == {
        "budget": {"xaxis": "Time (UTC)", "yaxis": "Budget left (% of the period's)"},
        "sli": {"xaxis": "Time (UTC)", "yaxis": "Good events (% of all)"},
        "burns": {"xaxis": "Time (UTC)", "yaxis": "Burn (× even spending, log)"},
        "events": {"xaxis": "Time (UTC)", "yaxis": "Events per 2m", "yaxis2": "Bad per 2m"},
    }


def said(chart: Chart, line: str, point: int = -1) -> str:
    trace = next(t for t in chart.figure["data"] if t["name"] == line)
    assert trace["hovertemplate"] == "%{text}<extra></extra>"
    return str(trace["text"][point]).replace("<br>", " ").replace(formats.SPACE, " ")


def test_pointing_at_a_chart_says_share_amount_side_and_span(world: World) -> None:
    Exclusion.objects.create(
        objective=world.burning, start=NOW - timedelta(seconds=30), end=NOW, reason="<i>moving</i>", created_at=NOW
    )
    Annotation.objects.create(key="1", kind="deploy", at=NOW - timedelta(seconds=20), text="orders 1.2", created_at=NOW)
    budget, sli, burns, events = over("1h", world.burning).charts
    page = objective_page(world.burning.name, NOW)
    left = formats.percent(page.status.budget.remaining, 1)
    assert said(budget, "Budget left").startswith(f"Left {left}: ".replace(formats.SPACE, " "))
    assert "bad events ▪ page alert ▪ deploy: orders 1.2" in said(budget, "Budget left")
    assert said(budget, "Even spending").startswith("Even spending 0.0 %")
    assert "below the target 99.9 %" in said(sli, "SLI", -2)
    assert "▪ excluded: &lt;i&gt;moving&lt;/i&gt;" in said(burns, "3d")
    assert said(burns, "1h").startswith("1h: ")
    assert ", above its 14.4×" in said(burns, "1h")
    assert re.match(r"\d+ bad events \(\d", said(events, "Bad", -2))


def test_a_budget_of_time_is_pointed_at_in_minutes() -> None:
    item = factories.objective(sli={"raw": "up", "raw_type": "success"}, target=0.99)
    factories.ledger(item, seconds=36_000, total=30, bad=lambda left: 30 if left < 60 else 0)
    budget, _, _, events = over("1h", item).charts
    assert "5 min of 6 min bad time" in said(budget, "Budget left")
    assert axes(events)["yaxis"] == "Seconds per 1m"


def test_tables_are_as_long_as_one_reads_and_say_what_is_left_off(world: World) -> None:
    for chart in over("6h", world.burning).charts:
        assert len(chart.rows) == 60
        assert chart.more == len(chart.exact.rows) - 60 > 100


def rows(client: Client, chart: str, query: str = "range=1h") -> list[dict[str, str]]:
    response = client.get(f"/objectives/orders-availability/figures/{chart}.csv?{query}")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(StringIO(response.content.decode(), newline="")))


def test_the_csv_of_counts_holds_what_the_ledger_holds(reader: Client, world: World) -> None:
    found = rows(reader, "events")
    assert list(found[0]) == [
        *("from (UTC)", "until (UTC)", "good (events)", "bad (events)", "all (events)"),
        "observed (share of the time)",
    ]
    assert (found[0]["from (UTC)"], found[-1]["until (UTC)"]) == ("2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z")
    history = selectors_ledger.History(world.burning, to_epoch(NOW) - 3_600, to_epoch(NOW))
    for row in found:
        start, end = (to_epoch(datetime.fromisoformat(row[name])) for name in ("from (UTC)", "until (UTC)"))
        window = history.window(start, end)
        assert (float(row["good (events)"]), float(row["bad (events)"])) == (window.good, window.bad)
        assert float(row["observed (share of the time)"]) == window.completeness
    assert sum(float(row["bad (events)"]) for row in found) == 240


def test_the_csv_of_a_budget_ends_where_the_page_says_it_stands(reader: Client, world: World) -> None:
    last = rows(reader, "budget")[-1]
    status = objective_page(world.burning.name, NOW).status
    assert float(last["budget left (share of the period's budget)"]) == pytest.approx(status.budget.remaining)
    assert float(last["bad so far (events)"]) == status.budget.spent
    assert float(last["budget of the period (events)"]) == pytest.approx(status.budget.total)
    assert float(rows(reader, "burns")[-1]["burn over 1h (times even spending, alerts above 14.4)"]) > 14.4
    assert (
        rows(reader, "sli", "from=2026-03-02T11:00Z&to=2026-03-02T11:30Z")[-1]["until (UTC)"] == "2026-03-02T11:30:00Z"
    )


def test_a_csv_is_named_after_what_is_in_it_and_only_for_readers(reader: Client, client: Client) -> None:
    address = "/objectives/orders-availability/figures/sli.csv?range=1h"
    response = reader.get(address)
    name = "orders-availability-sli-20260302T1100Z-20260302T1200Z.csv"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["Cache-Control"] == "private, no-store"
    assert reader.get("/objectives/orders-availability/figures/nonsense.csv").status_code == 404
    client.logout()
    assert client.get(address).status_code == 302


def test_the_charts_take_few_queries(world: World, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_max_num_queries(16):
        over("30d", world.burning)


def test_while_something_burns_the_next_step_stands_above_the_figures(operator: Client, world: World) -> None:
    text = operator.get(f"/objectives/{world.burning.name}/").content.decode()
    head = text[: text.index('class="tiles')]
    assert f'href="/alerts/{world.alert.pk}/">Acknowledge the page…</a>' in head
    assert 'href="/runbooks/orders/">Open the runbook</a>' in head
    assert "nobody is on it yet" in text
    assert 'class="actions"' not in operator.get(f"/objectives/{world.healthy.name}/").content.decode()


def test_an_alert_that_is_held_back_says_so_and_asks_for_nothing(operator: Client, world: World) -> None:
    Alert.objects.create(
        subject=world.burning.name,
        objective=world.burning,
        severity="ticket",
        state="firing",
        opened_at=NOW,
        fired_at=NOW,
        inhibited_by=world.alert,
    )
    page = operator.get(f"/objectives/{world.burning.name}/").content.decode()
    assert f'held back by the <a href="/alerts/{world.alert.pk}/">page</a>' in page
    assert page.index("nobody is on it yet") < page.index("held back by")
    assert "Acknowledge the ticket" not in page
