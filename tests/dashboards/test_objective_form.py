"""Objectives written on a page: two views of one document, checked by the engine, previewed against the source."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from slo.maths.windows import to_epoch
from slo.models import BudgetPolicy, Edit, Measurement, Objective, Service, Source
from slo.services import edits, survey
from slo.services.catalog import apply_documents, definition
from slo.sources.fake import Fake, standing_in
from tests import factories
from tests.dashboards import scriptless
from tests.dashboards.world import World, person
from tests.factories import NOW

DAY = 86_400
FIELDS = {
    "name": "checkout",
    "title": "Checkout answers",
    "target": "99.9",
    "period": "30d",
    "source": "prometheus",
    "kind": "counters",
    "side": "bad",
    "total": "requests_total",
    "part": 'requests_total{code="500"}',
    "service": "shop",
    "component": "orders",
    "policy": "",
    "runbook": "orders",
    "owner": "sam",
    "description": "Takes the money",
    "method": "Occurrences",
}
EDIT = "/objectives/orders-availability/edit/"


@pytest.fixture
def fake(world: World) -> Iterator[Fake]:
    """A Prometheus that knows of 30 days, one of which was bad for half an hour."""
    survey.forget()
    Source.objects.create(name="prometheus", kind="prometheus", spec={"url": "http://prometheus.example"})
    end = to_epoch(NOW)
    with standing_in() as source:
        for at in range(end - 29 * DAY, end + 1, 21_600):
            source.count("requests_total", at, 1_000)
        for at in range(end - 3 * DAY, end - 3 * DAY + 1_800, 300):
            source.count("requests_total", at, 1_000, bad=400)
        yield source


def text(answer: object) -> str:
    return unescape(answer.content.decode())  # type: ignore[attr-defined]


def sent(client: Client, **changed: str) -> dict[str, str]:
    """The form as a browser sends it, with these fields changed."""
    sheet = client.get("/objectives/new/").context["sheet"]
    return {**FIELDS, "yaml": sheet.yaml, "base": sheet.base, **changed}


def test_what_is_created_is_what_the_engine_makes_of_it(operator: Client, fake: Fake) -> None:
    answer = operator.post("/objectives/new/", sent(operator, do="save"))
    assert answer["Location"] == "/objectives/checkout/"
    item = Objective.objects.get(name="checkout")
    assert (item.target, item.period, item.made_by, item.file) == (0.999, {"rolling": 30 * DAY}, "operator", "")
    assert item.sli == {"bad": 'requests_total{code="500"}', "total": "requests_total", "counter": True}
    assert (item.component and item.component.name, item.runbook, item.owner) == ("orders", "orders", "sam")
    edit = Edit.objects.get()
    assert (edit.kind, edit.name, edit.action, edit.actor, edit.text) == (
        "SLO", "checkout", "created", "operator", definition(item),
    )  # fmt: skip
    assert "created by operator" in text(operator.get("/objectives/checkout/edit/"))


def test_the_yaml_follows_the_form_and_the_form_the_yaml(operator: Client, fake: Fake) -> None:
    one = operator.post("/objectives/new/", sent(operator, do="check")).context["sheet"]
    assert one.wrong == [], one.yaml
    assert one.yaml == definition(one.item) == one.base
    written = one.yaml.replace("target: 0.999", "target: 0.95").replace("30d", "7d").replace("sam", "kim")
    two = operator.post("/objectives/new/", {**FIELDS, "base": one.base, "yaml": written, "do": "check"}).context[
        "sheet"
    ]
    assert (two.fields["target"], two.fields["period"], two.fields["owner"], two.by_hand) == ("95", "7d", "kim", True)
    three = operator.post(
        "/objectives/new/", {**two.fields, "target": "96.5", "base": two.base, "yaml": two.yaml, "do": "check"}
    ).context["sheet"]
    assert "target: 0.965" in three.yaml
    assert "7d" in three.yaml


def test_what_the_form_does_not_show_stays(operator: Client, fake: Fake) -> None:
    item = Objective.objects.get(name="orders-availability")
    item.by, item.by_limit, item.indicator = ["region"], 7, "latency"
    item.save()
    sheet = operator.get(EDIT).context["sheet"]
    posted = {**sheet.fields, "target": "99", "base": sheet.base, "yaml": sheet.yaml}
    seen = edits.digest(sheet.yaml)
    assert operator.post(EDIT, {**posted, "seen": seen, "do": "save"}).status_code == 302
    item.refresh_from_db()
    assert (item.target, item.by, item.by_limit, item.indicator) == (0.99, ["region"], 7, "latency")


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"name": ""}, "name", ""),
        ({"name": "Ä b"}, "name", ""),
        ({"name": "x" * 300}, "name", ""),
        ({"name": "new"}, "name", "this word stands for"),
        ({"name": "orders-availability"}, "name", "there is an objective orders-availability already"),
        ({"target": "NaN"}, "target", ""),
        ({"target": "1e999"}, "target", ""),
        ({"target": "-3"}, "target", "must be above 0"),
        ({"target": "100"}, "target", "leaves no error budget"),
        ({"target": "一"}, "target", ""),
        ({"period": "5m"}, "period", "longer than 1h"),
        ({"period": "calendar 1M", "zone": "Mars/Olympus"}, "zone", ""),
        ({"service": "nothing"}, "service", "there is no Service named 'nothing'"),
        ({"source": ""}, "source", ""),
        ({"total": "sum(rate(x[5m]))"}, "total", ""),
        ({"part": ""}, "part", "needs either query or histogram"),
        ({"component": "none-such"}, "component", "there is no Component"),
        ({"policy": "none-such"}, "policy", "there is no BurnPolicy"),
        ({"kind": "latency", "histogram": "x_seconds", "threshold": "nan"}, "threshold", ""),
        (
            {"method": "Timeslices", "slice_window": "17s", "slice_target": "0.9"},
            "slice_window",
            "multiple of the tick",
        ),
        ({"target": "20"}, "target", "BurnPolicy"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    operator: Client, fake: Fake, changed: dict[str, str], field: str, sentence: str
) -> None:
    answer = operator.post("/objectives/new/", sent(operator, **changed, do="save"))
    assert answer.status_code == 422
    sheet = answer.context["sheet"]
    assert field in sheet.errors, sheet.errors
    assert sentence in sheet.errors[field]
    assert sheet.first in sheet.errors
    page = text(answer)
    assert f'id="e-{field}">{sheet.errors[field]}</span>' in page
    assert page.count(" autofocus") == 1
    assert not Edit.objects.exists()


def test_what_is_empty_is_no_mistake_while_one_writes(operator: Client, fake: Fake) -> None:
    sheet = operator.post("/objectives/new/", sent(operator, name="", target="x", do="check")).context["sheet"]
    assert {"name", "target"} <= set(sheet.errors)
    assert set(sheet.said) == {"target"}
    assert sheet.first == ""


def test_a_service_is_made_with_its_first_objective_or_not_at_all(operator: Client, fake: Fake) -> None:
    new = {"service": "+", "new_service": "till", "component": ""}
    checked = operator.post("/objectives/new/", sent(operator, **new, do="preview"))
    assert checked.context["sheet"].wrong == []
    assert "service: till" in checked.context["sheet"].yaml
    assert "There would have been 1 page" in text(checked)
    assert not Service.objects.filter(name="till").exists()
    wrong = operator.post("/objectives/new/", sent(operator, **new, target="100", do="save"))
    assert wrong.status_code == 422
    assert '<option value="+" selected>' in text(wrong)
    assert not Service.objects.filter(name="till").exists()
    bad = operator.post("/objectives/new/", sent(operator, **{**new, "new_service": "T i l l"}, do="save"))
    assert "service" in bad.context["sheet"].errors
    assert operator.post("/objectives/new/", sent(operator, **new, do="save")).status_code == 302
    assert Objective.objects.get(name="checkout").service.name == "till"
    assert [(edit.kind, edit.name, edit.actor) for edit in Edit.objects.order_by("pk")] == [
        ("Service", "till", "operator"), ("SLO", "checkout", "operator"),
    ]  # fmt: skip


def test_burn_windows_are_explained_where_they_are_chosen(operator: Client, fake: Fake) -> None:
    page = text(operator.get("/objectives/new/"))
    assert "a page at 14.4× over 1h and 5m" in page
    assert "the SRE Workbook's windows" in page


BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 8)}]" for n in range(8)
)


@pytest.mark.parametrize(
    ("yaml", "sentence"),
    [
        (BOMB, "aliases repeat more than"),
        ("a: &a\n  b: *a\n", "contains itself"),
        ("[" * 5_000, "nested more than"),
        ("\x07", "no text"),
        ("", "holds no document"),
        ("kind: SLO", "is required"),
        ("just words", "must be a mapping"),
        ("x: 1\n" * 40_000, "is longer than"),
        ("apiVersion: openslo/v1\nkind: Service\nmetadata: {name: x}\nspec: {}\n", "one document of the kind SLO"),
        ("!!python/object/apply:os.system ['true']", ""),
        ("spec: {objectives: [{target: .nan}]}", "not a number"),
    ],
)
def test_hostile_yaml_is_refused_in_a_sentence(operator: Client, fake: Fake, yaml: str, sentence: str) -> None:
    answer = operator.post("/objectives/new/", sent(operator, yaml=yaml, do="save"))
    assert answer.status_code == 422
    sheet = answer.context["sheet"]
    assert any(sentence in problem.text for problem in sheet.wrong), sheet.wrong
    assert Objective.objects.count() == 2


def test_a_yaml_that_cannot_be_read_gives_way_to_the_form_when_told_so(operator: Client, fake: Fake) -> None:
    posted = sent(operator, yaml="{", do="check")
    assert "Take the form's instead" in text(operator.post("/objectives/new/", posted))
    sheet = operator.post("/objectives/new/", {**posted, "do": "form"}).context["sheet"]
    assert sheet.wrong == []
    assert "checkout" in sheet.yaml


def test_the_preview_tells_of_thirty_days_and_the_alerts_there_would_have_been(operator: Client, fake: Fake) -> None:
    answer = operator.post("/objectives/new/preview/", sent(operator))
    found = answer.context["outlook"]
    whole = found.preview.whole
    assert (whole.total, whole.bad, whole.completeness) == (29 * 4_000 + 1_000 + 6_000, 2_400, 1.0)
    pages = [alert for alert in found.told if alert.severity == "page"]
    assert len(pages) == 1
    assert timedelta(0) <= pages[0].start - (NOW - timedelta(days=3)) <= timedelta(minutes=30)
    page = text(answer)
    assert "There would have been 1 page" in page
    assert 'role="img" aria-label="Burn rate' in page
    assert re.search(r"<figcaption[^>]*>Burn rate, 6\sh a bar: at most [\d.]+×", page)
    assert not list(scriptless.untold(scriptless.read(answer.content.decode())))
    assert len(fake.asked) == 1
    # Another target needs no new question.
    answer = operator.post("/objectives/new/preview/", sent(operator, target="95"))
    assert 0 < answer.context["outlook"].preview.status.budget.remaining < 1
    assert len(fake.asked) == 1
    assert Objective.objects.count() == 2
    assert not Measurement.objects.filter(objective__name="checkout").exists()


def test_a_source_that_is_away_slow_or_empty_is_told_in_words(
    operator: Client, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.outage(0, to_epoch(NOW))
    assert "the fake source is out of order" in text(operator.post("/objectives/new/preview/", sent(operator)))
    fake._outages.clear()
    nothing = sent(operator, total="nothing_total", part="nothing_bad")
    fake.silence(0, to_epoch(NOW))
    assert "has no data of it in the last 30 days" in text(operator.post("/objectives/new/preview/", nothing))
    monkeypatch.setattr(survey, "LIMIT", 0.0)
    survey.forget()
    monkeypatch.setattr(Fake, "collect", lambda *_: __import__("time").sleep(0.3))
    assert "has not answered within" in text(operator.post("/objectives/new/preview/", sent(operator)))
    wrong = text(operator.post("/objectives/new/preview/", sent(operator, service="")))
    assert "What is missing" in wrong


def test_a_source_of_the_present_shows_what_the_ledger_has(operator: Client, world: World) -> None:
    Source.objects.update(kind="scrape", spec={"targets": ["http://127.0.0.1:1/metrics"]})
    sheet = operator.get(EDIT).context["sheet"]
    posted = {**sheet.fields, "yaml": sheet.yaml, "base": sheet.base}
    found = operator.post(f"{EDIT}preview/", posted).context["outlook"]
    assert found.preview.whole.bad == 240
    assert any(alert.severity == "page" for alert in found.told)
    other = operator.post(f"{EDIT}preview/", {**posted, "total": "others_total"})
    assert "knows only the present" in text(other)


def test_without_javascript_a_button_previews_on_the_page(operator: Client, fake: Fake) -> None:
    page = text(operator.post("/objectives/new/", sent(operator, do="preview")))
    assert "There would have been 1 page" in page
    assert 'value="Checkout answers"' in page


def test_two_who_edit_at_once_are_told(operator: Client, fake: Fake) -> None:
    sheet = operator.get(EDIT).context["sheet"]
    posted = {**sheet.fields, "yaml": sheet.yaml, "base": sheet.base, "seen": edits.digest(sheet.yaml), "do": "save"}
    assert operator.post(EDIT, {**posted, "owner": "kim"}).status_code == 302
    answer = operator.post(EDIT, {**posted, "owner": "lee"})
    assert answer.status_code == 409
    page = text(answer)
    assert "Somebody else changed orders-availability while you were editing, last by operator" in page
    assert "What is there now against yours" in page
    assert Objective.objects.get(name="orders-availability").owner == "kim"
    again = {**posted, "owner": "lee", "seen": answer.context["seen"]}
    assert operator.post(EDIT, again).status_code == 302
    assert [edit.action for edit in Edit.objects.all()] == ["changed", "changed"]


def test_an_objective_keeps_its_name_and_is_only_one(operator: Client, fake: Fake) -> None:
    sheet = operator.get(EDIT).context["sheet"]
    posted = {**sheet.fields, "base": sheet.base, "seen": edits.digest(sheet.yaml), "do": "save"}
    renamed = sheet.yaml.replace("name: orders-availability", "name: other", 1)
    two = sheet.yaml + "---\n" + sheet.yaml.replace("orders-availability", "other")
    for yaml, sentence in ((renamed, "the name 'orders-availability' stays"), (two, "one document of the kind SLO")):
        answer = operator.post(EDIT, {**posted, "yaml": yaml})
        assert answer.status_code == 422
        assert sentence in text(answer)


def test_one_from_a_file_is_changed_only_by_who_knows_that_the_file_wins(
    operator: Client, fake: Fake, tmp_path: object
) -> None:
    file = tmp_path / "slo.yaml"  # type: ignore[operator]
    file.write_text(definition(Objective.objects.get(name="orders-availability")))
    [change] = apply_documents([file], NOW)
    assert change.action == "unchanged"
    sheet = operator.get(EDIT).context["sheet"]
    posted = {**sheet.fields, "owner": "kim", "yaml": sheet.yaml, "base": sheet.base}
    posted |= {"seen": edits.digest(sheet.yaml), "do": "save"}
    answer = operator.post(EDIT, posted)
    assert answer.status_code == 409
    assert "brings the file's words back" in text(answer)
    assert operator.post(EDIT, {**posted, "despite_file": "1"}).status_code == 302
    assert [change.action for change in apply_documents([file], NOW)] == ["changed"]


def test_what_was_made_on_a_page_stays_when_files_are_pruned(operator: Client, fake: Fake, tmp_path: object) -> None:
    operator.post("/objectives/new/", sent(operator, do="save", component="", runbook=""))
    file = tmp_path / "slo.yaml"  # type: ignore[operator]
    file.write_text("apiVersion: openslo/v1\nkind: Service\nmetadata: {name: lonely}\nspec: {}\n")
    Objective.objects.exclude(name="checkout").delete()
    pruned = {(c.kind, c.name) for c in apply_documents([file], NOW, prune=True) if c.action == "pruned"}
    assert ("Component", "orders") in pruned
    assert not pruned & {("SLO", "checkout"), ("Service", "shop"), ("DataSource", "prometheus")}
    assert Objective.objects.filter(name="checkout").exists()


def test_deleting_asks_for_the_name_and_for_whoever_needs_it(operator: Client, world: World) -> None:
    address = "/objectives/orders-availability/delete/"
    assert operator.post(address, {"confirm": "orders"}).status_code == 422
    policy = BudgetPolicy.objects.create(name="strict", objectives=["orders-availability"])
    answer = operator.post(address, {"confirm": "orders-availability"})
    assert answer.status_code == 409
    assert "the error-budget policy strict needs orders-availability" in text(answer)
    policy.delete()
    assert operator.post(address, {"confirm": "orders-availability"})["Location"] == "/objectives/"
    assert not Objective.objects.filter(name="orders-availability").exists()
    assert Edit.objects.get().action == "deleted"


def test_only_operators_write_and_what_labels_make_is_edited_in_its_parent(
    client: Client, reader: Client, world: World
) -> None:
    factories.objective("child", parent=world.burning, service=world.burning.service)
    addresses = ("/objectives/new/", "/objectives/new/preview/", EDIT, f"{EDIT}preview/")
    for address in (*addresses, "/objectives/orders-availability/delete/"):
        assert reader.post(address, FIELDS).status_code == 403
    assert "New objective" not in text(reader.get("/objectives/"))
    client.logout()
    assert client.get("/objectives/new/").status_code == 302
    client.force_login(person("operator"), backend="django.contrib.auth.backends.ModelBackend")
    assert "New objective" in text(client.get("/objectives/"))
    assert client.get("/objectives/child/edit/").status_code == 404
    assert client.get("/objectives/nothing/edit/").status_code == 404
