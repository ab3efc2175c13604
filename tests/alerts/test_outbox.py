"""The outbox: at least once, in order, nobody held up, nothing lost in silence."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from alerts.channels import fake, registry
from alerts.channels.base import Answer
from alerts.errors import NotDeadError
from alerts.models import Channel, Delivery
from alerts.rules.bundle import Bundle
from alerts.rules.retry import OUTBOX
from alerts.selectors import dead_letters, outbox_depth
from alerts.services import deliver as service
from alerts.services import outbox
from alerts.services.deliver import deliver, send_again
from tests.alerts.world import channel, fired, resolve
from tests.factories import NOW
from tests.servers import Receiver

pytestmark = pytest.mark.django_db

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DOWN = Answer("retry", "503 Service Unavailable")
REFUSED = Answer("refused", "400 Bad Request: no such field")


def delivery(channel_name: str = "team", told: str = "firing") -> Delivery:
    return Delivery.objects.get(channel__name=channel_name, transitions__after=told)


@pytest.fixture(autouse=True)
def _no_luck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Full jitter at its upper end, so that waiting times can be stated."""
    monkeypatch.setattr("random.random", lambda: 1.0)


def test_a_message_is_sent_once_and_its_answer_kept() -> None:
    channel()
    fired()
    with fake.installed() as receiver:
        assert deliver(NOW) == 1
        assert deliver(NOW + MINUTE) == 0
    assert [b.event for b in receiver.sent] == ["firing"]
    sent = delivery()
    assert (sent.state, sent.sends, sent.answer) == ("sent", 1, "200 OK")
    assert sent.sent_at is not None
    assert outbox_depth() == 0


def test_a_failed_sending_waits_longer_each_time_and_gets_through_under_the_same_key() -> None:
    channel()
    fired()
    with fake.installed(DOWN, DOWN) as receiver:
        deliver(NOW)
        first = delivery()
        assert (first.state, first.attempts, first.answer) == ("due", 1, "503 Service Unavailable")
        assert first.due_at - NOW == pytest.approx(4 * SECOND, abs=SECOND)
        assert deliver(NOW + 2 * SECOND) == 0
        assert len(receiver.sent) == 1
        deliver(NOW + 10 * SECOND)
        assert delivery().due_at - (NOW + 10 * SECOND) == pytest.approx(8 * SECOND, abs=SECOND)
        assert deliver(NOW + MINUTE) == 1
    assert len({b.key for b in receiver.sent}) == 1
    assert len(receiver.sent) == 3


def test_the_receivers_wish_to_be_left_alone_is_respected() -> None:
    channel()
    fired()
    with fake.installed(Answer("retry", "429 Too Many Requests", retry_after=120)):
        deliver(NOW)
        assert delivery().due_at - NOW == pytest.approx(120 * SECOND, abs=SECOND)
        assert deliver(NOW + 119 * SECOND) == 0
        assert deliver(NOW + 125 * SECOND) == 1


def test_what_is_refused_is_dead_at_once_with_the_answer() -> None:
    channel()
    fired()
    with fake.installed(REFUSED):
        deliver(NOW)
    dead = delivery()
    assert (dead.state, dead.answer) == ("dead", "400 Bad Request: no such field")
    assert dead_letters() == [dead]


def test_after_too_many_attempts_it_is_given_up() -> None:
    channel()
    fired()
    Delivery.objects.update(attempts=OUTBOX.attempts - 1)
    with fake.installed(DOWN):
        deliver(NOW)
    assert delivery().state == "dead"


def test_after_a_day_it_is_given_up() -> None:
    channel()
    fired()
    with fake.installed(DOWN, DOWN):
        deliver(NOW + 23 * HOUR)
        assert delivery().state == "due"
        deliver(NOW + 25 * HOUR)
    assert delivery().state == "dead"


def test_a_dead_one_can_be_sent_again() -> None:
    channel()
    fired()
    with fake.installed(REFUSED) as receiver:
        deliver(NOW)
        send_again(delivery(), NOW + MINUTE)
        assert (delivery().state, delivery().attempts) == ("due", 0)
        assert deliver(NOW + MINUTE) == 1
    assert delivery().state == "sent"
    assert len({b.key for b in receiver.sent}) == 1


def test_only_a_dead_one_can_be_sent_again() -> None:
    channel()
    fired()
    with pytest.raises(NotDeadError):
        send_again(delivery(), NOW)


