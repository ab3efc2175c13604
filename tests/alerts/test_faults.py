"""Whatever is killed whenever: every message that was due arrives, none that was not, in order, the last word last."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.servers.http import Answer, Receiver, Request
from tests.servers.process import until

pytestmark = pytest.mark.integration

FAULTS = 120
SEED = int(os.environ.get("FAULT_SEED", "0")) or random.randrange(1, 10**6)
CHANNELS = {"by-service": '["service"]', "together": "[]", "by-kind": '["kind", "service", "severity"]'}


class Moody(Receiver):
    """Keeps what it accepted: (key, body). It may refuse for now, be slow, or die once it has accepted."""

    def __init__(self) -> None:
        super().__init__()
        self.mood = ""
        self.accepted: list[tuple[str, dict[str, Any]]] = []

    def answer_to(self, request: Request) -> Answer:
        mood, self.mood = self.mood, ""
        if mood == "refuse":
            return Answer(503, b"later")
        if mood == "throttle":
            return Answer(429, b"later", {"Retry-After": "1"})
        self.accepted.append((request.headers["idempotency-key"], request.json))
        if mood == "die":
            raise ConnectionResetError
        return Answer(delay=0.7 if mood == "slow" else 0)


class Stage:
    """A database, receivers, and processes that come back whenever they are killed."""

    def __init__(self, url: str, over: Path, receivers: dict[str, Moody]) -> None:
        self.url, self.over, self.receivers = url, over, receivers
        self.luck = random.Random(SEED)
        self.done: Counter[str] = Counter()
        self.environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        self.pids: dict[str, int] = {}

    def prepare(self) -> None:
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v0"], env=self.environment, check=True, capture_output=True
        )
        with psycopg.connect(self.url, autocommit=True) as db:
            for number in range(5):
                db.execute(
                    "INSERT INTO slo_service (name, title, description, owner) VALUES (%s, '', '', '')",
                    [f"service-{number}"],
                )
            for name, by in CHANNELS.items():
                spec = f'{{"url": "{self.receivers[name].url}/hook"}}'
                db.execute(
                    "INSERT INTO alerts_channel (name, kind, spec, group_by, description, severities, match, after,"
                    " remind, group_wait, enabled, file, made_by)"
                    " VALUES (%s, 'webhook', %s, %s, '', '[\"page\"]', '[]', 0, 0, 0, true, '', '')",
                    [name, spec, by],
                )

    def open(self) -> None:
        self.forks = subprocess.Popen(
            [sys.executable, "-m", "tests.alerts.faults"],
            env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        assert self._line() == "ready"
        for name in ("judge", "sender-1", "sender-2"):
            self.start(name)

    def close(self) -> None:
        for pid in self.pids.values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.forks.kill()
        self.forks.communicate()

    def start(self, name: str) -> None:
        words = f"judge {self.luck.randrange(10**6)} {self.over}" if name == "judge" else "sender"
        assert self.forks.stdin is not None
        print(words, file=self.forks.stdin, flush=True)
        self.pids[name] = int(self._line())

    def _line(self) -> str:
        assert self.forks.stdout is not None
        return self.forks.stdout.readline().strip()

    def strike(self) -> None:
        """One thing goes wrong."""
        receiver = self.receivers[self.luck.choice(list(self.receivers))]
        kind = self.luck.choices(
            ("sender", "judge", "database", "gone", "die", "slow", "refuse", "throttle"), (6, 2, 4, 1, 4, 2, 2, 1)
        )[0]
        self.done[kind] += 1
        if kind in ("sender", "judge"):
            name = "judge" if kind == "judge" else self.luck.choice(("sender-1", "sender-2"))
            with suppress(ProcessLookupError):
                os.kill(self.pids[name], signal.SIGKILL)
            self.start(name)
        elif kind == "database":
            with psycopg.connect(self.url, autocommit=True) as db:
                db.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 2"
                )
        elif kind == "gone":
            receiver.stop()
            time.sleep(0.2)
            receiver.start()
        else:
            receiver.mood = kind

    def settle(self) -> None:
        """All alerts end, and what is still owed gets through."""
        self.over.touch()
        with psycopg.connect(self.url, autocommit=True) as db:

            def quiet() -> bool:
                (owed,) = db.execute("SELECT count(*) FROM alerts_delivery WHERE state = 'due'").fetchone() or (1,)
                (open_,) = db.execute("SELECT count(*) FROM alerts_alert WHERE state = 'firing'").fetchone() or (1,)
                return not owed and not open_

            until(quiet, 30, what=lambda: f"everything to be told (seed {SEED})")

    def read(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as db:
            return db.execute(query).fetchall()


@pytest.fixture
def stage(postgres_url: str, tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        receivers = {name: stack.enter_context(Moody()) for name in CHANNELS}
        made = Stage(postgres_url, tmp_path / "over", receivers)
        made.prepare()
        made.open()
        stack.callback(made.close)
        yield made


@pytest.mark.timeout(180)
def test_nothing_is_lost_invented_or_out_of_order_whatever_is_killed(stage: Stage) -> None:
    sys.stdout.write(f"FAULT_SEED={SEED}\n")
    for _ in range(FAULTS):
        time.sleep(stage.luck.uniform(0.02, 0.2))
        stage.strike()
    stage.settle()
    due = {
        pk
        for (pk,) in stage.read(
            "SELECT DISTINCT alert_id FROM alerts_transition WHERE after = 'firing'"
            " AND alert_id IN (SELECT id FROM alerts_alert WHERE severity = 'page')"
        )
    }
    assert len(due) > 20, "there was something to tell"
    for name, receiver in stage.receivers.items():
        owed = stage.read(
            "SELECT dedup_key, state, sends FROM alerts_delivery JOIN alerts_channel c ON c.id = channel_id"
            f" WHERE c.name = '{name}'"
        )
        _compare(receiver, {key: (state, sends) for key, state, sends in owed}, due)
    repeated = sum(len(r.accepted) - len({key for key, _ in r.accepted}) for r in stage.receivers.values())
    sys.stdout.write(f"{dict(stage.done)}; {len(due)} alerts, {repeated} repetitions\n")


def _compare(receiver: Moody, owed: dict[str, tuple[str, int]], due: set[int]) -> None:
    first = dict(reversed(receiver.accepted))
    order = list(dict.fromkeys(key for key, _ in receiver.accepted))
    assert set(order) == set(owed), "every message that was owed arrived, and no other"
    assert set(owed.values()) == {("sent", 1)}
    numbers, told = defaultdict(list), defaultdict(list)
    for key in order:
        episode, number = key.rsplit(":", 1)
        assert first[key]["brownout"]["episode"] == episode
        numbers[episode].append(int(number))
        for item in first[key]["alerts"]:
            told[int(item["generatorURL"].rstrip("/").rsplit("/", 1)[1])].append(item["status"])
    for episode, found in numbers.items():
        assert found == list(range(1, len(found) + 1)), f"{episode} arrived in order"
    assert set(told) == due, "every alert was told"
    for alert, states in told.items():
        assert states[-1] == "resolved", f"the last word about alert {alert}"
        assert states == sorted(states), f"alert {alert} did not fire after its end: {states}"
