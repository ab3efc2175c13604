"""Escalation and reminders, as the evaluation drives them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from alerts.models import Alert, Transition
from alerts.services import silences
from alerts.services.acknowledge import acknowledge
from alerts.services.follow_up import follow_up
from tests.alerts.world import channel, fired
from tests.factories import NOW

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def told(changes: list[Transition]) -> list[tuple[str, float, list[str]]]:
    """What was announced: (kind of change, minutes after the alert fired, for which channels alone)."""
    return [(c.kind, (c.at - NOW) / MINUTE, c.channels) for c in changes]


def minutes(until: int, act: Callable[[int], Any] = lambda minute: None) -> None:
    for minute in range(1, until + 1) if until < 10 else range(5, until + 1, 5):
        act(minute)
        follow_up(NOW + minute * MINUTE)


def test_what_nobody_takes_on_is_told_to_the_next_channel_once(announced: list[Transition]) -> None:
    channel("team")
    channel("lead", after=900)
    channel("boss", after=3_600)
    alert = fired()
    minutes(70)
    assert told(announced) == [("state", 0, []), ("escalation", 15, ["lead"]), ("escalation", 60, ["boss"])]
    causes = Transition.objects.filter(alert=alert, kind="escalation").values_list("cause", flat=True)
    assert list(causes) == ["not acknowledged for 15 min: told lead", "not acknowledged for 1 h: told boss"]


def test_an_acknowledged_alert_is_neither_escalated_nor_reminded_of(announced: list[Transition]) -> None:
    channel("team", remind=600)
    channel("lead", after=900)
    alert = fired()
    minutes(60, lambda minute: acknowledge(alert, None, "", NOW + 14 * MINUTE) if minute == 15 else None)
    assert told(announced) == [("state", 0, []), ("reminder", 10, ["team"]), ("acknowledgement", 14, [])]


def test_reminders_keep_their_interval(announced: list[Transition]) -> None:
    channel("team", remind=1_800)
    fired()
    minutes(100)
    assert told(announced)[1:] == [("reminder", minute, ["team"]) for minute in (30, 60, 90)]


def test_a_late_evaluation_reminds_once_and_not_for_every_interval_it_missed(announced: list[Transition]) -> None:
    channel("team", remind=600)
    fired()
    follow_up(NOW + 95 * MINUTE)
    follow_up(NOW + 96 * MINUTE)
    assert told(announced)[1:] == [("reminder", 95, ["team"])]


def test_a_silenced_alert_waits_and_the_wait_begins_anew_when_it_is_told_again(announced: list[Transition]) -> None:
    channel("team", remind=600)
    channel("lead", after=900)
    fired()
    asked = {"matchers": ["objective=checkout"], "start": NOW.isoformat(), "duration": "30m", "reason": "we know"}
    silences.create(asked, NOW)
    minutes(50)
    assert told(announced) == [
        ("state", 0, []),
        ("silence", 30, []),
        ("reminder", 40, ["team"]),
        ("escalation", 45, ["lead"]),
        ("reminder", 50, ["team"]),
    ]


@pytest.mark.parametrize(
    "fields", [{"severities": ["ticket"]}, {"match": ["service=returns"]}, {"enabled": False}], ids=str
)
def test_only_channels_that_want_the_alert_are_escalated_to(fields: dict[str, Any]) -> None:
    channel("lead", after=60, remind=60, **fields)
    fired()
    minutes(5)
    assert not Transition.objects.filter(kind__in=("escalation", "reminder")).exists()


def test_two_channels_that_are_due_together_make_one_entry() -> None:
    channel("lead", after=60)
    channel("boss", after=60)
    fired()
    minutes(3)
    assert [t.channels for t in Transition.objects.filter(kind="escalation")] == [["boss", "lead"]]


def test_an_alert_that_another_holds_back_is_left_alone() -> None:
    channel("lead", after=60)
    alert = fired()
    Alert.objects.update(inhibited_by=alert)
    minutes(5)
    assert not Transition.objects.filter(kind="escalation").exists()


def test_the_same_instant_again_escalates_once() -> None:
    channel("lead", after=60)
    fired()
    follow_up(NOW + MINUTE)
    follow_up(NOW + MINUTE)
    assert Transition.objects.filter(kind="escalation").count() == 1


def test_a_judgement_stands_even_where_what_follows_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(at: datetime) -> int:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("alerts.services.evaluate.follow_up", fails)
    assert fired().state == "firing"


def test_a_storm_is_silenced_let_go_and_escalated_with_few_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    channel("team", remind=600)
    channel("lead", after=600)
    Alert.objects.bulk_create(
        Alert(kind="source", subject=f"s{n}", severity="page", state="firing", opened_at=NOW, fired_at=NOW)
        for n in range(200)
    )
    asked = {"matchers": ["severity=page"], "start": NOW.isoformat(), "duration": "1h", "reason": "a storm"}
    with django_assert_max_num_queries(40):
        made = silences.create(asked, NOW)
    with django_assert_max_num_queries(60):
        silences.end(made.pk, NOW + MINUTE, reason="no more")
    with django_assert_max_num_queries(60):
        follow_up(NOW + 12 * MINUTE)
    assert Transition.objects.filter(kind="escalation").count() == 200
