"""A report says how promises were kept over a month or a quarter, and gives programs the same figures."""

import csv
import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from dashboards.presenters.report import report
from dashboards.presenters.report_csv import HEAD, as_csv
from dashboards.presenters.report_period import period_named
from dashboards.presenters.report_rows import as_json
from dashboards.presenters.reports import report_body
from degradation.models import Flag, FlagChange, ShedStep
from slo.errors import NotFoundError, ReportError
from slo.models import Exclusion, Objective
from slo.services.access import issue_token
from tests.alerts.world import fired, resolve
from tests.factories import NOW, ledger, objective, service

DAY = 86_400
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-02", "2026-02-01", "2026-03-01"),
        ("2025-12", "2025-12-01", "2026-01-01"),
        ("2025-Q4", "2025-10-01", "2026-01-01"),
        ("2024-Q1", "2024-01-01", "2024-04-01"),
    ],
)
def test_periods_are_months_and_quarters(text: str, start: str, end: str) -> None:
    found = period_named(text, NOW)
    assert (f"{found.start:%Y-%m-%d}", f"{found.end:%Y-%m-%d}") == (start, end)
    assert found.over


def test_the_present_period_goes_up_to_now() -> None:
    found = period_named("2026-03", NOW)
    assert (found.start, found.until, found.over) == (MARCH, NOW, False)


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-Q5", "2026-1", "0000-01", "9999-12", "2026-02'; --", "２０２６-02"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ReportError):
        period_named(text, NOW)


def test_a_period_that_has_not_begun_has_no_report() -> None:
    with pytest.raises(ReportError, match="has not begun"):
        period_named("2026-04", NOW)


@pytest.fixture
def shop(db: None) -> Objective:
    """Two months at 99 %: 100 events in five minutes, of which 3 were bad on 10 February and none otherwise."""
    item = objective("checkout", title="Checkout answers", target=0.99, service=service("shop", owner="store team"))
    tenth = (NOW - datetime(2026, 2, 11, tzinfo=UTC)).total_seconds()
    ledger(item, seconds=59 * DAY, step=300, bad=lambda left: 3 if tenth <= left < tenth + DAY else 0)
    return item


def test_a_row_has_the_figures_of_its_period_and_no_other(shop: Objective) -> None:
    (row,) = report("2026-02", NOW).rows
    total = 28 * 288 * 100
    assert (row.window.total, row.window.bad) == (total, 864)
    assert row.window.completeness == 1
    assert row.budget.total == pytest.approx(0.01 * total)
    assert row.spent == pytest.approx(864 / (0.01 * total))
    assert row.verdict == "met"
    assert [(f"{day.day:%d.%m.}", day.bad) for day in row.worst] == [("10.02.", 864)]
    assert row.worst[0].spent == pytest.approx(row.spent)
    (quarter,) = report("2026-Q1", NOW).rows
    assert quarter.window.bad == 864
    assert quarter.window.completeness == pytest.approx(59 / 60.5, abs=0.01)
    assert report("2025-01", NOW).rows[0].verdict == "no data"


def test_missed_and_unknown_promises_are_counted(shop: Objective) -> None:
    ledger(objective("bad", target=0.999, service=shop.service), seconds=40 * DAY, step=300, bad=1)
    objective("idle", service=shop.service)
    made = report("2026-02", NOW)
    assert as_json(made)["summary"] == {"met": 1, "missed": 1, "no data": 1}


def test_the_verdict_is_one_sentence_with_what_was_before(shop: Objective) -> None:
    quiet = report_body(report("2025-01", NOW))
    assert (quiet.verdict, quiet.tone) == ("Nothing was measured in January 2025", "none")
    ledger(
        objective("bad", title="Paying works", target=0.999, service=shop.service), seconds=40 * DAY, step=300, bad=1
    )
    objective("idle", service=shop.service)
    body = report_body(report("2026-02", NOW))
    assert body.verdict == (
        "1 of 2 objectives were met in February 2026; missed: Paying works, which spent 1000\u00a0% of its budget"
    )
    assert body.tone == "bad"
    assert body.facts == ("January 2026: 1 of 2 met", "1 objective without data")
    (section,) = body.sections
    assert [line.row.objective for line in section.lines] == ["bad", "checkout", "idle"]
    assert [line.missed_before for line in section.lines] == [True, False, False]
    march = report_body(report("2026-03", NOW, service="shop"))
    assert "are met so far in March 2026" in march.verdict


