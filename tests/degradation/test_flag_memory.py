"""Flags are answered from memory: the database may go away, and what is old says so."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from pytest_django import Settings

from degradation.ofrep import memory as module
from degradation.ofrep.memory import Kept, Memory, NothingKnownError, memory
from degradation.ofrep.protocol import Asked, answer
from degradation.ofrep.rates import Rates
from degradation.selectors.served import Part, Served
from slo.services.access import issue_token
from tests.degradation import rows
from tests.factories import NOW


class Clock(datetime):
    """The time of day as a test sets it."""

    ahead = timedelta()

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.ahead


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the clock so many seconds ahead."""
    monkeypatch.setattr(Clock, "ahead", timedelta())
    monkeypatch.setattr("degradation.ofrep.protocol.datetime", Clock)
    monkeypatch.setattr("degradation.ofrep.memory.datetime", Clock)
    return lambda seconds: monkeypatch.setattr(Clock, "ahead", timedelta(seconds=seconds))


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Take the database away."""

    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("the server closed the connection")

    return lambda: monkeypatch.setattr(connection, "cursor", refuse)


def _ask(token: str, key: str = "", body: bytes = b"{}") -> tuple[int, Any]:
    path = f"evaluate/flags/{key}" if key else "evaluate/flags"
    told = answer(Asked("POST", path, {"x-api-key": token}, len(body), lambda _: body))
    return told.status, json.loads(told.body)


@pytest.mark.django_db
def test_a_database_that_is_away_is_said_and_after_a_while_the_safe_values_hold(
    ahead: Callable[[float], None], gone: Callable[[], None], settings: Settings
) -> None:
    rows.flag("nudges", tier=3)
    token = issue_token("shop", "viewer", NOW)
    fresh = _ask(token, "nudges")[1]
    assert (fresh["value"], "stale" in fresh["metadata"]) == (True, False)
    gone()
    ahead(20)
    old = _ask(token, "nudges")[1]
    assert (old["value"], old["reason"], old["metadata"]["stale"]) == (True, "STATIC", True)
    since = datetime.fromisoformat(old["metadata"]["staleSince"])
    assert abs(datetime.now(UTC) - since) < timedelta(seconds=10)
    assert _ask(token)[1]["metadata"]["stale"] is True
    ahead(settings.FLAG_STALE_SECONDS + 20)
    lost = _ask(token, "nudges")[1]
    assert (lost["value"], lost["reason"], lost["variant"]) == (False, "UNKNOWN", "off")
    assert "the safe value" in lost["metadata"]["cause"]


@pytest.mark.django_db
def test_without_anything_known_it_is_said_when_to_come_back(gone: Callable[[], None]) -> None:
    gone()
    told = answer(Asked("POST", "evaluate/flags", {"x-api-key": "any"}, 0, lambda _: b""))
    assert (told.status, told.headers["Retry-After"]) == (503, "5")


@pytest.mark.django_db
def test_an_override_ends_in_memory_too(ahead: Callable[[float], None], gone: Callable[[], None]) -> None:
    item = rows.flag("nudges")
    now = datetime.now(UTC)
    item.override, item.override_at, item.override_until = "off", now, now + timedelta(seconds=60)
    item.save()
    token = issue_token("shop", "viewer", NOW)
    assert _ask(token, "nudges")[1]["metadata"]["state"] == "forced off"
    gone()
    ahead(61)
    told = _ask(token, "nudges")[1]
    assert (told["value"], told["metadata"]["state"], "cause" in told["metadata"]) == (True, "auto", False)


@pytest.mark.django_db
def test_a_dimmer_wants_a_targeting_key_and_is_the_same_for_it() -> None:
    item = rows.shed(rows.flag("suggestions", kind="dimmer"))
    item.shed_to = 50
    item.save()
    token = issue_token("shop", "viewer", NOW)
    status, told = _ask(token, "suggestions")
    assert (status, told["errorCode"]) == (400, "TARGETING_KEY_MISSING")
    codes = {flag["key"]: flag.get("errorCode") for flag in _ask(token)[1]["flags"]}
    assert (codes["suggestions"], codes["suggestions.share"]) == ("TARGETING_KEY_MISSING", None)
    found = [_ask(token, "suggestions", b'{"context": {"targetingKey": "u%d"}}' % n)[1] for n in range(60)]
    assert {told["reason"] for told in found} == {"SPLIT"}
    assert 15 < sum(told["value"] for told in found) < 45
    assert found[0] == _ask(token, "suggestions", b'{"context": {"targetingKey": "u0"}}')[1]
    share = _ask(token, "suggestions.share")[1]
    assert (share["value"], type(share["value"])) == (50.0, float)


@pytest.mark.django_db
def test_who_asks_too_often_is_told_when_to_come_back(settings: Settings) -> None:
    settings.FLAG_RATE = 1
    token = issue_token("shop", "viewer", NOW)
    rows.flag("nudges")
    statuses = [_ask(token, "nudges")[0] for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert _ask(token, "nudges")[1]["errorCode"] == "GENERAL"
    assert _ask(issue_token("other", "viewer", NOW), "nudges")[0] == 200


def test_a_bucket_fills_up_again(settings: Settings) -> None:
    settings.FLAG_RATE = 2
    now = [100.0]
    rates = Rates(lambda: now[0])
    assert [rates.wait("a") for _ in range(5)] == [0, 0, 0, 0, 1]
    now[0] += 0.5
    assert [rates.wait("a"), rates.wait("a"), rates.wait("b")] == [0, 1, 0]
    now[0] += 3_600
    assert [rates.wait("a") for _ in range(5)] == [0, 0, 0, 0, 1]


def _part(name: str, read: Callable[[datetime], Sequence[Served]], every: float = 0.0) -> Part:
    return Part(name, read, every)


def test_a_part_that_breaks_leaves_the_others_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "roles", dict)
    values = iter([1, 2])

    def breaks(at: datetime) -> list[Served]:
        return [Served("broken", next(values) if not kept else 1 // 0, 0)]

    kept: list[int] = []
    known = Memory(lambda: [_part("good", lambda _: [Served("good", True, safe=False)]), _part("bad", breaks)])
    assert known.snapshot().items["broken"][0].value == 1
    kept.append(1)
    snapshot = known.snapshot()
    assert snapshot.items["broken"][0].value == 1
    assert snapshot.parts["good"].at > snapshot.parts["bad"].at


def test_the_version_changes_with_what_is_answered_and_with_nothing_else() -> None:
    def version(kept: Kept, at: datetime = NOW) -> str:
        return module.Snapshot({"flags": kept}).version(at)

    until = NOW + timedelta(seconds=30)
    forced = Served("nudges", False, False, until=until, then=Served("nudges", True, False))
    one = Kept((forced,), NOW)
    again = Kept((forced,), NOW + timedelta(seconds=1))
    assert version(one) == version(again)
    assert version(one) != version(Kept((), NOW))
    assert version(one) != version(Kept((forced,), until), until)
    assert version(one) != version(one, NOW + timedelta(seconds=20))  # stale now


@pytest.fixture
def watched(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Memory]]:
    """Memories as in a web process: a thread reads, requests do not."""
    settings.FLAG_POLL_SECONDS = 0.02
    monkeypatch.setattr(module, "roles", dict)
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.3)
    monkeypatch.setattr(module, "FIRST_SECONDS", 0.3)
    with ExitStack() as stack:

        def make(read: Callable[[datetime], Sequence[Served]]) -> Memory:
            made = Memory(lambda: [_part("flags", read)])
            stack.callback(made.rest)
            return made

        yield make


def test_no_request_waits_for_a_database_that_hangs(watched: Callable[..., Memory]) -> None:
    hangs, release = threading.Event(), threading.Event()

    def read(at: datetime) -> list[Served]:
        if hangs.is_set():
            release.wait(5)
        return [Served("good", True, safe=False)]

    known = watched(read)
    assert known.snapshot().items["good"][0].value is True
    hangs.set()
    begun = datetime.now(UTC)
    for _ in range(50):
        known.snapshot()
    assert datetime.now(UTC) - begun < timedelta(seconds=0.2)
    release.set()


def test_the_thread_ends_when_nobody_asks_and_comes_back_when_somebody_does(
    watched: Callable[..., Memory], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.05)
    known = watched(lambda _: [Served("good", True, safe=False)])
    known.snapshot()
    assert known._thread is not None
    known._thread.join(5)
    assert not known._thread.is_alive()
    assert known.snapshot().items["good"][0].value is True


def test_what_this_process_changed_it_answers_at_once(watched: Callable[..., Memory], settings: Settings) -> None:
    settings.FLAG_POLL_SECONDS = 30
    value = [1]
    known = watched(lambda _: [Served("good", value[0], 0)])
    assert known.snapshot().items["good"][0].value == 1
    value[0] = 2
    known.wake()
    assert known.snapshot().items["good"][0].value == 2


def test_nothing_is_known_before_the_first_reading(watched: Callable[..., Memory]) -> None:
    waits = threading.Event()

    def read(at: datetime) -> list[Served]:
        waits.wait(5)
        return []

    known = watched(read)
    with pytest.raises(NothingKnownError):
        known.snapshot()
    waits.set()


def test_trouble_is_told_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture, settings: Settings) -> None:
    broken = [True]

    def read(at: datetime) -> list[Served]:
        if broken[0]:
            raise OperationalError
        return []

    known = Memory(lambda: [_part("flags", read)])
    with caplog.at_level("INFO"):
        for _ in range(3):
            known._read("flags", lambda: read(NOW))
        broken[0] = False
        for _ in range(3):
            known._read("flags", lambda: read(NOW))
    assert [record.getMessage() for record in caplog.records] == [
        "Flags cannot be read (OperationalError): the last values hold",
        "Flags can be read again",
    ]


def test_the_memory_of_this_process_is_one() -> None:
    assert memory is module.memory
