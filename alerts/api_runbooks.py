"""Runbooks, their versions and the work through them over JSON."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from alerts import selectors, selectors_runbooks
from alerts.models import Runbook, RunbookRun, RunbookVersion, StepTick
from alerts.rules.runbook import FAILURE, LONGEST, Step, read
from alerts.services import runs
from alerts.services.runbooks import Wording, write
from alerts.services.runs import NOTE_LENGTH, Actor
from slo.api_auth import Caller, operator

router = Router(tags=["runbooks"])

Limit = Annotated[int, Field(ge=1, le=1000)]
Said = Annotated[str, Field(max_length=NOTE_LENGTH)]


class RunbookOut(Schema):
    """`file` is where it is applied from (empty: written here), `exercised_at` when a run was finished last."""

    name: str
    title: str
    severity: str
    owner: str
    origin: str
    file: str
    covers: list[str]
    version: int | None
    updated_at: datetime | None
    exercised_at: datetime | None


class StepOut(Schema):
    """A step of a version; `key` names it within that version."""

    key: str
    text: str
    markdown: str


class RunbookDetail(RunbookOut):
    """`html` is the body as pages show it, sanitised; sections are Markdown, empty where there is none."""

    body: str
    html: str
    detection: str
    impact: str
    action: str
    recovery: str
    related: str
    steps: list[StepOut]


class RunbookList(Schema):
    runbooks: list[RunbookOut]


class VersionOut(Schema):
    """`file` is where it was applied from, empty for one that was written here."""

    number: int
    created_at: datetime
    author: str
    comment: str
    file: str


class VersionDetail(VersionOut):
    body: str
    meta: dict[str, Any]


class VersionList(Schema):
    versions: list[VersionOut]


class RunbookIn(Schema):
    """A runbook as somebody writes it. `version` is the one they have read (0: there is none yet).

    `despite_file`: keep it although it comes from a file, whose next apply brings the file's words back.
    """

    title: Annotated[str, Field(min_length=1, max_length=200)]
    body: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    severity: Annotated[str, Field(max_length=20)] = ""
    owner: Annotated[str, Field(max_length=200)] = ""
    origin: Annotated[str, Field(max_length=500)] = ""
    covers: Annotated[list[Annotated[str, Field(pattern=FAILURE, max_length=120)]], Field(max_length=100)] = []
    version: Annotated[int, Field(ge=0)]
    comment: Annotated[str, Field(min_length=1, max_length=500)]
    despite_file: bool = False


class StartIn(Schema):
    """For which alert it is worked through; null for an exercise."""

    alert: int | None = None


class TickIn(Schema):
    """`done`: true ticks a step, false takes the tick back, null only notes; an empty `step` is the run as a whole."""

    step: Annotated[str, Field(max_length=40)] = ""
    done: bool | None = None
    note: Said = ""


class FinishIn(Schema):
    outcome: Said = ""


class TickOut(Schema):
    step: str
    done: bool | None
    at: datetime
    by: str
    note: str


class StepStateOut(StepOut):
    """`at` and `by` tell the last tick, or that it was taken back."""

    done: bool
    at: datetime | None
    by: str | None


class RunOut(Schema):
    """A run of a runbook in the version it was started with."""

    id: int
    runbook: str
    title: str
    version: int
    alert: int | None
    started_at: datetime
    started_by: str
    finished_at: datetime | None
    finished_by: str
    outcome: str
    steps_done: int
    steps_total: int


class RunDetail(RunOut):
    steps: list[StepStateOut]
    ticks: list[TickOut]


class RunList(Schema):
    runs: list[RunOut]


@router.get("/runbooks", response=RunbookList, summary="Every runbook, or those in which all words of `q` are found")
def list_runbooks(request: HttpRequest, q: Annotated[str, Field(max_length=200)] = "") -> dict[str, Any]:
    exercised = selectors_runbooks.exercised()
    return {"runbooks": [_runbook(item, exercised.get(item.name)) for item in selectors_runbooks.search(q)]}


@router.get("/runbooks/{name}", response=RunbookDetail, summary="A runbook as it is now")
def get_runbook(request: HttpRequest, name: str) -> dict[str, Any]:
    return _detail(name)


@router.put("/runbooks/{name}", response=RunbookDetail, auth=operator, summary="Write a version of a runbook")
def put_runbook(
    request: HttpRequest, name: Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,100}$")], body: RunbookIn
) -> dict[str, Any]:
    """Conflict (409) if somebody has written another version meanwhile, or the runbook comes from a file."""
    said = body.dict(exclude={"version", "comment", "despite_file"})
    write(
        name,
        Wording(**said),
        datetime.now(UTC),
        seen=body.version,
        author=_actor(request).name,
        comment=body.comment,
        despite_file=body.despite_file,
    )
    return _detail(name)


@router.get("/runbooks/{name}/versions", response=VersionList, summary="The versions of a runbook, newest first")
def list_versions(request: HttpRequest, name: str) -> dict[str, Any]:
    return {"versions": [_version(item) for item in selectors_runbooks.versions(selectors.runbook(name))]}


@router.get("/runbooks/{name}/versions/{int:number}", response=VersionDetail, summary="A runbook as it was")
def get_version(request: HttpRequest, name: str, number: int) -> dict[str, Any]:
    found = selectors_runbooks.version(selectors.runbook(name), number)
    return {**_version(found), "body": found.body, "meta": found.meta}


@router.post("/runbooks/{name}/runs", response=RunDetail, auth=operator, summary="Work through a runbook")
def start_run(request: HttpRequest, name: str, body: StartIn) -> dict[str, Any]:
    """The run of that alert if one has begun and is not finished; else a new one."""
    alert = selectors.alert(body.alert) if body.alert is not None else None
    found = runs.start(selectors.runbook(name), alert, _actor(request), datetime.now(UTC))
    return _run_detail(found.pk)


@router.get("/runs", response=RunList, summary="Runs of runbooks, newest first")
def list_runs(request: HttpRequest, runbook: str = "", alert: int | None = None, limit: Limit = 100) -> dict[str, Any]:
    found = selectors_runbooks.runs(runbook, alert, limit)
    done = selectors_runbooks.progress(found)
    return {"runs": [_run(item, *done[item.pk]) for item in found]}


@router.get("/runs/{int:pk}", response=RunDetail, summary="A run with its steps and everything that was ticked")
def get_run(request: HttpRequest, pk: int) -> dict[str, Any]:
    return _run_detail(pk)


@router.post("/runs/{int:pk}/ticks", response=RunDetail, auth=operator, summary="Tick a step, take it back, or note")
def tick(request: HttpRequest, pk: int, body: TickIn) -> dict[str, Any]:
    """Conflict (409) once the run is finished. Saying what is so already adds nothing."""
    by = _actor(request)
    runs.tick(selectors_runbooks.run(pk), body.step, by, datetime.now(UTC), done=body.done, note=body.note)
    return _run_detail(pk)


@router.post("/runs/{int:pk}/finish", response=RunDetail, auth=operator, summary="End a run")
def finish(request: HttpRequest, pk: int, body: FinishIn) -> dict[str, Any]:
    """Conflict (409) if it has ended."""
    runs.finish(selectors_runbooks.run(pk), _actor(request), datetime.now(UTC), body.outcome)
    return _run_detail(pk)


def _actor(request: HttpRequest) -> Actor:
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja from `operator`
    return Actor(caller.user.get_username(), caller.user) if caller.user else Actor(f"token {caller.token}")


def _runbook(book: Runbook, exercised: datetime | None) -> dict[str, Any]:
    named = {name: getattr(book, name) for name in ("name", "title", "severity", "owner", "origin", "file", "covers")}
    return {
        **named,
        "version": book.latest.number if book.latest else None,
        "updated_at": book.latest.created_at if book.latest else None,
        "exercised_at": exercised,
    }


def _detail(name: str) -> dict[str, Any]:
    book = selectors.runbook(name)
    body = book.latest.body if book.latest else ""
    text = read(body)
    return {
        **_runbook(book, selectors_runbooks.exercised().get(name)),
        "body": body,
        "html": str(selectors.runbook_html(book)),
        "detection": text.section("detection"),
        "impact": text.section("impact"),
        "action": text.section("action"),
        "recovery": text.section("recovery"),
        "related": text.section("related"),
        "steps": [_step(step) for step in text.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    return {"key": step.key, "text": step.text, "markdown": step.body}


def _version(item: RunbookVersion) -> dict[str, Any]:
    return {name: getattr(item, name) for name in ("number", "created_at", "author", "comment", "file")}


def _run(item: RunbookRun, done: int, total: int) -> dict[str, Any]:
    kept = ("title", "started_at", "started_by", "finished_at", "finished_by", "outcome")
    return {
        **{name: getattr(item, name) for name in kept},
        "id": item.pk,
        "runbook": item.name,
        "version": item.number,
        "alert": item.alert_id,
        "steps_done": done,
        "steps_total": total,
    }


def _run_detail(pk: int) -> dict[str, Any]:
    item = selectors_runbooks.run(pk)
    states = selectors_runbooks.states(item)
    steps = [
        {
            **_step(state.step),
            "done": state.done,
            "at": state.last.at if state.last else None,
            "by": state.last.by if state.last else None,
        }
        for state in states
    ]
    done = sum(state.done for state in states)
    return {**_run(item, done, len(states)), "steps": steps, "ticks": [_tick(row) for row in item.ticks.all()]}


def _tick(row: StepTick) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("step", "done", "at", "by", "note")}
