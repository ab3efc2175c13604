"""Task entries: judging wakes the outbox, and survives a broker that is away."""

from datetime import timedelta

import pytest
from kombu.exceptions import OperationalError

from alerts import tasks
from alerts.channels import fake
from alerts.models import Alert
from tests.alerts.world import burning, channel
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    calls: list[object] = []
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda **options: calls.append(options))
    return calls


def test_a_change_wakes_the_outbox_once_it_is_committed(
    woken: list[object], django_capture_on_commit_callbacks: pytest.FixtureRequest
) -> None:
    burning()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        tasks.evaluate(NOW)
        assert woken == []
    assert len(woken) == 1


def test_no_change_wakes_nobody(woken: list[object], django_capture_on_commit_callbacks: pytest.FixtureRequest) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        tasks.evaluate(NOW)
    assert woken == []


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_does_not_undo_what_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.deliver, "apply_async", refuse)
    burning()
    tasks.evaluate(NOW)
    assert Alert.objects.get().state == "firing"


def test_the_task_sends_what_is_due_by_the_clock() -> None:
    channel()
    burning()
    tasks.evaluate(NOW)
    with fake.installed() as receiver:
        tasks.deliver()
    assert [b.first.objective for b in receiver.sent] == ["checkout"]
    assert receiver.sent[0].first.since == NOW + timedelta(0)
