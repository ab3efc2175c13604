"""Runbooks on the pages: found, read from an alert, written by two at once, compared, worked through, learnt from."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from alerts import selectors as alerts
from alerts.models import Runbook, RunbookRun, RunbookVersion, StepTick
from alerts.services.runbooks import record
from degradation.models import Flag
from tests.dashboards.world import World
from tests.factories import NOW

DAY = timedelta(days=1)
BODY = """\
## Detection

{{ objective }} of {{ service }} burns: {{ burn }}. {{ nonsense }}

{{ embed objective orders-availability }}

{{ embed circuit orders }}

{{ embed capability order-tracking }}

{{ embed flag nothing }}

## Immediate action

1. Look at [the alert]({{ alert_url }}).
2. Force the flag off.

   {{ embed flag order-updates }}

## Recovery

1. It is well again.
"""
WORDING = {"title": "Orders unavailable", "severity": "P1", "owner": "sam", "comment": "clearer", "do": "save"}


@pytest.fixture
def book(world: World) -> Runbook:
    record(world.runbook, BODY, NOW - DAY, "sam")
    return world.runbook


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return unescape(response.content.decode())


def test_a_runbook_read_from_an_alert_is_filled_in_from_it(reader: Client, world: World, book: Runbook) -> None:
    page = text(reader, f"/runbooks/orders/?alert={world.alert.pk}")
    assert "orders-availability of shop burns: 200× over 1h and 600× over 5m (limit 14.4×)." in page
    assert f'href="http://127.0.0.1:8000/alerts/{world.alert.pk}/"' in page
    assert '<code class="unknown">{{nonsense}}</code>' in page
    assert "Filled in for" in page
    without = text(reader, "/runbooks/orders/")
    assert '<code class="placeholder">burn</code>' in without
    text(reader, "/runbooks/orders/?alert=99999", 404)


def test_live_elements_show_what_is_now(reader: Client, world: World, book: Runbook) -> None:
    page = text(reader, "/runbooks/orders/")
    assert "of the budget left · burning" in page
    assert "circuit closed" in page
    assert "mode orders page · because of Orders" in page or "mode orders page · because of orders" in page
    assert "There is no flag nothing" in page
    assert page.count('class="live"') == 5
    assert "orders-availability burns 200× over 1h · by loop" in page
    assert "Change…" not in page


def test_a_flag_is_changed_from_within_a_runbook_and_leads_back_there(
    operator: Client, world: World, book: Runbook
) -> None:
    back = f"/runbooks/orders/?alert={world.alert.pk}"
    assert f'name="next" value="{back}"' in text(operator, back)
    wanted = {"value": "off", "reason": "the map is slow", "minutes": "60"}
    for following, leads in ((back, back), ("https://evil.example/", "/flags/#flag-order-updates")):
        answer = operator.post("/flags/order-updates/", {**wanted, "next": following})
        assert answer["Location"] == leads
    assert Flag.objects.get(key="order-updates").override == "off"


def test_a_dimmer_within_a_runbook_shows_its_share_and_is_set_to_another(
    operator: Client, world: World, book: Runbook
) -> None:
    Flag.objects.filter(key="order-updates").update(kind="dimmer", splits=True)
    wanted = {"value": "share", "share": "40", "reason": "half the map", "minutes": "60"}
    operator.post("/flags/order-updates/", wanted)
    page = text(operator, "/runbooks/orders/")
    assert re.search(r'class="switch \w+">40 %<', page)
    assert page.count('name="share"') == page.count('action="/flags/order-updates/"')
    Flag.objects.update(splits=False)
    assert 'name="share"' not in text(operator, "/runbooks/orders/")


def test_a_runbook_is_found_by_title_text_owner_and_service_whatever_the_case(
    reader: Client, world: World, book: Runbook
) -> None:
    other = Runbook.objects.create(name="llm", title="Sprachmodell ÜBERLASTET", owner="assistant team")
    record(other, "## Recovery\n\n1. Ask a question.\n", NOW)
    for query, found in (
        ("überlastet", {"llm"}),
        ("ASK question", {"llm"}),
        ("the shop", {"orders"}),
        ("orders team", {"orders"}),
        ("team", {"llm", "orders"}),
        ("100% _", set()),
        ("' OR 1=1 --", set()),
    ):
        page = reader.get("/runbooks/", {"q": query}).context["page"]
        assert {row.runbook.name for row in page.rows} == found, query
    assert "No runbook has “<b>”" in text(reader, "/runbooks/?q=<b>")


def test_the_list_of_two_hundred_runbooks_takes_few_queries(
    reader: Client, world: World, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    made = Runbook.objects.bulk_create(Runbook(name=f"book-{n}", title=f"Book {n}") for n in range(200))
    body = BODY * 3
    RunbookVersion.objects.bulk_create(
        RunbookVersion(runbook=book, number=1, body=f"{n}\n{body}", created_at=NOW) for n, book in enumerate(made)
    )
    with django_assert_max_num_queries(40):  # type: ignore[operator]
        assert "book-199" in text(reader, "/runbooks/")


def test_the_list_says_in_a_line_where_a_runbook_comes_from(operator: Client, world: World, book: Runbook) -> None:
    where = "/srv/checkouts/production/catalog/runbooks/orders.md"
    Runbook.objects.update(file=where)
    page = text(operator, "/runbooks/")
    assert page.index("<h1>Runbooks</h1>") < page.index('id="find-runbook"')
    assert f'<span class="mono" title="{where}">…/runbooks/orders.md</span>' in page
    assert f'title="{where}">…/runbooks/orders.md</span>' in text(operator, "/runbooks/orders/")
    world.alert.delete()
    assert '<td class="num muted">0</td>' in text(operator, "/runbooks/")


def test_a_runbook_an_open_alert_calls_for_offers_to_be_filled_in_from_it(
    reader: Client, world: World, book: Runbook
) -> None:
    page = text(reader, "/runbooks/orders/")
    assert "calls for it" in page
    assert page.count(f'href="/runbooks/orders/?alert={world.alert.pk}"') == 3
    assert "page for 18" in page


def test_a_version_is_written_with_its_reason_and_shown_against_the_last(operator: Client, book: Runbook) -> None:
    changed = BODY.replace("Force the flag off.", "Force it off.").replace("\n", "\r\n")
    answer = operator.post("/runbooks/orders/edit", {**WORDING, "body": changed, "seen": "2"})
    assert answer["Location"] == "/runbooks/orders/"
    last = alerts.runbook("orders").latest
    assert last is not None
    assert (last.number, last.author, last.comment) == (3, "operator", "clearer")
    assert "\r" not in last.body
    page = text(operator, "/runbooks/orders/versions/?from=2&to=3")
    assert "2. Force the flag off." in page
    assert "2. Force it off." in page
    assert "<b>severity</b>: <del>P2</del> → <ins>P1</ins>" in page
    assert "clearer" in page
    text(operator, "/runbooks/orders/versions/?from=7", 404)
    assert "Nothing differs" in text(operator, "/runbooks/orders/versions/?from=2&to=2")


def test_whoever_saves_second_sees_what_the_first_wrote_and_loses_nothing(operator: Client, book: Runbook) -> None:
    mine = BODY.replace("It is well again.", "My own sentence.")
    operator.post("/runbooks/orders/edit", {**WORDING, "body": BODY + "\nFirst.\n", "seen": "2"})
    answer = operator.post("/runbooks/orders/edit", {**WORDING, "body": mine, "seen": "2"})
    assert answer.status_code == 409
    page = unescape(answer.content.decode())
    assert "Somebody else changed orders while you were writing: version 3 is there now by operator" in page
    assert "My own sentence." in page
    assert 'name="seen" value="3"' in page
    again = operator.post("/runbooks/orders/edit", {**WORDING, "body": mine, "seen": "3"})
    assert again.status_code == 302
    assert book.versions.count() == 4


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"comment": ""}, "Say why it changes"),
        ({"title": " "}, "Give it a title"),
        ({"body": ""}, "Write what to do"),
        ({"body": "x" * 100_001}, "longer than 100,000 characters"),
        ({"covers": "orders"}, "orders is no failure mode"),
        ({"seen": ""}, "the version is missing"),
        ({"title": "a\0b"}, "Null characters are not allowed"),
    ],
)
def test_what_cannot_be_saved_is_said_and_kept_in_the_form(
    operator: Client, book: Runbook, fields: dict[str, str], sentence: str
) -> None:
    answer = operator.post("/runbooks/orders/edit", {**WORDING, "body": "mine", "seen": "2", **fields})
    assert answer.status_code == 422
    assert sentence in unescape(answer.content.decode())
    assert book.versions.count() == 2


def test_a_preview_saves_nothing(operator: Client, book: Runbook) -> None:
    draft = "## New\n\n{{ embed flag order-updates }}\n\n<script>alert(1)</script>"
    answer = operator.post("/runbooks/orders/edit", {"body": draft, "seen": "2", "do": "preview"})
    page = answer.content.decode()
    assert '<h2 id="s-new">New</h2>' in page
    assert 'class="live"' in page
    assert "<script>alert" not in page
    assert book.versions.count() == 2


def test_one_that_comes_from_a_file_is_edited_only_by_who_knows_that_the_file_wins(
    operator: Client, book: Runbook
) -> None:
    Runbook.objects.filter(pk=book.pk).update(file="runbooks/orders.md")
    wanted = {**WORDING, "body": "mine", "seen": "2"}
    answer = operator.post("/runbooks/orders/edit", wanted)
    assert answer.status_code == 409
    assert "applied from runbooks/orders.md, and the next apply brings" in unescape(answer.content.decode())
    assert operator.post("/runbooks/orders/edit", {**wanted, "despite_file": "1"}).status_code == 302
    assert "brings the file's words back" in text(operator, "/runbooks/orders/")


def test_a_new_runbook_is_written_on_the_page_once(operator: Client, world: World) -> None:
    wanted = {
        **WORDING,
        "name": "search",
        "body": "## Recovery\n\n1. Wait.\n",
        "covers": "component/orders",
        "seen": "0",
    }
    assert "## Immediate action" in text(operator, "/runbooks/new")
    assert operator.post("/runbooks/new", wanted)["Location"] == "/runbooks/search/"
    assert "written on this page" in text(operator, "/runbooks/search/")
    again = operator.post("/runbooks/new", wanted)
    assert again.status_code == 409
    assert "There is a runbook search already" in again.content.decode()
    assert operator.post("/runbooks/new", {**wanted, "name": "a b"}).status_code == 422


def started(client: Client, world: World) -> RunbookRun:
    answer = client.post("/runbooks/orders/start", {"alert": world.alert.pk})
    assert answer.status_code == 302
    return RunbookRun.objects.get(pk=int(answer["Location"].split("/")[2]))


def test_steps_are_ticked_and_the_timeline_of_the_alert_tells_it(operator: Client, world: World, book: Runbook) -> None:
    run = started(operator, world)
    assert started(operator, world) == run
    operator.post(f"/runs/{run.pk}/tick", {"step": "action-1", "done": "1", "note": "nothing <b> there"})
    operator.post(f"/runs/{run.pk}/tick", {"step": "action-1", "done": "0"})
    answer = operator.post(f"/runs/{run.pk}/tick", {"step": "action-2", "done": "1"})
    assert answer["Location"] == f"/runs/{run.pk}/#action-2"
    page = text(operator, f"/runs/{run.pk}/")
    assert "1 of 3" in page
    assert page.count('aria-checked="true"') == 1
    alert_page = operator.get(f"/alerts/{world.alert.pk}/").context["page"]
    told = [(event.title, event.detail, event.by) for event in alert_page.events if event.kind == "runbook"]
    assert ("Done: Force the flag off.", "", "operator") in told
    assert ("Not done after all: Look at the alert.", "", "operator") in told
    assert ("Done: Look at the alert.", "nothing <b> there", "operator") in told
    assert ("Started the runbook Orders unavailable", "", "operator") in told


def test_a_run_keeps_the_words_it_was_started_with(operator: Client, world: World, book: Runbook) -> None:
    run = started(operator, world)
    record(book, "## Recovery\n\n1. Something else.\n", NOW, "sam")
    page = text(operator, f"/runs/{run.pk}/")
    assert "Version 3 was written meanwhile" in page
    assert "Force the flag off." in page
    operator.post(f"/runs/{run.pk}/tick", {"step": "action-2", "done": "1"})
    book.delete()
    assert "Force the flag off." in text(operator, f"/runs/{run.pk}/")
    assert StepTick.objects.get().step == "action-2"


def test_a_finished_run_takes_no_more_ticks_and_counts_as_exercise(
    operator: Client, world: World, book: Runbook
) -> None:
    run = started(operator, world)
    operator.post(f"/runs/{run.pk}/finish", {"outcome": "it was the map"})
    operator.post(f"/runs/{run.pk}/tick", {"step": "action-1", "done": "1"})
    page = text(operator, f"/runs/{run.pk}/")
    assert "operator has ended this run of orders" in page
    assert "it was the map" in page
    assert not StepTick.objects.exists()
    assert "Exercised" in text(operator, "/runbooks/orders/")


@pytest.mark.parametrize("body", [{"step": "nothing", "done": "1"}, {"step": "action-1\0", "done": "1"}])
def test_a_step_that_is_none_is_not_found(operator: Client, world: World, book: Runbook, body: dict[str, str]) -> None:
    run = started(operator, world)
    operator.post(f"/runs/{run.pk}/tick", body)
    assert not StepTick.objects.exists()


def test_readers_read_and_do_nothing(reader: Client, world: World, book: Runbook) -> None:
    for address in ("start", "edit"):
        assert reader.post(f"/runbooks/orders/{address}", {}).status_code == 403
    assert reader.get("/runbooks/new").status_code == 403
    run = RunbookRun.objects.create(name="orders", title="Orders", number=2, body=BODY, started_at=NOW)
    assert "Ticking steps needs the role operator" in text(reader, f"/runs/{run.pk}/")
    for act in ("tick", "finish"):
        assert reader.post(f"/runs/{run.pk}/{act}", {}).status_code == 403


def test_the_list_and_the_page_say_what_is_to_be_repaired(reader: Client, world: World, book: Runbook) -> None:
    page = reader.get("/runbooks/").context["page"]
    [row] = page.rows
    assert {problem.rule for problem in row.problems} == {"placeholder", "embed"}
    assert "the objective catalog-availability names no runbook" in {found.message for found in page.missing}
    assert "there is no flag nothing" in text(reader, "/runbooks/orders/")


def test_a_post_mortem_is_drafted_from_what_was_recorded(operator: Client, world: World, book: Runbook) -> None:
    run = started(operator, world)
    operator.post(f"/runs/{run.pk}/tick", {"step": "action-1", "done": "1", "note": "| x\n# y"})
    operator.post(f"/runs/{run.pk}/finish", {"outcome": "solved"})
    address = f"/alerts/{world.alert.pk}/post-mortem"
    answer = operator.get(f"{address}.md")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="post-mortem-{world.alert.pk}.md"'
    draft = answer.content.decode()
    assert "- 2026-03-02 11:45:00 shed order-updates, now off: orders-availability burns 200× over 1h" in draft
    assert "| on-call | firing | sent | 1 | 202 Accepted |" in draft
    assert "- [x] Look at the alert. (operator)\n  - \\| x \\# y\n- [ ] Force the flag off." in draft
    assert operator.get(f"{address}.md").content.decode() == draft
    assert "Post-mortem: Order tracking answers" in text(operator, f"{address}/")
    text(operator, "/alerts/99999/post-mortem/", 404)