def test_a_thousand_objectives_take_as_many_questions_as_three(
    shop: Objective, django_assert_max_num_queries: Any
) -> None:
    with CaptureQueriesContext(connection) as few:
        report_body(report("2026-02", NOW))
    team = service("many")
    for n in range(30):
        objective(f"o-{n:02}", service=team if n % 2 else shop.service, source=shop.source)
    with django_assert_max_num_queries(len(few)):
        made = report("2026-02", NOW, most=5)
        body = report_body(made)
    assert (made.total, len(made.rows), made.left_out) == (31, 5, 26)
    assert sum(section.left_out for section in body.sections) == 26
    assert made.count("no data") == 30


def test_exclusions_are_taken_out_and_named(shop: Objective) -> None:
    start = datetime(2026, 2, 10, tzinfo=UTC)
    Exclusion.objects.create(
        service=shop.service, start=start, end=start + timedelta(days=1), reason="moved", created_at=NOW
    )
    (row,) = report("2026-02", NOW).rows
    assert row.window.bad == 0
    assert row.worst == ()
    assert [(e.reason, e.start) for e in row.excluded] == [("moved", start)]


@pytest.mark.django_db
def test_incidents_are_told_with_duration_and_cost() -> None:
    alert = resolve(fired(service=service("shop")))
    (row,) = report("2026-03", NOW + timedelta(hours=1)).rows
    (incident,) = row.incidents
    assert (incident.alert, incident.severity) == (alert.pk, "page")
    assert alert.ended_at is not None
    assert incident.seconds == (alert.ended_at - alert.opened_at).total_seconds()
    # The last five minutes before the page lost 20 of 100 every half minute.
    assert incident.bad == 200
    assert incident.spent == pytest.approx(200 / row.budget.total)  # type: ignore[operator]
    with pytest.raises(ReportError):
        report("2026-04", NOW)


def test_what_was_shed_is_told(shop: Objective) -> None:
    flag = Flag.objects.create(key="nudges", service=shop.service, description="", tier=4)
    for cause, hour in (("shed", 3), ("restored", 5)):
        at = datetime(2026, 2, 10, hour, tzinfo=UTC)
        FlagChange.objects.create(flag=flag, at=at, cause=cause, before=True, after=False, reason="burn")
    (part,) = report("2026-02", NOW).parts
    assert [(shed.flag, shed.end - shed.start) for shed in part.sheds] == [("nudges", timedelta(hours=2))]
    assert part.sheds[0].effect is None
    ShedStep.objects.create(
        service=shop.service,
        tier=4,
        flags=["nudges"],
        objective="checkout",
        reason="burn",
        at=datetime(2026, 2, 10, 3, tzinfo=UTC),
        ended_at=datetime(2026, 2, 10, 5, tzinfo=UTC),
        verdict="helped",
        before={"burn": 12.0},
        after={"burn": 0.5},
        saved={"events": 40, "budget": 0.01},
    )
    (section,) = report_body(report("2026-02", NOW)).sections
    (row,) = section.sheds
    assert row.effect is not None
    assert (row.flags, row.whom, row.effect.before, row.effect.after, row.effect.kept) == (
        ("nudges",), "Checkout answers", 12.0, 0.5, 40,
    )  # fmt: skip
    assert section.lines[0].meanwhile == ("shed 1×",)


def test_a_report_is_of_one_service_or_owner(shop: Objective) -> None:
    objective("other", owner="other team", service=service("depot"))
    assert [row.objective for row in report("2026-02", NOW, service="shop").rows] == ["checkout"]
    assert [row.objective for row in report("2026-02", NOW, owner="other team").rows] == ["other"]
    assert [row.objective for row in report("2026-02", NOW, owner="store team").rows] == ["checkout"]
    with pytest.raises(NotFoundError, match="no service named 'x'"):
        report("2026-02", NOW, service="x")
    with pytest.raises(NotFoundError, match="Nobody named 'x'"):
        report("2026-02", NOW, owner="x")


