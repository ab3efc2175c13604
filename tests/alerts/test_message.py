"""What is told: worded once, safe for every channel."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels import alertmanager, email, webhook
from alerts.rules.bundle import Bundle, Event, alone
from alerts.rules.figures import Figures, WindowFigures, restore
from alerts.rules.message import Message, episode_key
from alerts.rules.words import clip, duration, percent, target

SINCE = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FIGURES = Figures(
    windows=(
        WindowFigures(21_600, 1_800, 6.0, 2.8, 33.3, exceeded=False),
        WindowFigures(3_600, 300, 14.4, 16.7, 200.0, exceeded=True),
    ),
    target=0.9995,
    period="30d",
    remaining=0.3719,
    left_events=4_321,
    left_seconds=482,
    exhausts_at=SINCE + timedelta(hours=16),
    as_of=SINCE,
)
FIRING = Message(
    episode="checkout:page:7-1772452800",
    state="firing",
    severity="page",
    service="shop",
    objective="checkout",
    title="Checkout answers",
    cause="burning 16.7× over 1h and 200× over 5m (limit 14.4×)",
    figures=FIGURES,
    since=SINCE,
    until=None,
    page_url="https://brownout.example/alerts/7/",
    runbook_url="https://brownout.example/runbooks/checkout/",
    labels={
        "alertname": "ErrorBudgetBurn",
        "kind": "burn",
        "severity": "page",
        "service": "shop",
        "objective": "checkout",
    },
)
RESOLVED = replace(FIRING, state="resolved", until=SINCE + timedelta(minutes=42))


def told(message: Message = FIRING, at: datetime = SINCE) -> Bundle:
    """The message in a bundle of its own, as it is sent."""
    return alone(message, f"{message.episode}:{message.state}", at)


def test_the_summary_says_what_burns_how_fast_and_what_is_left() -> None:
    assert FIRING.summary == "Page: Checkout answers burns 200× too fast, 37.2 % of the budget left"
    assert RESOLVED.summary == "Resolved: Checkout answers stopped burning after 42 min"


def test_the_text_says_everything_a_person_needs() -> None:
    assert FIRING.text.splitlines() == [
        "What: Checkout answers (target 99.95 %)",
        "Service: shop",
        "Why: burning 16.7× over 1h and 200× over 5m (limit 14.4×)",
        "Budget left: 37.2 % of the budget of 30d: 8 min 2 s of complete failure or 4,321 events",
        "Exhausted: 2026-03-03 04:00 UTC at this pace",
        "Since: 2026-03-02 12:00 UTC",
        "Runbook: https://brownout.example/runbooks/checkout/",
        "Details: https://brownout.example/alerts/7/",
    ]


def test_how_fast_it_burns_now_is_told_beside_why_it_fired() -> None:
    assert "Burning: 16.7× over 1h" in replace(FIRING, cause="burning 20× over 1h").text


def test_an_overspent_budget_is_told_as_such() -> None:
    spent = replace(FIRING, figures=replace(FIGURES, remaining=-1.5, left_events=-900, left_seconds=-3_900))
    assert "Budget left: nothing; overspent by 150 %: 1 h 5 min of complete failure or 900 events" in spent.text
    assert spent.summary.endswith("0 % of the budget left")


def test_unknown_figures_are_told_as_unknown() -> None:
    unknown = replace(FIRING, figures=Figures())
    assert "Budget left: not known" in unknown.text
    assert unknown.summary == "Page: Checkout answers burns"


def test_figures_survive_being_kept() -> None:
    assert restore(json.loads(json.dumps(FIGURES.as_json()))) == FIGURES
    assert restore({}) == Figures()


@pytest.mark.parametrize(
    ("kind", "title", "firing", "resolved"),
    [
        ("no-data", "Checkout", "Ticket: Checkout has no data: why", "Resolved: Checkout has data again"),
        (
            "completeness",
            "Checkout",
            "Ticket: Checkout is measured with gaps: why",
            "Resolved: Checkout is measured without gaps again",
        ),
        (
            "budget",
            "Checkout",
            "Ticket: the error budget of Checkout calls for action: why",
            "Resolved: the error budget of Checkout calls for nothing more",
        ),
        (
            "source",
            "metrics",
            "Ticket: the source metrics does not answer: why",
            "Resolved: the source metrics answers again",
        ),
        (
            "delivery",
            "hook",
            "Ticket: the channel hook does not deliver: why",
            "Resolved: the channel hook delivers again",
        ),
        (
            "shedding",
            "Shedding of {} goes to and fro",
            "Ticket: Shedding of {} goes to and fro: why",
            "Resolved: Shedding of {} goes to and fro: over",
        ),
        ("news", "Things", "Ticket: Things: why", "Resolved: Things is over"),
    ],
)
def test_every_kind_of_alert_has_its_verdict(kind: str, title: str, firing: str, resolved: str) -> None:
    message = Message(episode="e", kind=kind, state="firing", severity="ticket", title=title, cause="why", since=SINCE)
    assert message.summary == firing
    assert replace(message, state="resolved").summary == resolved
    assert "Budget left" not in message.text


def test_who_took_it_on_and_what_it_cost_is_told() -> None:
    taken = replace(FIRING, state="acknowledged", acknowledged_by="ada", acknowledgement="on it", shed=("nudges",))
    assert taken.summary.startswith("Acknowledged by ada: Checkout answers burns 200×")
    assert "Taken on by: ada: on it" in taken.text
    assert "Shed: nudges" in taken.text
    spent = replace(RESOLVED, spent=0.125)
    assert spent.summary == "Resolved: Checkout answers stopped burning after 42 min, 12.5 % of the budget spent"
    assert "Cost: 12.5 % of the budget of the period" in spent.text


def group(*items: Message, event: Event = "firing", **about: str) -> Bundle:
    return Bundle(key="k", episode="e", event=event, items=items, at=SINCE, group=about, page_url="https://b.example/")


def test_a_group_is_told_by_its_size_and_its_most_urgent_alert() -> None:
    ticket = replace(FIRING, severity="ticket", title="Search")
    firing = group(FIRING, FIRING, ticket, service="shop", team="")
    assert (
        firing.summary
        == "2 pages and 1 ticket of shop: Checkout answers burns 200× too fast, 37.2 % of the budget left"
    )
    assert group(FIRING, ticket, event="acknowledged").summary.startswith("Acknowledged: 1 page and 1 ticket: Checkout")
    over = group(RESOLVED, RESOLVED, event="resolved", service="shop").summary
    assert over == "Resolved: 2 alerts of shop; Checkout answers stopped burning after 42 min"


def test_a_storm_is_told_on_a_screen_and_its_rest_is_counted() -> None:
    storm = group(*(replace(FIRING, title=f"Objective {n}") for n in range(500)))
    assert storm.text.count("Why:") == 5
    assert storm.text.splitlines()[-1] == "and 465 more: https://b.example/"
    assert len(storm.summary) <= 200
    assert len(storm.text) < 12_000
    with pytest.raises(ValueError, match="one alert"):
        group()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.6, "1 min"),
        (90, "1 min 30 s"),
        (3_600, "1 h"),
        (3_661, "1 h 1 min"),
        (93_784, "1 d 2 h"),
        (-5, "0 s"),
    ],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0.3719, "37.2 %"), (0.0004, "0.04 %"), (1, "100 %"), (25, "2500 %"), (0, "0 %")]
)
def test_a_share_is_told_in_percent(share: float, words: str) -> None:
    assert percent(share) == words


@pytest.mark.parametrize(("ratio", "words"), [(0.9995, "99.95 %"), (0.99999, "99.999 %"), (0.9, "90 %")])
def test_a_target_keeps_its_digits(ratio: float, words: str) -> None:
    assert target(ratio) == words


def test_the_alert_is_sent_to_alertmanager_in_its_own_form() -> None:
    at = SINCE + timedelta(minutes=5)
    sent = alertmanager.payload(FIRING, at)
    assert sent["labels"] == FIRING.labels
    assert sent["annotations"]["runbook_url"] == FIRING.runbook_url
    assert sent["annotations"]["summary"] == FIRING.summary
    assert sent["generatorURL"] == FIRING.page_url
    assert (sent["startsAt"], sent["endsAt"]) == (SINCE.isoformat(), (at + alertmanager.LEASE).isoformat())
    assert alertmanager.payload(RESOLVED, at)["endsAt"] == (SINCE + timedelta(minutes=42)).isoformat()


def test_a_missing_runbook_leaves_no_empty_link() -> None:
    without = replace(FIRING, runbook_url="")
    assert "Runbook" not in without.text
    assert "runbook_url" not in alertmanager.payload(without, SINCE)["annotations"]
    assert webhook.payload(told(without))["alerts"][0]["brownout"]["runbook_url"] is None


def test_mails_of_one_alert_form_a_thread_and_a_repeated_one_has_the_same_id() -> None:
    first, again, end = (email.compose(told(m), ["a@example.com"]) for m in (FIRING, FIRING, RESOLVED))
    assert first.extra_headers["Message-ID"] == again.extra_headers["Message-ID"]
    assert first.extra_headers["References"] == end.extra_headers["References"]


AWKWARD = st.one_of(
    st.text(max_size=400), st.sampled_from(["\r\nBcc: x@example.com", "漫画" * 300, "\ud800", "😀\x00"])
)


@given(AWKWARD, AWKWARD)
def test_every_channel_can_render_whatever_people_wrote(title: str, cause: str) -> None:
    message = replace(FIRING, title=title, cause=clip(cause, 500))
    assert len(message.summary) <= 200
    json.dumps(webhook.payload(told(message))).encode()
    json.dumps(alertmanager.payload(message, SINCE)).encode()
    mail = email.compose(told(message), ["a@example.com"])
    assert "\n" not in mail.subject
    assert len(mail.subject) <= email.SUBJECT_LENGTH
    assert mail.message().as_bytes()


@given(st.text(), st.integers(1, 300))
def test_a_clipped_text_is_one_short_printable_line(text: str, limit: int) -> None:
    line = clip(text, limit)
    assert len(line) <= limit
    assert all(c.isprintable() for c in line)


def test_the_longest_key_fits_its_column_and_a_header() -> None:
    key = episode_key("x" * 200, "ticket", 10**12, SINCE)
    assert len(f"{key}:resolved") <= 255
    assert key.isascii()
