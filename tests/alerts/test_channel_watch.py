"""A channel that does not get through is told over the others."""

from datetime import timedelta

import pytest

from alerts.channels import fake, registry
from alerts.channels.base import Answer
from alerts.models import Alert, Channel, ChannelCircuit, Delivery
from alerts.services.channel_watch import watch
from alerts.services.deliver import deliver, send_again
from tests.alerts.world import channel, fired, owed, tell
from tests.factories import NOW

pytestmark = pytest.mark.django_db

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
DOWN = Answer("retry", "503 Service Unavailable")


class Dead(fake.Fake):
    def send(self, bundle: object, at: object) -> Answer:
        return DOWN


def open_since(name: str, minutes: float) -> None:
    ChannelCircuit.objects.update_or_create(
        channel=Channel.objects.get(name=name),
        defaults={"opened_at": NOW - minutes * MINUTE, "failures": 7, "openings": 2, "answer": DOWN.text},
    )


def about_channels() -> list[tuple[str, str, str]]:
    return list(Alert.objects.filter(kind="delivery").values_list("subject", "severity", "state"))


def test_a_circuit_that_stays_open_raises_a_page_told_over_the_other_channels_only() -> None:
    channel("pager")
    channel("mail")
    open_since("pager", 4.9)
    watch(NOW)
    assert about_channels() == []
    watch(NOW + MINUTE)
    assert about_channels() == [("pager", "page", "firing")]
    alert = Alert.objects.get(kind="delivery")
    assert owed(alert) == [("mail", "firing", "due")]
    assert "its circuit is open since 2026-" in alert.transitions.get().cause
    assert tell(NOW + MINUTE)[0].summary.startswith("Page: the channel pager does not deliver: its circuit is open")


def test_it_ends_when_the_receiver_accepts_messages_again() -> None:
    channel("pager")
    channel("mail")
    open_since("pager", 10)
    watch(NOW)
    ChannelCircuit.objects.update(opened_at=None, failures=0)
    watch(NOW + MINUTE)
    watch(NOW + 2 * MINUTE)
    assert about_channels() == [("pager", "page", "resolved")]


def test_a_channel_of_tickets_is_a_ticket_and_what_was_given_up_counts_until_it_is_sent_again() -> None:
    channel("tickets", severities=("ticket",), kind="dead")
    channel("team", severities=("page", "ticket"))
    fired()
    Delivery.objects.update(channel=Channel.objects.get(name="tickets"))
    with registry.extended("dead", Dead), fake.installed():
        Delivery.objects.update(attempts=10_000)
        deliver(NOW)
    watch(NOW)
    assert about_channels() == [("tickets", "ticket", "firing")]
    assert "1 message given up, to be sent again" in Alert.objects.get(kind="delivery").transitions.get().cause
    send_again(Delivery.objects.get(state="dead"), NOW + MINUTE)
    watch(NOW + MINUTE)
    assert about_channels() == [("tickets", "ticket", "resolved")]


@pytest.mark.parametrize("change", ["disabled", "deleted", "tickets"])
def test_a_channel_that_is_no_longer_what_it_was_leaves_no_alert_behind(change: str) -> None:
    channel("pager")
    open_since("pager", 10)
    watch(NOW)
    pager = Channel.objects.filter(name="pager")
    if change == "deleted":
        pager.delete()
    else:
        pager.update(**({"enabled": False} if change == "disabled" else {"severities": ["ticket"]}))
    watch(NOW + MINUTE)
    assert ("pager", "page", "resolved") in about_channels()
    assert (("pager", "ticket", "firing") in about_channels()) == (change == "tickets")


def test_a_failure_there_is_logged_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("alerts.services.channel_watch._troubles", fail)
    watch(NOW)
    assert "could not be judged" in caplog.text