def test_the_end_never_overtakes_the_beginning() -> None:
    channel()
    alert = fired()
    with fake.installed(DOWN, DOWN) as receiver:
        deliver(NOW)
        resolve(alert)
        deliver(NOW + 20 * MINUTE)
        assert delivery(told="resolved").attempts == 0
        deliver(NOW + 30 * MINUTE)
    assert [m.event for m in receiver.sent] == ["firing", "resolved", "resolved", "resolved"], "what is true by then"
    assert [m.key[-2:] for m in receiver.sent] == [":1", ":1", ":1", ":2"]


def test_the_end_is_told_even_if_the_beginning_was_given_up() -> None:
    channel()
    alert = fired()
    with fake.installed(REFUSED) as receiver:
        deliver(NOW)
        resolve(alert)
        assert deliver(NOW + 20 * MINUTE) == 1
    assert [b.event for b in receiver.sent] == ["firing", "resolved"]


def test_a_beginning_sent_again_after_the_end_is_followed_by_the_end_again() -> None:
    channel()
    alert = fired()
    with fake.installed(REFUSED) as receiver:
        deliver(NOW)
        resolve(alert)
        deliver(NOW + 20 * MINUTE)
        send_again(delivery(), NOW + HOUR)
        deliver(NOW + HOUR)
    assert [m.event for m in receiver.sent] == ["firing", "resolved", "resolved", "resolved"]
    assert [m.key[-2:] for m in receiver.sent] == [":1", ":2", ":1", ":2"]


def test_a_sender_that_died_after_sending_leads_to_a_repetition_under_the_same_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    channel()
    fired()

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with fake.installed() as receiver:
        with monkeypatch.context() as patch:
            patch.setattr(outbox, "settle", die)
            with pytest.raises(Killed):
                deliver(NOW)
        assert deliver(NOW + 5 * SECOND) == 0, "the lease still holds"
        assert deliver(NOW + outbox.LEASE + SECOND) == 1
    assert [b.key for b in receiver.sent] == [delivery().dedup_key] * 2
    assert (delivery().state, delivery().attempts) == ("sent", 0)


def test_a_lease_that_ran_out_cannot_settle_what_another_sender_has_taken() -> None:
    team = channel()
    fired()
    slow = outbox.claim(team, NOW)
    assert slow is not None
    quick = outbox.claim(team, NOW + outbox.LEASE)
    assert quick is not None
    outbox.settle(slow, REFUSED, NOW + outbox.LEASE + SECOND, None)
    assert delivery().state == "due"
    outbox.settle(quick, fake.ACCEPTED, NOW + outbox.LEASE + SECOND, None)
    assert delivery().state == "sent"


def test_a_channel_that_wants_reminders_hears_again_while_the_alert_fires_and_not_after() -> None:
    channel()
    alert = fired()
    with fake.installed(remind=MINUTE) as receiver:
        deliver(NOW)
        deliver(NOW + 30 * SECOND)
        assert len(receiver.sent) == 1
        deliver(NOW + 61 * SECOND)
        deliver(NOW + 122 * SECOND)
        assert delivery().sends == len(receiver.sent) == 3
        assert outbox_depth() == 0
        resolve(alert)
        deliver(NOW + 20 * MINUTE)
        deliver(NOW + 30 * MINUTE)
    assert [b.event for b in receiver.sent] == ["firing", "firing", "firing", "resolved"]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_a_reminder_on_its_way_keeps_the_end_waiting() -> None:
    team = channel()
    alert = fired()
    with fake.installed(remind=MINUTE) as receiver:
        deliver(NOW)
        resolve(alert)
        moment = NOW + 20 * MINUTE
        reminder = outbox.claim(team, moment)
        assert reminder == delivery()
        assert deliver(moment) == 0
        outbox.settle(reminder, fake.ACCEPTED, moment, MINUTE)
        assert delivery().state == "sent"
        assert deliver(moment) == 1
    assert receiver.sent[-1].event == "resolved"


def test_a_channel_in_trouble_is_tried_once_a_run_and_not_for_each_message() -> None:
    channel()
    fired("a")
    fired("b", at=NOW + SECOND)
    with fake.installed(DOWN) as receiver:
        deliver(NOW + SECOND)
        assert len(receiver.sent) == 1
        deliver(NOW + MINUTE)
    assert Delivery.objects.filter(state="sent").count() == 2


