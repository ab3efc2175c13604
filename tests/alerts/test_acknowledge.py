"""Taking an alert on."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from alerts.errors import AlertOverError, AlreadyAcknowledgedError
from alerts.models import Alert, Transition
from alerts.selectors import transitions
from alerts.services.acknowledge import acknowledge
from alerts.services.evaluate import evaluate
from slo.models import BurnPolicy
from tests.alerts.world import HOUR_WINDOW, burning, channel, fired, owed, resolve, tell
from tests.factories import NOW

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def person(name: str = "ana") -> User:
    return User.objects.create(username=name)


def test_who_when_and_the_note_are_kept_with_the_alert_and_in_its_history() -> None:
    channel()
    alert, ana = fired(), person()
    tell(NOW)
    taken = acknowledge(alert, ana, "  looking at the database ", NOW + MINUTE)
    assert (taken.acknowledged_by, taken.acknowledged_at, taken.acknowledgement) == (
        ana,
        NOW + MINUTE,
        "looking at the database",
    )
    entry = transitions(alert)[-1]
    assert (entry.before, entry.after, entry.cause, entry.actor, entry.at) == (
        "firing",
        "firing",
        "acknowledged: looking at the database",
        ana,
        NOW + MINUTE,
    )
    assert [told for _, told, _ in owed(alert)] == ["firing", "acknowledgement"], "who knows of it hears of that"


def test_somebody_elsewhere_is_named(announced: list[Transition]) -> None:
    alert = fired()
    taken = acknowledge(alert, None, "", NOW + MINUTE, via="pagerduty:alice@example.com")
    assert (taken.acknowledged_by, taken.acknowledged_via) == (None, "pagerduty:alice@example.com")
    assert transitions(alert)[-1].via == "pagerduty:alice@example.com"
    assert announced[-1].kind == "acknowledgement"
    with pytest.raises(AlreadyAcknowledgedError, match=r"^pagerduty:alice@example\.com acknowledged this alert"):
        acknowledge(alert, person(), "mine", NOW + MINUTE)


def test_the_second_one_is_told_who_was_first() -> None:
    alert = fired()
    acknowledge(alert, person(), "mine", NOW + MINUTE)
    with pytest.raises(AlreadyAcknowledgedError, match="ana acknowledged this alert at 2026-03-02 12:01 UTC: mine"):
        acknowledge(alert, person("ben"), "no, mine", NOW + 2 * MINUTE)
    alert.refresh_from_db()
    assert alert.acknowledgement == "mine"


def test_a_pending_alert_can_be_taken_on_and_still_fires() -> None:
    waiting = BurnPolicy.objects.create(name="w", windows=[HOUR_WINDOW], timing={"page": {"pending": 60}})
    burning(burn_policy=waiting)
    evaluate(NOW)
    acknowledge(Alert.objects.get(), None, "", NOW)
    evaluate(NOW + MINUTE)
    assert Alert.objects.get().state == "firing"
    assert [t.cause for t in transitions(Alert.objects.get())][1] == "acknowledged"


def test_an_alert_that_is_over_cannot_be_taken_on() -> None:
    alert = resolve(fired())
    with pytest.raises(AlertOverError, match="This alert is resolved"):
        acknowledge(alert, person(), "late", NOW + timedelta(hours=1))


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("file_database")
def test_of_several_at_once_one_gets_it(in_threads: Callable[..., list[str]]) -> None:
    alert, ana = fired(), person()

    def one() -> str:
        try:
            acknowledge(alert, ana, "mine", NOW + MINUTE)
        except AlreadyAcknowledgedError:
            return "second"
        return "first"

    assert sorted(in_threads(4, one)) == ["first", "second", "second", "second"]
    assert len(transitions(alert)) == 2
