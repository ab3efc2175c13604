"""Channels towards real receivers on the network: what is sent, and what each answer comes to."""

import smtplib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message as Mail

import pytest
from django.core import mail
from django.test import override_settings
from pydantic import ValidationError

from alerts.channels import http, registry
from alerts.channels.base import ANSWER_LENGTH, Answer
from alerts.rules.message import Message
from tests.alerts.test_message import FIRING, RESOLVED, SINCE, told
from tests.servers import Receiver
from tests.servers.process import free_port

NOW = SINCE + timedelta(minutes=5)


def send(url: str, message: Message = FIRING, *, headers: dict[str, str] | None = None, at: datetime = NOW) -> Answer:
    channel = registry.adapter("webhook", {"url": url, "headers": headers or {}})
    try:
        return channel.send(told(message, at), at)
    finally:
        channel.close()


def test_a_webhook_gets_the_documented_body_and_the_key_as_header(receiver: Receiver) -> None:
    receiver.answer(202, "noted")
    assert send(f"{receiver.url}/hook", headers={"Authorization": "Bearer hush"}) == Answer(
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


def test_a_long_answer_is_cut_and_secrets_in_it_are_blotted_out(receiver: Receiver) -> None:
    receiver.answer(400, "you sent Bearer hush to /T0KEN?key=s3cret \n" + "blah " * 10_000)
    answer = send(f"{receiver.url}/T0KEN?key=s3cret", headers={"Authorization": "Bearer hush"})
    assert answer.text.startswith("400 Bad Request: you sent … to …?… blah")
    assert len(answer.text) <= ANSWER_LENGTH


def test_answers_that_are_no_text_are_kept_as_far_as_they_can_be(receiver: Receiver) -> None:
    receiver.answer(500, b"\xff\xfe\x00\x1b[31m")
    assert send(receiver.url).text.startswith("500 Internal Server Error: ")


@pytest.mark.parametrize(
    ("kind", "spec", "field"),
    [
        ("webhook", {"url": "ftp://host"}, "url"),
        ("webhook", {"url": "https://host", "color": "red"}, "color"),
        ("webhook", {"url": "https://host", "headers": {"X": "1\r\nY: 2"}}, "headers"),
        ("alertmanager", {}, "url"),
        ("email", {"to": []}, "to"),
        ("email", {"to": ["nobody"]}, "to.0"),
    ],
)
def test_a_channel_that_cannot_work_is_refused_at_its_field(kind: str, spec: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        registry.check(kind, spec)
    assert [".".join(map(str, error["loc"])) for error in caught.value.errors()] == [field]


def email_answer(message: Message = FIRING) -> Answer:
    return registry.adapter("email", {"to": ["ops@example.com"]}).send(told(message), NOW)


def test_a_mail_has_a_short_subject_and_a_text() -> None:
    assert email_answer().outcome == "accepted"
    (sent,) = mail.outbox
    assert sent.subject == "Page: Checkout answers burns 200× too fast, 37.2 % of the budget left"
    assert sent.to == ["ops@example.com"]
    assert FIRING.runbook_url in sent.body
    assert FIRING.page_url in sent.body


class Postbox(socketserver.ThreadingTCPServer):
    """An SMTP server that keeps mails, or refuses the recipient with `refusal`."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, refusal: str = "") -> None:
        self.refusal, self.mails = refusal, list[Mail]()
        super().__init__(("127.0.0.1", 0), _Session)


class _Session(socketserver.StreamRequestHandler):
    server: Postbox

    def handle(self) -> None:
        self.say("220 postbox")
        while line := self.rfile.readline():
            word = line.split(b":")[0].split()[0].upper()
            if word == b"DATA":
                self.say("354 go on")
                self.server.mails.append(message_from_bytes(self.data()))
            self.say(self.server.refusal if word == b"RCPT" and self.server.refusal else "250 fine")
            if word == b"QUIT":
                return

    def data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()).strip() != b".":
            lines.append(line)
        return b"".join(lines)

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with Postbox() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        backend = "django.core.mail.backends.smtp.EmailBackend"
        host, port = server.server_address[:2]
        with override_settings(EMAIL_BACKEND=backend, EMAIL_HOST=host, EMAIL_PORT=port, EMAIL_USE_TLS=False):
            yield server
        server.shutdown()


def test_mails_of_an_alert_reach_a_real_server_as_one_thread(postbox: Postbox) -> None:
    for message in (replace(FIRING, title="漫画 checkout"), RESOLVED):
        assert email_answer(message).outcome == "accepted"
    first, second = postbox.mails
    assert first["X-Brownout-Key"] == told().key
    assert first["References"] == second["References"]
    body = first.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert "漫画 checkout" in body.decode()


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [("550 no such user", "refused"), ("450 try later", "retry"), ("452 mailbox full", "retry")],
)
def test_a_mail_server_refuses_for_good_or_for_now(postbox: Postbox, refusal: str, outcome: str) -> None:
    postbox.refusal = refusal
    answer = email_answer()
    assert (
        answer
        == Answer(
            outcome,  # type: ignore[arg-type]
            f"The mail server did not take it: SMTPRecipientsRefused {refusal[:3]}",
        )
    )


def test_a_mail_server_that_is_away_or_dislikes_the_password_is_to_be_tried_later(
    postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with override_settings(EMAIL_PORT=free_port()):
        assert email_answer() == Answer("retry", "The mail server refused the connection")

    def refuse(*_: object, **__: object) -> None:
        raise smtplib.SMTPAuthenticationError(535, b"password hush is wrong")

    monkeypatch.setattr(smtplib.SMTP, "sendmail", refuse)
    assert email_answer() == Answer("retry", "The mail server did not take it: SMTPAuthenticationError 535")
