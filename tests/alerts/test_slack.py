"""Slack: blocks a person reads at a glance, and no way to notify a channel by a title."""

import json
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.channels import registry, slack
from alerts.channels.base import Answer
from alerts.rules.bundle import Bundle
from tests.alerts.test_channels import NOW
from tests.alerts.test_message import AWKWARD, FIRING, RESOLVED, group, told
from tests.servers import Receiver


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack, "PAUSE_SECONDS", 0.0)


def post(receiver: Receiver, monkeypatch: pytest.MonkeyPatch, *bundles: Bundle) -> list[Answer]:
    monkeypatch.setenv("SLACK_URL", f"{receiver.url}/services/T0KEN/B/x")
    channel = registry.adapter("slack", {"url": {"from_env": "SLACK_URL"}})
    try:
        return [channel.send(bundle, NOW) for bundle in bundles]
    finally:
        channel.close()


def test_a_message_has_blocks_and_a_text_to_fall_back_on(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver.answer(200, "ok")
    assert post(receiver, monkeypatch, told()) == [Answer("accepted", "200 OK: ok")]
    (request,) = receiver.requests
    body = request.json
    assert request.path == "/services/T0KEN/B/x"
    assert body["text"] == f"■ {FIRING.summary}"
    head, why, steps = body["blocks"]
    assert head["text"]["text"] == f"*■ <{FIRING.page_url}|{FIRING.summary}>*"
    assert why["text"]["text"] == FIRING.cause
    assert {"type": "mrkdwn", "text": "*Service*\nshop", "verbatim": True} in why["fields"]
    assert steps["text"]["text"] == f"<{FIRING.runbook_url}|Runbook> · <{FIRING.page_url}|Details>"
    assert body["unfurl_links"] is False


def test_what_people_wrote_notifies_nobody_and_links_nowhere() -> None:
    hostile = "<!channel> <@U1> & <https://evil.example|click> | *bold*"
    body = json.dumps(slack.payload(told(replace(FIRING, title=hostile, cause=hostile))))
    assert "<!channel>" not in body
    assert "<@U1>" not in body
    assert "<https://evil" not in body
    assert "&lt;!channel&gt;" in body


@settings(max_examples=60)
@given(AWKWARD, st.integers(1, 120), st.sampled_from(["&" * 3_000, "<" * 3_000, "x"]))
def test_slacks_limits_are_kept(title: str, count: int, cause: str) -> None:
    one = replace(FIRING, title=title, cause=cause)
    body = slack.payload(group(*(one for _ in range(count))))
    json.dumps(body)
    assert len(body["blocks"]) <= 50
    for block in body["blocks"]:
        assert 0 < len(block["text"]["text"]) <= 3_000
        assert len(block.get("fields", [])) <= 10
        assert all(len(field["text"]) <= 2_000 for field in block.get("fields", []))


def test_the_states_have_marks_of_their_own() -> None:
    taken = replace(FIRING, state="acknowledged")
    ticket = replace(FIRING, severity="ticket")
    assert [slack.payload(told(m))["text"][0] for m in (FIRING, ticket, taken, RESOLVED)] == ["■", "▲", "◐", "●"]


def test_a_webhook_is_told_about_once_a_second(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack, "PAUSE_SECONDS", 0.3)
    began = time.monotonic()
    post(receiver, monkeypatch, told(), told(RESOLVED), told())
    assert time.monotonic() - began >= 0.6
    assert len(receiver.requests) == 3


@pytest.mark.parametrize(
    ("status", "text", "outcome"),
    [
        (403, "action_prohibited", "refused"),
        (404, "no_service", "refused"),
        (410, "channel_is_archived", "refused"),
        (429, "rate_limited", "retry"),
        (500, "rollup_error", "retry"),
    ],
)
def test_what_slacks_answers_come_to(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, status: int, text: str, outcome: str
) -> None:
    receiver.answer(status, f"{text} T0KEN/B/x")
    (said,) = post(receiver, monkeypatch, told())
    assert said.outcome == outcome
    assert text in said.text
    assert "T0KEN" not in said.text
