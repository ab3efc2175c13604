"""A receiver that hangs or is dead is no other's trouble; and a sender may die at every step."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from alerts.channels import fake, registry
from alerts.channels.base import Answer
from alerts.models import Channel, ChannelCircuit, Delivery
from alerts.rules.breaker import FAILURES
from alerts.rules.bundle import Bundle
from alerts.services import circuits, messages, outbox
from alerts.services import deliver as service
from alerts.services.deliver import deliver
from tests.alerts.world import channel, fired, resolve
from tests.factories import NOW
from tests.servers import Receiver

pytestmark = pytest.mark.django_db

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
DOWN = Answer("retry", "503 Service Unavailable")


@pytest.fixture(autouse=True)
def _no_luck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jitter at its upper end, so that waiting times can be stated."""
    monkeypatch.setattr("random.random", lambda: 1.0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("file_database")
def test_beside_one_that_hangs_and_one_that_is_dead_five_get_theirs_within_a_second_run_after_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released = threading.Event()

    class Hanging(fake.Fake):
        def send(self, bundle: Bundle, at: object) -> Answer:
            released.wait(30)
            return DOWN

    monkeypatch.setattr(service, "PATIENCE_SECONDS", 0.5)
    channel("a-hanging", kind="hanging", group_by=["objective"])
    channel("b-dead", kind="webhook", spec={"url": "http://127.0.0.1:9/"}, group_by=["objective"])
    for number in range(5):
        channel(f"good-{number}", group_by=["objective"])
    arrived: list[float] = []
    with registry.extended("hanging", Hanging), fake.installed() as good:
        for run in range(3):
            fired(f"objective-{run}", at=NOW + run * SECOND)
            began = time.monotonic()
            assert deliver(NOW + run * SECOND) == 5
            arrived.append(time.monotonic() - began)
        released.set()
        _until(lambda: service._left.total() == 0)
    assert len(good.sent) == 15
    assert max(arrived) < 3, f"runs took {arrived}: patience of 0.5 s and a busy machine"
    assert max(arrived[1:]) < 2, "the one that hangs is not waited for again"


def test_after_five_failures_the_circuit_opens_lets_one_through_and_closes_again() -> None:
    team = channel(group_by=["objective"])
    for number in range(4):
        fired(f"objective-{number}", at=NOW + number * SECOND)
    at = NOW
    with fake.installed(*[DOWN] * FAILURES) as receiver:
        for _ in range(FAILURES):
            at += 10 * MINUTE
            Delivery.objects.update(due_at=at)
            deliver(at)
        row = ChannelCircuit.objects.get()
        assert (row.failures, row.opened_at, row.resume_at) == (FAILURES, _near(at), _near(at + 30 * SECOND))
        Delivery.objects.update(due_at=at)
        assert deliver(at + 20 * SECOND) == 0
        assert len(receiver.sent) == FAILURES, "left alone"
        assert circuits.standing(team, at + 31 * SECOND) == "half-open"
        assert deliver(at + 31 * SECOND) == 4
    assert circuits.standing(team, at + 31 * SECOND) == "closed"
    assert ChannelCircuit.objects.get().accepted_at == _near(at + 31 * SECOND)


def test_a_probe_that_fails_keeps_it_open_for_longer_and_takes_what_was_tried_least() -> None:
    team = channel(group_by=["objective"])
    fired("poison")
    fired("good", at=NOW + SECOND)
    poison = Delivery.objects.order_by("pk").first()
    assert poison is not None
    Delivery.objects.filter(pk=poison.pk).update(attempts=7)
    opened = {"opened_at": NOW, "resume_at": NOW + SECOND, "failures": 5, "openings": 1}
    ChannelCircuit.objects.create(channel=team, **opened)
    with fake.installed(DOWN) as receiver:
        deliver(NOW + 2 * SECOND)
        assert [b.first.objective for b in receiver.sent] == ["good"]
        row = ChannelCircuit.objects.get()
        assert (row.openings, row.opened_at, row.resume_at) == (2, NOW, _near(NOW + 62 * SECOND))


def test_one_sender_alone_gets_the_probe() -> None:
    team = channel()
    fired()
    ChannelCircuit.objects.create(channel=team, opened_at=NOW, resume_at=NOW, failures=5, openings=1)
    assert outbox.claim(team, NOW + SECOND) is not None
    assert outbox.claim(team, NOW + SECOND) is None
    assert circuits.standing(team, NOW + SECOND) == "open"


def test_what_waits_behind_an_open_circuit_for_a_day_is_given_up_and_can_be_sent_again() -> None:
    team = channel()
    fired()
    ChannelCircuit.objects.create(channel=team, opened_at=NOW, resume_at=NOW + 26 * 60 * MINUTE, failures=9, openings=4)
    outbox.tidy(NOW + 23 * 60 * MINUTE)
    assert Delivery.objects.get().state == "due"
    outbox.tidy(NOW + 25 * 60 * MINUTE)
    assert (Delivery.objects.get().state, Delivery.objects.get().answer[:8]) == ("dead", "Given up")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("120", 120), ("Mon, 02 Mar 2026 12:01:30 GMT", 90), ("999999", 3_600), ("soon", 4), ("-5", 4)],
)
def test_retry_after_is_kept_to_in_seconds_and_as_a_date_by_the_whole_channel(
    receiver: Receiver, header: str, seconds: int
) -> None:
    channel(kind="webhook", spec={"url": receiver.url}, group_by=["objective"])
    fired("a")
    receiver.answer(429, headers={"Retry-After": header})
    deliver(NOW)
    fired("b", at=NOW + SECOND)
    if seconds > 4:
        assert deliver(NOW + (seconds - 2) * SECOND) == 0
        assert len(receiver.requests) == 1, "neither that message nor another"
    assert deliver(NOW + (seconds + 2) * SECOND) == 2


