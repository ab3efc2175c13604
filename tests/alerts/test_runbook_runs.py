"""Runbooks written and worked through by several people, from files and over JSON."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from alerts import selectors, selectors_runbooks
from alerts.errors import RunbookChangedError, RunOverError
from alerts.models import Runbook, RunbookRun, RunbookVersion, StepTick
from alerts.services import runs
from alerts.services.runbooks import Wording, record, write
from alerts.services.runs import Actor
from slo.errors import BrownoutError, CatalogError, DeclaredError, DefinitionError, NotFoundError
from slo.services.access import issue_token
from slo.services.catalog import apply_documents, export_documents
from tests.alerts.world import fired
from tests.factories import NOW
from tests.slo.parallel import at_once

STEPS = "## Immediate action\n\n1. Look.\n2. Act on {{ service }}.\n\n## Recovery\n\n1. It is well.\n"
ANN, BOB = Actor("ann"), Actor("bob")
MINUTE = timedelta(minutes=1)


def book(name: str = "orders", body: str = STEPS) -> Runbook:
    made = Runbook.objects.create(name=name, title="Orders unavailable")
    record(made, body, NOW)
    return made


def file(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.md"
    path.write_text(text)
    return path


# Files ------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_file_wins_at_its_next_apply_and_both_wordings_are_kept(tmp_path: Path) -> None:
    path = file(tmp_path, "orders", f"---\ntitle: Orders\ncovers: [component/orders]\n---\n{STEPS}")
    apply_documents([path], NOW)
    wording = Wording("Orders!", "mine\n")
    with pytest.raises(DeclaredError, match=r"orders is applied from .*orders\.md, and the next apply"):
        write("orders", wording, NOW, seen=1, author="ann", comment="x")
    write("orders", wording, NOW, seen=1, author="ann", comment="for tonight", despite_file=True)
    assert selectors.runbook("orders").latest.body == "mine\n"  # type: ignore[union-attr]
    [change] = apply_documents([path], NOW + MINUTE)
    assert change.action == "changed"
    kept = RunbookVersion.objects.values_list("number", "author", "comment", "file")
    assert list(kept) == [(3, "", "", str(path)), (2, "ann", "for tonight", ""), (1, "", "", str(path))]
    assert Runbook.objects.get().covers == ["component/orders"]
    assert apply_documents([path], NOW + MINUTE)[0].action == "unchanged"


@pytest.mark.django_db
def test_the_same_file_out_of_another_folder_is_the_same_runbook(tmp_path: Path) -> None:
    text = f"---\ntitle: Orders\n---\n{STEPS}"
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        file(folder, "orders", text)
        apply_documents([folder], NOW)
    assert Runbook.objects.get().file == str(second / "orders.md")
    assert RunbookVersion.objects.count() == 1


@pytest.mark.django_db
def test_a_folder_with_broken_files_applies_nothing_and_names_file_and_line(tmp_path: Path) -> None:
    file(tmp_path, "good", f"---\ntitle: Good\n---\n{STEPS}")
    file(tmp_path, "plain", STEPS)
    file(tmp_path, "typo", "---\ntitle: Typo\nseverty: P1\n---\nx\n")
    file(tmp_path, "cover", "---\ntitle: Cover\ncovers: [orders]\n---\nx\n")
    file(tmp_path, "endless", "---\ntitle: Endless\n---\n" + "x" * 100_001)
    (tmp_path / "bytes.md").write_bytes(b"---\ntitle: \xff\n---\n")
    with pytest.raises(CatalogError) as caught:
        apply_documents([tmp_path], NOW)
    told = "\n".join(str(error).removeprefix(f"{tmp_path}/") for error in caught.value.errors)
    for place in ("plain.md:1", "typo.md:3", "cover.md:3", "endless.md:4", "bytes.md"):
        assert place in told, told
    assert not Runbook.objects.exists()


@pytest.mark.django_db
def test_a_prune_leaves_what_was_written_on_the_page(tmp_path: Path) -> None:
    apply_documents([file(tmp_path, "orders", f"---\ntitle: Orders\n---\n{STEPS}")], NOW)
    apply_documents([file(tmp_path, "llm", f"---\ntitle: LLM\n---\n{STEPS}")], NOW)
    write("own", Wording("Our own", STEPS), NOW, seen=0, author="ann", comment="new")
    apply_documents([tmp_path / "orders.md"], NOW, prune=True)
    assert set(Runbook.objects.values_list("name", flat=True)) == {"orders", "own"}
    assert "name: own" in "".join(str(text) for text in export_documents())


# Writing ----------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_what_cannot_be_kept_is_refused() -> None:
    book()
    for wording in (Wording(" ", "x"), Wording("t", "x" * 100_001), Wording("t", "a\0b")):
        with pytest.raises(DefinitionError):
            write("orders", wording, NOW, seen=1, author="ann", comment="x")
    with pytest.raises(NotFoundError):
        write("nothing", Wording("t", "x"), NOW, seen=3, author="ann", comment="x")
    with pytest.raises(RunbookChangedError, match="There is a runbook orders already"):
        write("orders", Wording("t", "x"), NOW, seen=0, author="ann", comment="x")
    assert RunbookVersion.objects.count() == 1


@pytest.mark.usefixtures("file_database")
def test_of_several_who_write_at_once_one_wins_and_the_others_are_told() -> None:
    book()
    told: list[str] = []

    def save(number: int) -> None:
        try:
            write("orders", Wording("Orders", f"{number}\n"), NOW, seen=1, author=f"u{number}", comment="x")
        except BrownoutError as error:
            told.append(str(error))

    at_once(4, save)
    assert len(told) == 3
    assert all("Somebody else changed orders while you were writing" in text for text in told)
    assert RunbookVersion.objects.count() == 2


# Working through --------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("file_database")
def test_two_who_start_and_tick_at_once_share_a_run_and_lose_no_tick() -> None:
    orders, alert = book(), fired()

    def work(number: int) -> None:
        run = runs.start(orders, alert, Actor(f"u{number}"), NOW)
        for step in ("action-1", "action-2", "recovery-1"):
            runs.tick(run, step, Actor(f"u{number}"), NOW, done=True, note=f"by {number}")

    at_once(4, work)
    run = RunbookRun.objects.get()
    assert StepTick.objects.count() == 12
    assert {tick.by for tick in run.ticks.filter(step="action-2")} == {"u0", "u1", "u2", "u3"}
    assert all(state.done for state in selectors_runbooks.states(run))


@pytest.mark.django_db
def test_each_act_is_kept_and_saying_the_same_again_adds_nothing() -> None:
    run = runs.start(book(), None, ANN, NOW)
    assert runs.tick(run, "action-1", ANN, NOW, done=True)
    assert runs.tick(run, "action-1", BOB, NOW + MINUTE, done=True) is None
    assert runs.tick(run, "action-1", BOB, NOW + MINUTE, done=True, note=" me too ")
    assert runs.tick(run, "action-1", BOB, NOW + 2 * MINUTE, done=False)
    assert runs.tick(run, "recovery-1", BOB, NOW, done=False) is None
    assert runs.tick(run, "", ANN, NOW, done=None) is None
    assert runs.tick(run, "", ANN, NOW + 3 * MINUTE, done=None, note="a\0ll quiet" + "!" * 5_000)
    first, second, third = selectors_runbooks.states(run)
    assert (first.done, first.last.by if first.last else "", [tick.note for tick in first.notes]) == (
        False,
        "bob",
        ["me too"],
    )
    assert not second.ticks
    assert not third.ticks
    assert len(StepTick.objects.get(step="").note) == 2_000
    assert selectors_runbooks.progress([run]) == {run.pk: (0, 3)}
    for step, done in (("action-3", True), ("", True), ("action-1; drop", False)):
        with pytest.raises(NotFoundError):
            runs.tick(run, step, ANN, NOW, done=done)


@pytest.mark.django_db
def test_the_end_of_a_run_is_its_end_and_the_next_one_begins_anew() -> None:
    orders, alert = book(), fired()
    run = runs.start(orders, alert, ANN, NOW)
    assert runs.start(orders, alert, BOB, NOW) == run
    runs.finish(run, BOB, NOW + MINUTE, "solved")
    with pytest.raises(RunOverError, match="bob has ended this run of orders"):
        runs.finish(run, ANN, NOW)
    with pytest.raises(RunOverError):
        runs.tick(run, "action-1", ANN, NOW, done=True)
    assert runs.start(orders, alert, ANN, NOW) != run
    assert selectors_runbooks.exercised() == {"orders": NOW + MINUTE}
    assert runs.start(orders, None, ANN, NOW) != runs.start(orders, None, ANN, NOW)


@pytest.mark.django_db
def test_one_without_steps_cannot_be_worked_through() -> None:
    with pytest.raises(DefinitionError, match="orders has no steps"):
        runs.start(book(body="## Detection\n\n1. no step\n"), None, ANN, NOW)


@pytest.mark.django_db
def test_the_timeline_says_what_was_done_in_the_words_of_the_alert() -> None:
    alert = fired()
    run = runs.start(book(), alert, ANN, NOW)
    runs.tick(run, "action-2", BOB, NOW + MINUTE, done=True, note="gone")
    runs.finish(run, ANN, NOW + 2 * MINUTE, "solved")
    told = [(event.what, event.note, event.by) for event in selectors_runbooks.run_events(alert)]
    service = alert.service.name if alert.service else ""
    assert told == [
        ("Started the runbook Orders unavailable", "", "ann"),
        (f"Done: Act on {service}.", "gone", "bob"),
        ("Finished the runbook Orders unavailable", "solved", "ann"),
    ]


# JSON -------------------------------------------------------------------------------------------------------------
@pytest.fixture
def operator(db: None) -> dict[str, Any]:
    return {"HTTP_AUTHORIZATION": f"Bearer {issue_token('robot', 'operator', NOW)}"}


def send(client: Client, method: str, path: str, body: dict[str, Any], headers: dict[str, Any]) -> Any:
    return getattr(client, method)(f"/api/v1{path}", body, content_type="application/json", **headers)


def test_a_program_writes_under_the_same_lock(client: Client, operator: dict[str, Any]) -> None:
    said = {"title": "Orders", "body": STEPS, "comment": "first", "version": 0}
    made = send(client, "put", "/runbooks/orders", said, operator)
    assert made.status_code == 200, made.content
    body = made.json()
    assert (body["version"], body["action"][:7], [step["key"] for step in body["steps"]]) == (
        1,
        "1. Look",
        ["action-1", "action-2", "recovery-1"],
    )
    assert send(client, "put", "/runbooks/orders", said, operator).status_code == 409
    assert send(client, "put", "/runbooks/orders", {**said, "version": 7}, operator).status_code == 409
    for wrong in ({"comment": ""}, {"version": -1}, {"covers": ["x"]}, {"body": "x" * 100_001}, {"title": ""}):
        assert send(client, "put", "/runbooks/orders", {**said, **wrong}, operator).status_code == 422
    assert send(client, "put", "/runbooks/a%20b", said, operator).status_code == 422
    assert send(client, "put", "/runbooks/orders", {**said, "version": 1, "body": "new"}, operator).status_code == 200
    listed = client.get("/api/v1/runbooks/orders/versions", **operator).json()["versions"]
    assert [(item["number"], item["author"]) for item in listed] == [(2, "token robot"), (1, "token robot")]
    assert client.get("/api/v1/runbooks/orders/versions/1", **operator).json()["body"] == STEPS
    assert client.get("/api/v1/runbooks/orders/versions/9", **operator).status_code == 404
    assert [b["name"] for b in client.get("/api/v1/runbooks?q=NEW", **operator).json()["runbooks"]] == ["orders"]
    assert client.get("/api/v1/runbooks?q=else", **operator).json()["runbooks"] == []


def test_a_program_works_through_a_runbook(client: Client, operator: dict[str, Any]) -> None:
    book()
    alert = fired()
    run = send(client, "post", "/runbooks/orders/runs", {"alert": alert.pk}, operator).json()
    assert (run["alert"], run["started_by"], run["steps_done"], run["steps_total"]) == (alert.pk, "token robot", 0, 3)
    ticks = f"/runs/{run['id']}/ticks"
    told = send(client, "post", ticks, {"step": "action-1", "done": True, "note": "ok"}, operator).json()
    assert (told["steps_done"], told["steps"][0]["by"], told["ticks"][0]["note"]) == (1, "token robot", "ok")
    assert send(client, "post", ticks, {"step": "nothing", "done": True}, operator).status_code == 404
    assert send(client, "post", f"/runs/{run['id']}/finish", {"outcome": "done"}, operator).json()["outcome"] == "done"
    assert send(client, "post", ticks, {"step": "action-1", "done": False}, operator).status_code == 409
    assert [r["id"] for r in client.get(f"/api/v1/runs?alert={alert.pk}", **operator).json()["runs"]] == [run["id"]]
    assert client.get("/api/v1/runs?runbook=llm", **operator).json()["runs"] == []
    draft = client.get(f"/api/v1/alerts/{alert.pk}/post-mortem", **operator).json()
    assert "- [x] Look. (token robot)" in draft["markdown"]


def test_viewers_write_nothing_over_json(client: Client, db: None) -> None:
    headers: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {issue_token('eye', 'viewer', NOW)}"}
    book()
    run = runs.start(selectors.runbook("orders"), None, ANN, NOW)
    wanted = {"title": "Orders", "body": "x", "comment": "x", "version": 1}
    assert send(client, "put", "/runbooks/orders", wanted, headers).status_code == 403
    assert send(client, "post", "/runbooks/orders/runs", {}, headers).status_code == 403
    assert send(client, "post", f"/runs/{run.pk}/ticks", {"step": "action-1", "done": True}, headers).status_code == 403
    assert client.get(f"/api/v1/runs/{run.pk}", **headers).status_code == 200
