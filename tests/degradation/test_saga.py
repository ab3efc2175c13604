"""A shed step as a saga: webhooks and banners done in order, undone in reverse, across refusals and crashes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import pytest
from django.db import connection

from degradation import selectors
from degradation.models import Banner, Flag, Shedding, ShedStep
from degradation.rules import saga
from degradation.rules.shedding import State
from degradation.services import flags, webhooks
from degradation.services.carry_out import carry_out
from degradation.tasks import react
from slo.models import Service
from tests import factories
from tests.degradation import rows
from tests.degradation.test_shed import play
from tests.degradation.test_steps import burning
from tests.factories import NOW


class Hook(ThreadingHTTPServer):
    """A webhook's receiver on loopback that answers as it is told, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str]] = []
        self.answers: dict[str, int] = {}

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        path = self.path.strip("/")
        self.server.asked.append((path, self.headers["Idempotency-Key"]))
        code = self.server.answers.get(path, 200)
        if code == 0:
            sleep(1.0)
        self.send_response(code)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[Hook]:
    server = Hook()
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop() -> Service:
    return factories.service("shop")


def actions(hook: Hook) -> list[dict[str, Any]]:
    return [
        {"tier": 4, "kind": "webhook", "webhook": {"url": hook.url("cache"), "undo": hook.url("no-cache")}},
        {"tier": 4, "kind": "banner", "banner": {"text": "Less than usual for the moment."}},
        {"tier": 4, "kind": "webhook", "webhook": {"url": hook.url("last"), "undo": hook.url("not-last")}},
    ]


def shed(shop: Service, hook: Hook) -> ShedStep:
    made = rows.policy(shop)
    made.actions = actions(hook)
    made.save()
    rows.flag("nudges", service=shop)
    burning(shop, 900)
    play(NOW, 60)
    return ShedStep.objects.get()


def states(step: ShedStep) -> list[str]:
    step.refresh_from_db()
    return [action["state"] for action in step.actions]


def paths(hook: Hook) -> list[str]:
    return [path for path, _ in hook.asked]


@pytest.mark.django_db
def test_actions_are_done_in_order_beside_the_tick(shop: Service, hook: Hook) -> None:
    step = shed(shop, hook)
    assert hook.asked == []
    assert selectors.flag("nudges", rows.later(60)).state == "shed"
    assert carry_out(rows.later(61)) == 3
    assert (states(step), step.state) == (["done"] * 4, "standing")
    assert paths(hook) == ["cache", "last"]
    banner = Banner.objects.get()
    assert (banner.text, banner.put_up_by, banner.ended_at) == ("Less than usual for the moment.", "loop", None)
    assert carry_out(rows.later(62)) == 0


@pytest.mark.django_db
def test_they_are_undone_in_reverse_when_the_tier_is_back(shop: Service, hook: Hook) -> None:
    step = shed(shop, hook)
    carry_out(rows.later(61))
    flags.restore_everything(user=None, reason="false alarm", at=rows.later(70))
    react(rows.later(90))
    hook.asked.clear()
    carry_out(rows.later(91))
    assert (states(step), step.state) == (["undone"] * 4, "undone")
    assert paths(hook) == ["not-last", "no-cache"]
    assert Banner.objects.get().ended_at == rows.later(91)


@pytest.mark.django_db
def test_a_refusal_takes_the_earlier_actions_back_in_reverse_and_the_flags_last(shop: Service, hook: Hook) -> None:
    hook.answers["last"] = 403
    step = shed(shop, hook)
    carry_out(rows.later(61))
    carry_out(rows.later(62))
    assert (states(step), step.state) == (["undone", "undone", "undone", "refused"], "compensated")
    assert paths(hook) == ["cache", "last", "no-cache"]
    assert "the webhook could not be done: 403" in step.ended_reason
    assert selectors.flag("nudges", rows.later(62)).state == "auto"
    assert Banner.objects.get().ended_at is not None
    state = State.of(Shedding.objects.get().state)
    assert (state.shed, [tier for tier, _ in state.futile]) == ((), [4])
    react(rows.later(120))
    assert ShedStep.objects.count() == 1


@pytest.mark.django_db
def test_silence_is_asked_three_times_with_the_same_key_then_taken_back_though_it_may_have_worked(
    shop: Service, hook: Hook
) -> None:
    hook.answers["last"] = 503
    step, at = shed(shop, hook), rows.later(61)
    for _ in range(6):
        carry_out(at)
        at += timedelta(seconds=30)
    assert [path for path in paths(hook) if path == "last"] == ["last"] * 3
    assert len({key for path, key in hook.asked if path == "last"}) == 1
    assert "not-last" in paths(hook)
    assert (states(step)[0], step.state) == ("undone", "compensated")


@pytest.mark.django_db
def test_an_undo_that_nobody_answers_gets_stuck_and_holds_nothing_up(shop: Service, hook: Hook) -> None:
    hook.answers |= {"last": 403, "no-cache": 500}
    step, at = shed(shop, hook), rows.later(61)
    for _ in range(9):
        carry_out(at)
        at += timedelta(seconds=200)
    assert (states(step), step.state) == (["undone", "stuck", "undone", "refused"], "compensated")
    assert Flag.objects.get().shed_at is None


