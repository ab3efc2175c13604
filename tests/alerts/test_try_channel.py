"""The test button: a marked message through the real adapter, and the answer shown."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from alerts.channels import fake
from alerts.channels.base import Answer
from alerts.errors import TriedLatelyError
from alerts.models import Alert, Channel, ChannelTrial, Delivery
from alerts.services.deliver import deliver
from alerts.services.try_channel import PAUSE, try_channel
from slo.services.access import issue_token
from tests.alerts.world import channel, fired
from tests.factories import NOW
from tests.servers import Receiver

pytestmark = pytest.mark.django_db
ROUTING_KEY = {"from_env": "PAGERDUTY_KEY"}


@pytest.fixture
def operator() -> dict[str, Any]:
    return {"HTTP_AUTHORIZATION": f"Bearer {issue_token('robot', 'operator', NOW)}", "content_type": "application/json"}


def test_a_test_says_that_it_is_one_and_makes_no_alert() -> None:
    mails = channel("mails", kind="email", spec={"to": ["team@example.com"]}, enabled=False)
    trial = try_channel(mails, "ada", NOW)
    assert (trial.outcome, trial.answer) == ("accepted", "Handed to the mail server for team@example.com")
    assert trial.seconds is not None
    assert mail.outbox[0].subject == (
        "Test: the channel mails is only being tested: ada asked for this message; nothing is wrong"
    )
    assert not Alert.objects.exists()
    assert not Delivery.objects.exists()
    assert ChannelTrial.objects.get() == trial


def test_an_incident_that_a_test_opens_is_closed_again(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGERDUTY_KEY", "R0UTING")
    pager = channel("pager", kind="pagerduty", spec={"url": receiver.url, "routing_key": ROUTING_KEY})
    assert try_channel(pager, "ada", NOW).outcome == "accepted"
    first, second = (request.json for request in receiver.requests)
    assert (first["event_action"], second["event_action"]) == ("trigger", "resolve")
    assert first["dedup_key"] == second["dedup_key"]
    assert first["payload"]["severity"] == "info", "which wakes nobody"


def test_what_is_wrong_is_shown_and_secrets_are_not(receiver: Receiver) -> None:
    receiver.answer(403, "invalid token T0KEN")
    hook = channel("hook", kind="webhook", spec={"url": f"{receiver.url}/T0KEN"})
    assert try_channel(hook, "ada", NOW).answer == "403 Forbidden: invalid token …"
    wrong = channel("wrong", kind="slack", spec={"url": "https://hooks.slack.com/T0KEN"})
    assert try_channel(wrong, "ada", NOW).answer == (
        "The channel's definition is wrong at url; correct it and apply it again"
    )
    broken = channel("broken")
    with fake.installed(RuntimeError("token=hush")):
        assert try_channel(broken, "ada", NOW).answer == "The channel failed: RuntimeError"


def test_tests_follow_each_other_at_a_distance_and_only_the_last_are_kept() -> None:
    team = channel()
    with fake.installed():
        try_channel(team, "ada", NOW)
        with pytest.raises(TriedLatelyError, match="ada tested the channel team just now"):
            try_channel(team, "grace", NOW + PAUSE / 2)
        for n in range(1, 25):
            try_channel(team, "ada", NOW + n * PAUSE)
    assert ChannelTrial.objects.count() == 20


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("file_database")
def test_of_two_who_press_at_once_one_tests(in_threads: Callable[..., list[str]]) -> None:
    team = channel()

    def press() -> str:
        try:
            return try_channel(team, "ada", NOW).outcome
        except TriedLatelyError:
            return "too soon"

    with fake.installed() as receiver:
        assert sorted(in_threads(2, press)) == ["accepted", "too soon"]
    assert len(receiver.sent) == 1


def test_the_api_tests_switches_and_sends_again(client: Client, operator: dict[str, Any]) -> None:
    team = channel(match=['objective="checkout"'], description="Everybody")
    fired()
    with fake.installed(Answer("refused", "400 no"), fake.ACCEPTED):
        deliver(NOW)
        found = client.get("/api/v1/channels/team", **operator).json()
        assert (found["kind"], found["dead"], found["owed"]) == ("fake", 1, 0)
        assert found["match"] == ['objective="checkout"']
        assert found["test"] is None
        tested = client.post("/api/v1/channels/team/test", **operator).json()
        assert (tested["outcome"], tested["by"]) == ("accepted", "the token robot")
        again = client.post("/api/v1/channels/team/test", **operator)
        assert (again.status_code, again["Retry-After"]) == (429, "10")
    assert client.post("/api/v1/channels/team/send-again", **operator).json() == {"messages": 1}
    assert client.patch("/api/v1/channels/team", {"enabled": False}, **operator).json()["state"] == "disabled"
    Channel.objects.update(spec={"url": "T0KEN"})
    listed = client.get("/api/v1/channels", **operator).json()
    assert [(c["name"], c["owed"]) for c in listed["channels"]] == [("team", 1)]
    assert "T0KEN" not in json.dumps(listed)
    assert Channel.objects.get(pk=team.pk).enabled is False
    assert client.post("/api/v1/channels/nobody/test", **operator).status_code == 404


def test_only_operators_see_and_test_channels(client: Client) -> None:
    channel()
    viewer = {"HTTP_AUTHORIZATION": f"Bearer {issue_token('eye', 'viewer', NOW)}"}
    assert client.get("/api/v1/channels", headers={}, **viewer).status_code == 403  # type: ignore[arg-type]
    assert client.post("/api/v1/channels/team/test", headers={}, **viewer).status_code == 403  # type: ignore[arg-type]
    assert client.post("/api/v1/channels/team/test").status_code == 401
    assert not ChannelTrial.objects.exists()


def test_the_standing_of_a_channel_says_what_its_circuit_does() -> None:
    from alerts.models import ChannelCircuit
    from alerts.selectors_channels import standing

    team = channel()
    assert standing(team, NOW).state == "unused"
    circuit = ChannelCircuit.objects.create(channel=team, accepted_at=NOW, answer="200 OK")
    assert standing(team, NOW).state == "working"
    minute = timedelta(minutes=1)
    for fields, state in (
        ({"failures": 2, "failed_at": NOW + minute}, "failing"),
        ({"opened_at": NOW, "resume_at": NOW + minute}, "open"),
        ({"opened_at": NOW, "resume_at": NOW - minute}, "half-open"),
    ):
        ChannelCircuit.objects.filter(pk=circuit.pk).update(**fields)
        assert standing(team, NOW).state == state
    team.enabled = False
    assert standing(team, NOW).state == "disabled"
