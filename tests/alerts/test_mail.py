"""Mails: text and HTML, threads, and what mail servers say."""

import smtplib
import threading
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from django.core import mail
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.channels import email, registry
from alerts.channels.base import Answer
from alerts.channels.email_html import html
from alerts.rules.message import Message
from tests.alerts.test_channels import NOW
from tests.alerts.test_message import AWKWARD, FIRING, RESOLVED, group, told
from tests.servers.postbox import Postbox
from tests.servers.process import free_port


def email_answer(message: Message = FIRING) -> Answer:
    return registry.adapter("email", {"to": ["ops@example.com"]}).send(told(message), NOW)


def test_a_mail_has_a_short_subject_and_a_text() -> None:
    assert email_answer().outcome == "accepted"
    (sent,) = mail.outbox
    assert sent.subject == "Page: Checkout answers burns 200× too fast, 37.2 % of the budget left"
    assert sent.to == ["ops@example.com"]
    assert FIRING.runbook_url in sent.body
    assert FIRING.page_url in sent.body


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
    assert first["References"] == second["References"] == second["In-Reply-To"]
    assert first["Message-ID"] != second["Message-ID"]
    text, page = first.get_body(("plain",)), first.get_body(("html",))
    assert text is not None
    assert page is not None
    assert "漫画 checkout" in text.get_content()
    assert "漫画 checkout" in page.get_content()


class _Links(HTMLParser):
    """The tags and the addresses of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]


def test_the_html_leads_to_the_runbook_first_and_loads_nothing() -> None:
    page = _Links(html(told()))
    assert page.addresses == [FIRING.runbook_url, FIRING.page_url]
    assert not page.tags & {"img", "script", "link", "form", "iframe"}


def test_the_html_of_a_storm_is_a_screen_of_alerts_and_the_number_of_the_rest() -> None:
    storm = html(group(*(replace(FIRING, title=f"Objective {n}") for n in range(500))))
    assert "and 465 more" in storm
    assert len(storm) < 60_000


@settings(max_examples=60)
@given(AWKWARD, AWKWARD, st.sampled_from(["https://x.example/\r\nBcc: y@example.com", "javascript:alert(1)", ""]))
def test_nothing_people_wrote_becomes_a_header_or_markup(title: str, cause: str, url: str) -> None:
    message = replace(FIRING, title=f"{title}<img src=x>", cause=f"<script>{cause}", page_url=url, links=(("L", url),))
    built = email.compose(told(message), ["a@example.com"]).message()
    assert set(built.keys()) == {
        "Content-Type", "MIME-Version", "Subject", "From", "To", "Date", "Message-ID", "In-Reply-To", "References",
        "X-Brownout-Key", "Auto-Submitted",
    }  # fmt: skip
    assert built["To"] == "a@example.com"
    page = _Links(html(told(message)))
    assert not page.tags & {"img", "script"}
    assert "javascript:alert(1)" not in page.addresses


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