@pytest.mark.parametrize("code", [0, 302])
def test_a_receiver_that_is_slow_or_lies_is_no_success(hook: Hook, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    monkeypatch.setattr(webhooks, "LONGEST", 0.3)
    hook.answers["cache"] = code
    answer = webhooks.call({"url": hook.url("cache")}, undo=False, payload={}, key="k", at=NOW)
    assert answer.outcome == ("refused" if code else "retry")


def test_nobody_there_is_to_be_tried_again() -> None:
    answer = webhooks.call({"url": "http://127.0.0.1:9/"}, undo=False, payload={}, key="k", at=NOW)
    assert answer.outcome == "retry"


BOUNDARIES = [f"{when} do {number}" for number in (1, 2, 3) for when in ("before", "after", "kept")]


@pytest.mark.django_db
@pytest.mark.parametrize("where", BOUNDARIES)
def test_killed_at_any_boundary_another_goes_on(shop: Service, hook: Hook, where: str) -> None:
    step = shed(shop, hook)

    def die(here: str) -> None:
        if here == where:
            raise SystemExit(here)

    with pytest.raises(SystemExit):
        carry_out(rows.later(61), die)
    carry_out(rows.later(122))
    assert (states(step), step.state) == (["done"] * 4, "standing")
    assert Banner.objects.count() == 1
    # Whatever was asked twice was asked under one key.
    assert len(set(hook.asked)) == 2


@pytest.mark.django_db
@pytest.mark.parametrize("where", [f"{when} undo {number}" for number in (3, 2, 1) for when in ("before", "after")])
def test_killed_while_undoing_another_goes_on(shop: Service, hook: Hook, where: str) -> None:
    step = shed(shop, hook)
    carry_out(rows.later(61))
    flags.restore_everything(user=None, reason="false alarm", at=rows.later(70))
    react(rows.later(90))

    def die(here: str) -> None:
        if here == where:
            raise SystemExit(here)

    with pytest.raises(SystemExit):
        carry_out(rows.later(91), die)
    carry_out(rows.later(152))
    assert (states(step), step.state) == (["undone"] * 4, "undone")


@pytest.mark.django_db
def test_a_tier_that_comes_back_in_the_middle_is_undone_as_far_as_it_went(shop: Service, hook: Hook) -> None:
    step = shed(shop, hook)
    hook.answers["cache"] = 503
    carry_out(rows.later(61))
    hook.answers.clear()
    flags.restore_everything(user=None, reason="false alarm", at=rows.later(62))
    react(rows.later(90))
    carry_out(rows.later(130))
    assert (states(step), step.state) == (["undone"] * 4, "undone")
    assert paths(hook) == ["cache", "no-cache"]


_WORKER = """
import os, signal, sys, django
django.setup()
from datetime import datetime
from degradation.models import ShedStep
from degradation.services.carry_out import carry_out
def die(where):
    if where == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
carry_out(datetime.fromisoformat(sys.argv[1]), die)
print([action["state"] for action in ShedStep.objects.get().actions])
"""


def worker(database: Path, seconds: float, die: str) -> subprocess.CompletedProcess[str]:
    settings = {"DATABASE_URL": f"sqlite:///{database}", "DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "1"}
    arguments = [sys.executable, "-c", _WORKER, rows.later(seconds).isoformat(), die]
    return subprocess.run(arguments, env={**os.environ, **settings}, check=False, capture_output=True, text=True)


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_process_leaves_another_finishes(shop: Service, hook: Hook, tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("copies the database into a file that processes share")
    step, database = shed(shop, hook), tmp_path / "copy.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(database)])
    killed = worker(database, 61, "after do 1")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    # Its lease still holds a moment later, and is over after a minute.
    assert "['done', 'trying', 'waiting', 'waiting']" in worker(database, 70, "").stdout
    assert "['done', 'done', 'done', 'done']" in worker(database, 122, "").stdout
    assert [key for path, key in hook.asked if path == "cache"] == [f"brownout-{step.pk}-1-do"] * 2


# The pure part -------------------------------------------------------------------------------------------------------


def action(state: str, tries: int = 0) -> dict[str, Any]:
    return {"kind": "webhook", "state": state, "tries": tries}


@pytest.mark.parametrize(
    ("way", "tries", "outcome", "state", "counted"),
    [
        ("do", 0, "accepted", "done", 0),
        ("do", 0, "retry", "trying", 1),
        ("do", 2, "retry", "undoing", 0),
        ("do", 0, "refused", "refused", 0),
        ("undo", 3, "retry", "undoing", 4),
        ("undo", 4, "retry", "stuck", 0),
        ("undo", 0, "refused", "stuck", 0),
        ("undo", 0, "accepted", "undone", 0),
    ],
)
def test_what_an_answer_means(way: Any, tries: int, outcome: Any, state: str, counted: int) -> None:
    found = saga.answered(saga.trying(action("waiting", tries), way), way, outcome, "said")
    assert (found["state"], found["tries"], found["answer"]) == (state, counted, "said")


def test_order_is_forward_to_do_and_backward_to_undo() -> None:
    assert saga.to_do([action("done"), action("trying"), action("waiting")]) == 1
    assert saga.to_undo([action("done"), action("stuck"), action("undone")]) == 0
    assert saga.to_undo([action("undone"), action("refused"), action("waiting")]) is None
    assert [saga.wait(tries) for tries in (1, 2, 3, 50)] == [5, 10, 20, 300]