def test_a_channel_that_is_defined_wrongly_or_breaks_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    channel("a-unknown", kind="pigeon")
    channel("b-wrong", kind="webhook", spec={"url": "nowhere", "headers": {"Authorization": "hush"}})
    channel("c-broken")
    channel("d-fine", kind="email", spec={"to": ["team@example.com"]})
    fired()
    with fake.installed(RuntimeError("token=hush")):
        deliver(NOW)
    answers = dict(Delivery.objects.values_list("channel__name", "answer"))
    assert answers["a-unknown"].startswith("There is no channel of type 'pigeon'")
    assert answers["b-wrong"] == "The channel's definition is wrong at headers, url; correct it and apply it again"
    assert answers["c-broken"] == "The channel failed: RuntimeError"
    states = dict(Delivery.objects.values_list("channel__name", "state"))
    assert states == {"a-unknown": "dead", "b-wrong": "dead", "c-broken": "due", "d-fine": "sent"}
    assert "hush" not in caplog.text + str(answers)


def test_what_is_owed_to_a_disabled_channel_is_dead_until_somebody_sends_it_again() -> None:
    team = channel()
    fired()
    Channel.objects.update(enabled=False)
    with fake.installed():
        assert deliver(NOW) == 0
        assert delivery().state == "dead"
        Channel.objects.update(enabled=True)
        send_again(delivery(), NOW)
        assert deliver(NOW) == 1
    assert team.name == "team"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("file_database")
def test_a_slow_receiver_delays_nobody_else_and_goes_on_by_itself_once_it_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    channel("a-slow", kind="slow")
    channel("b-quick")
    fired()
    released, told = threading.Event(), threading.Event()

    class Slow(fake.Fake):
        def send(self, bundle: Bundle, at: object) -> Answer:
            released.wait(20)
            return fake.ACCEPTED

        def close(self) -> None:
            told.set()

    monkeypatch.setattr(service, "PATIENCE_SECONDS", 0.3)
    began = time.monotonic()
    with fake.installed() as quick, registry.extended("slow", Slow):
        assert deliver(NOW) == 1
        assert time.monotonic() - began < 2
        assert deliver(NOW + SECOND) == 0, "a run after it passes the slow one by"
        assert (delivery("a-slow").state, service._left.total()) == ("due", 1)
        released.set()
        assert told.wait(10)
    assert len(quick.sent) == 1
    assert (delivery("a-slow").state, delivery("a-slow").sends) == ("sent", 1)


def test_while_one_sender_is_busy_with_a_channel_another_passes_it_by() -> None:
    team = channel()
    fired("a")
    fired("b", at=NOW + SECOND)
    assert outbox.claim(team, NOW + SECOND) is not None
    with fake.installed() as receiver:
        assert deliver(NOW + SECOND) == 0
    assert receiver.sent == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("file_database")
def test_senders_at_once_send_each_message_once(in_threads: Callable[..., list[int]]) -> None:
    for name in ("a", "b", "c"):
        channel(name)
    fired()
    with fake.installed() as receiver:
        assert sum(in_threads(4, lambda: deliver(NOW))) == 3
    assert len(receiver.sent) == 3


def test_secrets_of_a_channel_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    channel(kind="webhook", spec={"url": "http://127.0.0.1:9/T0KEN"})
    fired()
    with caplog.at_level(logging.INFO):
        deliver(NOW)
    assert delivery().answer == "No connection: the receiver refuses it or is out of reach"
    assert "T0KEN" not in caplog.text


def test_a_receiver_that_breaks_asks_for_patience_and_comes_back_is_told_once_more_under_one_key(
    receiver: Receiver,
) -> None:
    channel("a-hook", kind="webhook", spec={"url": receiver.url})
    channel("b-mail", kind="email", spec={"to": ["team@example.com"]})
    alert = fired(title="漫画 " * 60)
    receiver.answer(500, "oops")
    receiver.answer(429, headers={"Retry-After": "30"})
    assert deliver(NOW) == 1, "the mail is not held up"
    assert delivery("a-hook").answer == "500 Internal Server Error: oops"
    deliver(NOW + 10 * SECOND)
    assert deliver(NOW + 35 * SECOND) == 0, "the receiver asked for 30 s"
    receiver.stop()
    deliver(NOW + 41 * SECOND)
    assert delivery("a-hook").answer == "No connection: the receiver refuses it or is out of reach"
    receiver.start()
    resolve(alert)
    assert deliver(NOW + 20 * MINUTE) == 3
    bodies = [request.json for request in receiver.requests]
    assert [body["status"] for body in bodies] == ["firing", "firing", "resolved", "resolved"]
    assert len({request.headers["idempotency-key"] for request in receiver.requests}) == 2
    assert len({body["groupKey"] for body in bodies}) == 1
