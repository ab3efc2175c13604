"""Channels towards real receivers on the network: what is sent, and what each answer comes to."""

import hmac
import socket
import socketserver
import threading
import time
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from alerts.channels import http, registry, webhook
from alerts.channels.base import ANSWER_LENGTH, Answer
from alerts.rules.bundle import Bundle
from tests.alerts.test_message import FIRING, RESOLVED, SINCE, group, told
from tests.servers import Receiver
from tests.servers.process import free_port

NOW = SINCE + timedelta(minutes=5)


def tell(kind: str, bundle: Bundle | None = None, *, at: datetime = NOW, **spec: Any) -> Answer:
    """One sending by an adapter of that kind."""
    channel = registry.adapter(kind, spec)
    try:
        return channel.send(bundle or told(FIRING, at), at)
    finally:
        channel.close()


def send(url: str, **spec: Any) -> Answer:
    return tell("webhook", url=url, **spec)


def test_a_webhook_gets_the_documented_body_and_the_key_as_header(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "hush")
    receiver.answer(202, "noted")
    assert send(f"{receiver.url}/hook", bearer_token={"from_env": "HOOK_TOKEN"}) == Answer(
        "accepted", "202 Accepted: noted"
    )
    (request,) = receiver.requests
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["idempotency-key"] == told().key
    assert request.headers["authorization"] == "Bearer hush"
    assert request.headers["content-type"] == "application/json"
    body = request.json
    assert {name: text for name, text in body.items() if name not in ("alerts", "brownout")} == {
        "version": "4",
        "groupKey": FIRING.episode,
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "brownout",
        "groupLabels": {"service": "shop"},
        "commonLabels": FIRING.labels,
        "commonAnnotations": {
            "summary": FIRING.summary,
            "description": FIRING.text,
            "runbook_url": FIRING.runbook_url,
        },
        "externalURL": "https://brownout.example",
    }
    assert (body["brownout"]["key"], body["brownout"]["event"]) == (told().key, "firing")
    (alert,) = body["alerts"]
    assert (alert["status"], alert["labels"]) == ("firing", FIRING.labels)
    assert (alert["startsAt"], alert["endsAt"]) == (SINCE.isoformat(), "0001-01-01T00:00:00Z")
    assert alert["generatorURL"] == FIRING.page_url
    own = alert["brownout"]
    assert own["budget"] == {
        "remaining": 0.3719,
        "left_events": 4321,
        "left_seconds": 482,
        "exhausts_at": "2026-03-03T04:00:00+00:00",
    }
    assert own["windows"][1] == {
        "long": 3600,
        "short": 300,
        "factor": 14.4,
        "burn_long": 16.7,
        "burn_short": 200.0,
        "exceeded": True,
    }
    assert (own["runbook_url"], own["page_url"], own["state"]) == (FIRING.runbook_url, FIRING.page_url, "firing")


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "wish"),
    [
        pytest.param(200, {}, "accepted", None, id="ok"),
        pytest.param(204, {}, "accepted", None, id="nothing to say"),
        pytest.param(302, {"Location": "/other"}, "refused", None, id="moved"),
        pytest.param(400, {}, "refused", None, id="not understood"),
        pytest.param(404, {}, "refused", None, id="no such address"),
        pytest.param(408, {}, "retry", None, id="too slow for it"),
        pytest.param(429, {"Retry-After": "90"}, "retry", 90, id="too many, with a wish in seconds"),
        pytest.param(
            429, {"Retry-After": "Mon, 02 Mar 2026 12:06:00 GMT"}, "retry", 60, id="too many, with a wish as a date"
        ),
        pytest.param(429, {"Retry-After": "later"}, "retry", None, id="too many, with a wish nobody can read"),
        pytest.param(500, {}, "retry", None, id="broken"),
        pytest.param(503, {"Retry-After": "5"}, "retry", 5, id="down, with a wish"),
    ],
)
def test_what_an_answer_comes_to(
    receiver: Receiver, status: int, headers: dict[str, str], outcome: str, wish: float | None
) -> None:
    receiver.answer(status, headers=headers)
    answer = send(receiver.url)
    assert (answer.outcome, answer.retry_after) == (outcome, wish)
    assert answer.text.startswith(str(status))
    assert len(receiver.requests) == 1


def test_a_receiver_that_is_away_is_to_be_tried_later() -> None:
    answer = send(f"http://127.0.0.1:{free_port()}/T0KEN")
    assert answer == Answer("retry", "No connection: the receiver refuses it or is out of reach")


def test_a_host_that_does_not_exist_is_to_be_tried_later() -> None:
    answer = send("http://nowhere.invalid/T0KEN")
    assert answer.outcome == "retry"
    assert "T0KEN" not in answer.text


def test_a_receiver_that_takes_the_message_and_says_nothing_is_left_after_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert send(f"http://127.0.0.1:{silent.getsockname()[1]}/") == Answer("retry", "No answer within 0.3 s")
    assert time.monotonic() - began < 1.5


