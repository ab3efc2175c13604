"""The watchdog hears from us while measuring, judging and telling all run, and no longer."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from pytest_django import Settings

from alerts import tasks as alerts_tasks
from config import pipeline, watchdog
from config.env import Env
from slo.models import Heartbeat
from slo.services.heartbeat import beat
from tests.servers import Receiver

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def outside(settings: Settings, receiver: Receiver) -> Receiver:
    settings.WATCHDOG_URL = f"{receiver.url}/ping/secret"
    return receiver


def loop() -> None:
    """What beat and worker do in a tick."""
    pipeline.run_tick()
    with suppress(RuntimeError):
        alerts_tasks.deliver()
    watchdog.heartbeat()


def fail(*_: object) -> None:
    raise RuntimeError("broken")


def test_it_hears_from_a_loop_that_runs(outside: Receiver) -> None:
    loop()
    (heard,) = outside.wait(1)
    assert (heard.method, heard.path) == ("GET", "/ping/secret")


@pytest.mark.parametrize("part", ["collect", "evaluate", "deliver"])
def test_it_hears_nothing_once_a_part_has_stopped(
    part: str, outside: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in watchdog.NEEDED:
        beat(name, datetime.now(UTC) - timedelta(hours=1))
    if part == "deliver":
        monkeypatch.setattr(alerts_tasks, "deliver_due", fail)
    else:
        fail.__name__ = part
        steps = [fail if step.__name__ == part else step for step in pipeline.STEPS]
        monkeypatch.setattr(pipeline, "STEPS", steps)
    loop()
    assert watchdog.stopped(datetime.now(UTC)) == [part]
    assert outside.requests == []
    assert f"No heartbeat goes to the watchdog: {part} stopped" in caplog.text


def test_a_part_that_never_ran_has_stopped() -> None:
    assert watchdog.stopped(datetime.now(UTC)) == ["collect", "evaluate", "deliver"]


def test_a_part_is_given_some_ticks_before_it_counts_as_stopped(settings: Settings) -> None:
    now = datetime.now(UTC)
    for name in watchdog.NEEDED:
        beat(name, now)
    patience = timedelta(seconds=4 * settings.TICK_SECONDS)
    assert watchdog.stopped(now + patience) == []
    assert watchdog.stopped(now + patience + timedelta(seconds=1)) == list(watchdog.NEEDED)


@pytest.mark.parametrize("state", ["gone", "refusing"])
def test_a_watchdog_that_does_not_answer_stops_nothing_and_stays_secret(
    state: str, outside: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    for name in watchdog.NEEDED:
        beat(name, datetime.now(UTC))
    if state == "gone":
        outside.stop()
    else:
        outside.answer(500)
    assert watchdog.watch(datetime.now(UTC)) is False
    assert "watchdog" in caplog.text
    assert "secret" not in caplog.text
    assert Heartbeat.objects.count() == len(watchdog.NEEDED)


def test_its_address_is_one() -> None:
    with pytest.raises(ValidationError, match="must be an address"):
        Env(WATCHDOG_URL="ftp://example.com/ping", DEBUG=True)
    assert Env(WATCHDOG_URL="https://example.com/ping", DEBUG=True).WATCHDOG_SECONDS == 60