class _Killed(BaseException):
    """The process is gone: nothing after this happens."""


STEPS: list[tuple[object, str]] = [
    (outbox, "tidy"),
    (service, "close_ended"),
    (outbox, "waiting_channels"),
    (outbox, "claim"),
    (circuits, "standing"),
    (messages, "_causes"),
    (fake.Fake, "send"),
    (outbox, "settle"),
    (outbox, "_still_firing"),
    (circuits, "note"),
]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("where", "name"), STEPS, ids=[name for _, name in STEPS])
def test_a_sender_may_be_killed_before_and_after_every_step(
    monkeypatch: pytest.MonkeyPatch, where: object, name: str, after: bool
) -> None:
    channel()
    alert = fired()
    original: Callable[..., object] = getattr(where, name)

    def die(*arguments: object, **named: object) -> object:
        if after:
            original(*arguments, **named)
        raise _Killed

    with fake.installed() as receiver:
        with monkeypatch.context() as patch:
            patch.setattr(where, name, die)
            with pytest.raises(_Killed):
                _deliver_or_die()
        deliver(NOW + outbox.LEASE + SECOND)
        resolve(alert)
        deliver(NOW + 20 * MINUTE)
    keys = list(dict.fromkeys(bundle.key for bundle in receiver.sent))
    assert keys == list(Delivery.objects.order_by("pk").values_list("dedup_key", flat=True))
    assert [receiver.sent[-1].event, len(receiver.sent) <= 3] == ["resolved", True]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def _deliver_or_die() -> None:
    """A failure of the receiver's thread is an answer like any other; killed is killed."""
    deliver(NOW)
    if Delivery.objects.filter(answer__contains="_Killed").exists():
        Delivery.objects.update(leased_until=NOW + outbox.LEASE, due_at=NOW)
        Channel.objects.update(enabled=True)
        raise _Killed


def _near(at: object) -> object:
    return pytest.approx(at, abs=5 * SECOND)


def _until(check: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not check() and time.monotonic() < end:
        time.sleep(0.01)
    assert check()