def test_a_receiver_killed_in_the_middle_is_to_be_tried_later() -> None:
    class Dying(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(100)

    with socketserver.TCPServer(("127.0.0.1", 0), Dying) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        answer = send(f"http://127.0.0.1:{server.server_address[1]}/")
    assert answer == Answer("retry", "The connection broke before an answer came")


def test_a_long_answer_is_cut_and_secrets_in_it_are_blotted_out(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "hush")
    receiver.answer(400, "you sent Bearer hush to /T0KEN?key=s3cret \n" + "blah " * 10_000)
    answer = send(f"{receiver.url}/T0KEN?key=s3cret", headers={"X-Token": {"from_env": "HOOK_TOKEN"}})
    assert answer.text.startswith("400 Bad Request: you sent Bearer ••• to …?… blah")
    assert len(answer.text) <= ANSWER_LENGTH


def test_answers_that_are_no_text_are_kept_as_far_as_they_can_be(receiver: Receiver) -> None:
    receiver.answer(500, b"\xff\xfe\x00\x1b[31m")
    assert send(receiver.url).text.startswith("500 Internal Server Error: ")


@pytest.mark.parametrize(
    ("kind", "spec", "field"),
    [
        ("webhook", {"url": "ftp://host"}, "url.text"),
        ("webhook", {"url": "https://host", "color": "red"}, "color"),
        ("webhook", {"url": "https://host", "headers": {"X": "1\r\nY: 2"}}, "headers"),
        ("webhook", {"url": "https://host", "headers": {"Authorization": "Bearer x"}}, "headers"),
        ("webhook", {"url": "https://me:pass@host"}, "url.text"),
        ("webhook", {"url": "https://host", "bearer_token": "hush"}, "bearer_token"),
        ("webhook", {"url": "https://host", "signing_secret": "whsec_eA=="}, "signing_secret"),
        ("pagerduty", {"routing_key": "R0UTING"}, "routing_key"),
        ("slack", {"url": "https://hooks.slack.com/services/T0KEN"}, "url"),
        ("apprise", {"url": "tgram://T0KEN/1"}, "url"),
        ("alertmanager", {}, "url"),
        ("email", {"to": []}, "to"),
        ("email", {"to": ["nobody"]}, "to.0"),
    ],
)
def test_a_channel_that_cannot_work_is_refused_at_its_field(kind: str, spec: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        registry.check(kind, spec)
    assert [".".join(map(str, error["loc"])) for error in caught.value.errors()] == [field]


def test_a_secret_that_is_not_to_be_found_is_an_answer_to_be_tried_later(tmp_path: Path) -> None:
    missing: dict[str, dict[str, Any]] = {
        "webhook": {"url": {"from_env": "NOT_SET"}},
        "alertmanager": {"url": "http://127.0.0.1:9", "bearer_token": {"from_env": "NOT_SET"}},
        "pagerduty": {"routing_key": {"from_env": "NOT_SET"}},
        "slack": {"url": {"from_env": "NOT_SET"}},
        "apprise": {"url": {"from_env": "NOT_SET"}},
    }
    for kind, spec in missing.items():
        said = tell(kind, **spec)
        assert said == Answer("retry", "The environment variable NOT_SET is not set; a secret is expected there"), kind
    (tmp_path / "address").write_text("T0KEN without an address")
    said = tell("slack", url={"from_file": str(tmp_path / "address")})
    assert said.outcome == "retry"
    assert "holds is no address" in said.text
    assert "T0KEN" not in said.text


def test_a_signed_webhook_can_be_checked_and_not_be_played_again(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = b"twenty-four random bytes"
    monkeypatch.setenv("HOOK_SECRET", f"whsec_{b64encode(key).decode()}")
    for _ in range(2):
        assert send(receiver.url, signing_secret={"from_env": "HOOK_SECRET"}).outcome == "accepted"
    first, again = receiver.requests
    stamp = first.headers["webhook-timestamp"]
    assert (first.headers["webhook-id"], int(stamp)) == (told().key, NOW.timestamp())
    signed = hmac.new(key, f"{told().key}.{stamp}.".encode() + first.body, "sha256").digest()
    assert first.headers["webhook-signature"] == f"v1,{b64encode(signed).decode()}"
    assert again.headers["webhook-id"] == first.headers["webhook-id"], "by which a repetition is known"
    # The example of the Standard Webhooks specification.
    known = webhook.signature(
        b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1_614_265_330, UTC),
        b'{"test": 2432232314}',
    )
    assert known["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    monkeypatch.setenv("HOOK_SECRET", "not base64!")
    said = send(receiver.url, signing_secret={"from_env": "HOOK_SECRET"})
    assert (said.outcome, "not base64" in said.text) == ("retry", False)
    assert len(receiver.requests) == 2


def test_a_group_shows_existing_receivers_what_its_alerts_have_in_common(receiver: Receiver) -> None:
    other = replace(RESOLVED, labels={**FIRING.labels, "objective": "search"}, title="Search", runbook_url="")
    tell("webhook", group(FIRING, other, service="shop"), url=receiver.url)
    body = receiver.requests[0].json
    assert (body["status"], [alert["status"] for alert in body["alerts"]]) == ("firing", ["firing", "resolved"])
    assert "objective" not in body["commonLabels"]
    assert body["commonLabels"]["service"] == "shop"
    assert body["commonAnnotations"] == {}
    assert (body["groupLabels"], body["groupKey"]) == ({"service": "shop"}, "e")


def test_alertmanager_gets_every_alert_of_a_group_as_its_own(receiver: Receiver) -> None:
    foreign = replace(RESOLVED, labels={"alertname": "X", "k8s.io/pod": "p", "0": "zero"})
    assert tell("alertmanager", group(FIRING, foreign), url=f"{receiver.url}/am/").outcome == "accepted"
    (request,) = receiver.requests
    assert request.path == "/am/api/v2/alerts"
    firing, resolved = request.json
    assert (firing["labels"], firing["endsAt"]) == (FIRING.labels, (NOW + timedelta(minutes=4)).isoformat())
    assert resolved["labels"] == {"alertname": "X", "k8s_io_pod": "p", "_0": "zero"}
    assert resolved["endsAt"] == (SINCE + timedelta(minutes=42)).isoformat()