@pytest.mark.parametrize("title", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "  =1", "%0A=1"])
def test_a_spreadsheet_runs_nothing_of_it(shop: Objective, title: str) -> None:
    Objective.objects.update(title=title)
    head, row = csv.reader(StringIO(as_csv(report("2026-02", NOW))))
    assert tuple(head) == HEAD
    assert row[HEAD.index("title")] == f"'{title}"


def test_the_lines_of_the_csv_hold_the_figures(shop: Objective) -> None:
    Objective.objects.update(title='Check, "out"\nnow')
    (row,) = csv.DictReader(StringIO(as_csv(report("2026-02", NOW)), newline=""))
    assert (row["service"], row["owner"], row["title"]) == ("shop", "store team", 'Check, "out"\nnow')
    assert float(row["total"]) - float(row["good"]) == 864
    assert (row["verdict"], row["worst_day"], float(row["worst_day_bad"])) == ("met", "2026-02-10", 864)


@pytest.fixture
def viewer() -> dict[str, Any]:
    return {"HTTP_AUTHORIZATION": f"Bearer {issue_token('eye', 'viewer', NOW)}"}


def test_programs_get_json_and_csv(shop: Objective, client: Client, viewer: dict[str, Any]) -> None:
    body = client.get("/api/v1/reports/2026-02?service=shop", **viewer).json()
    assert body["services"][0]["objectives"][0]["worst_days"][0]["bad"] == 864
    answer = client.get("/api/v1/reports/2026-02?format=csv", **viewer)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="brownout-2026-02.csv"'
    assert answer.content.decode().splitlines()[0] == ",".join(HEAD)
    assert client.get("/api/v1/reports/2026-2", **viewer).status_code == 422
    assert client.get("/api/v1/reports/2026-02?owner=x", **viewer).status_code == 404
    assert client.get("/api/v1/reports/2026-02").status_code == 401


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("report", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_writes_the_three_formats(shop: Objective) -> None:
    assert json.loads(run("--period", "2026-02"))["summary"]["met"] == 1
    assert run("--period", "2026-02", "--format", "csv").startswith("period,service")
    html = run("--period", "2026-02", "--format", "html", "--owner", "store team")
    assert "Checkout answers" in html
    assert "@media print" in html
    assert "<link" not in html
    assert "href=" not in html
    with pytest.raises(CommandError, match="no period"):
        run("--period", "soon")


@pytest.mark.usefixtures("at_noon")
def test_the_page_shows_it_and_says_what_is_wrong(shop: Objective, client: Client, settings: Settings) -> None:
    settings.PUBLIC_READ = True
    html = client.get("/reports/?period=2026-02").content.decode()
    assert "<h1>Report for February 2026</h1>" in html
    assert "The only objective was met in February 2026." in html
    assert "10 Feb" in html
    assert "864 bad" in html
    assert "Burn rate by day: above 1× on 1 of 28 days, at most 3.0× on 10 Feb" in html
    assert "/api/v1/reports/2026-02?&amp;format=csv" in html
    assert "<h1>Report for March 2026</h1>" in client.get("/reports/").content.decode()
    wrong = client.get("/reports/?period=<b>")
    assert wrong.status_code == 404
    assert "is no period" in wrong.content.decode()
    assert "<b>&#x27;" not in wrong.content.decode()
    assert client.get("/reports/?period=2026-02&owner=x").status_code == 404


@pytest.mark.usefixtures("at_noon")
def test_a_title_cannot_break_out_of_the_page(shop: Objective, client: Client, settings: Settings) -> None:
    settings.PUBLIC_READ = True
    Objective.objects.update(title="<script>alert(1)</script>")
    assert "<script>alert" not in client.get("/reports/?period=2026-02").content.decode()
    assert "<script>alert" not in run("--period", "2026-02", "--format", "html")
