"""PagerDuty, Events API v2: one incident from trigger to resolve."""

from dataclasses import replace

import pytest

from alerts.channels import pagerduty
from alerts.channels.base import Answer
from alerts.rules.bundle import Bundle
from tests.alerts.test_channels import tell
from tests.alerts.test_message import FIRING, RESOLVED, SINCE, group, told
from tests.servers import Receiver

ROUTING_KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGERDUTY_KEY", ROUTING_KEY)


def page(receiver: Receiver, bundle: Bundle) -> Answer:
    return tell("pagerduty", bundle, url=receiver.url, routing_key={"from_env": "PAGERDUTY_KEY"})


def test_an_incident_is_triggered_acknowledged_and_resolved_under_one_key(receiver: Receiver) -> None:
    receiver.fallback = replace(receiver.fallback, status=202, body=b'{"status":"success"}')
    taken = replace(FIRING, state="acknowledged", acknowledged_by="ada")
    for message in (FIRING, taken, RESOLVED):
        assert page(receiver, told(message)).outcome == "accepted"
    bodies = [request.json for request in receiver.requests]
    assert {request.path for request in receiver.requests} == {"/v2/enqueue"}
    assert [body["event_action"] for body in bodies] == ["trigger", "acknowledge", "resolve"]
    assert {(body["routing_key"], body["dedup_key"]) for body in bodies} == {(ROUTING_KEY, FIRING.episode)}
    trigger = bodies[0]
    details = trigger["payload"].pop("custom_details")
    assert trigger["payload"] == {
        "summary": FIRING.summary,
        "source": "shop",
        "severity": "critical",
        "timestamp": SINCE.isoformat(),
        "group": "shop",
        "class": "burn",
    }
    assert details["Why"] == FIRING.cause
    assert trigger["links"] == [
        {"href": FIRING.runbook_url, "text": "Runbook: Checkout answers"},
        {"href": FIRING.page_url, "text": "Checkout answers"},
    ]
    assert (trigger["client"], trigger["client_url"]) == ("Brownout", FIRING.page_url)
    assert set(bodies[2]) == {"routing_key", "event_action", "dedup_key"}


def test_a_group_is_one_incident_with_all_it_can_show(receiver: Receiver) -> None:
    storm = group(*(replace(FIRING, severity="ticket", page_url=f"https://b.example/{n}") for n in range(500)))
    page(receiver, storm)
    body = receiver.requests[0].json
    assert (body["dedup_key"], body["payload"]["severity"]) == ("e", "warning")
    assert len(body["payload"]["custom_details"]["alerts"]) == 25
    assert body["payload"]["custom_details"]["and more"] == 475
    assert len(body["links"]) == pagerduty.MOST_LINKS
    assert len(receiver.requests[0].body) < 512_000


def test_limits_are_kept_whatever_people_wrote(receiver: Receiver) -> None:
    message = replace(FIRING, title="漫画" * 2_000, cause="c" * 50_000, episode="x" * 300, service="s" * 900)
    page(receiver, told(message))
    body = receiver.requests[0].json
    assert len(body["dedup_key"]) == 255
    assert body["dedup_key"] == pagerduty.dedup_key("x" * 300) != pagerduty.dedup_key("x" * 301)
    assert len(body["payload"]["summary"]) <= 1024
    assert max(len(text) for text in body["payload"]["custom_details"].values()) <= 2_000


@pytest.mark.parametrize(
    ("status", "headers", "outcome", "wish"),
    [(202, {}, "accepted", None), (400, {}, "refused", None), (429, {"Retry-After": "7"}, "retry", 7.0)],
)
def test_what_its_answers_come_to_and_that_they_never_quote_the_key(
    receiver: Receiver, status: int, headers: dict[str, str], outcome: str, wish: float | None
) -> None:
    receiver.answer(status, f"about {ROUTING_KEY}", headers)
    said = page(receiver, told())
    assert (said.outcome, said.retry_after) == (outcome, wish)
    assert said.text.endswith(": about …")
