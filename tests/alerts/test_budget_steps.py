"""A change of step of an error-budget policy is written down once and told to those it concerns."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError
from django.test import Client
from pytest_django import Settings

from alerts import selectors
from alerts.channels import fake
from alerts.channels.base import Answer
from alerts.models import Alert, BudgetChange, Channel, Delivery
from alerts.services.deliver import deliver, send_again
from alerts.services.evaluate import evaluate
from slo.models import BudgetPolicy, Objective
from tests.alerts.world import channel, extend, run
from tests.factories import NOW, ledger, objective, service
from tests.servers import Receiver

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
STEPS = [
    {"remaining": 0.5, "action": "inform", "text": "Talk about it on Monday."},
    {"remaining": 0.2, "action": "freeze-risky", "text": ""},
    {"remaining": 0.0, "action": "freeze-all", "text": ""},
]


def agreed(**fields: Any) -> BudgetPolicy:
    return BudgetPolicy.objects.create(**{"name": "agreed", "services": ["shop"], "steps": STEPS, **fields})


def spending(bad: float = 0, name: str = "checkout") -> Objective:
    """An hour of 12,000 events a day's objective at 90 %: a bad of 10 of 100 spends the whole budget."""
    item = objective(name, target=0.9, days=1, service=service("shop"))
    ledger(item, seconds=3_600, bad=bad)
    return item


def changes() -> list[tuple[str, str]]:
    return list(BudgetChange.objects.values_list("before", "after"))


def test_every_change_of_step_is_a_row_once() -> None:
    agreed()
    item = spending(bad=6)
    evaluate(NOW)
    evaluate(NOW)
    assert changes() == [("", "inform")]
    change = BudgetChange.objects.get()
    assert (change.at, change.policy, change.level, change.text) == (NOW, "agreed", 0.5, "Talk about it on Monday.")
    assert change.remaining == pytest.approx(0.4)
    extend(item, NOW + 30 * MINUTE, bad=30)
    run(NOW, NOW + 30 * MINUTE)
    assert changes() == [("", "inform"), ("inform", "freeze-risky"), ("freeze-risky", "freeze-all")]


def test_a_step_is_left_when_the_budget_comes_back() -> None:
    agreed()
    item = spending(bad=6)
    evaluate(NOW)
    extend(item, NOW + 60 * MINUTE)
    run(NOW, NOW + 60 * MINUTE)
    assert changes() == [("", "inform"), ("inform", "")]


def test_a_budget_without_a_policy_or_above_its_levels_changes_nothing() -> None:
    spending(bad=1)
    evaluate(NOW)
    agreed()
    evaluate(NOW + MINUTE)
    assert changes() == []


def test_a_policy_that_is_taken_away_ends_its_step() -> None:
    policy = agreed()
    spending(bad=6)
    evaluate(NOW)
    policy.delete()
    evaluate(NOW + MINUTE)
    evaluate(NOW + 2 * MINUTE)
    assert changes() == [("", "inform"), ("inform", "")]
    assert "no error-budget policy" in BudgetChange.objects.last().text  # type: ignore[union-attr]


def test_without_data_the_step_holds() -> None:
    agreed()
    spending(bad=6)
    evaluate(NOW)
    evaluate(NOW + timedelta(days=3))
    assert changes() == [("", "inform")]


@pytest.mark.parametrize(("named", "told"), [([], ["team"]), (["pager"], ["pager"]), (["off"], [])])
def test_those_are_told_whom_the_policy_names_or_who_hear_of_tickets(named: list[str], told: list[str]) -> None:
    agreed(channels=named)
    channel("pager", severities=("page",))
    channel("team", severities=("page", "ticket"))
    channel("off", severities=("ticket",), enabled=False)
    spending(bad=6)
    evaluate(NOW)
    owed = Delivery.objects.filter(transitions__alert__kind="budget")
    assert list(owed.values_list("channel__name", flat=True)) == told


def test_its_message_says_what_is_done_now_and_why() -> None:
    agreed()
    channel(severities=("ticket",))
    spending(bad=6)
    with fake.installed() as receiver:
        evaluate(NOW)
        deliver(NOW)
        deliver(NOW + MINUTE)
    (notice,) = receiver.sent
    assert notice.summary == (
        "Ticket: the error budget of checkout calls for action: Inform (40 % of the budget left); "
        "Talk about it on Monday; policy agreed"
    )
    assert notice.url.endswith(f"/alerts/{Alert.objects.get(kind='budget').pk}/")
    assert Delivery.objects.filter(transitions__alert__kind="budget", state="sent").count() == 1


def test_messages_of_one_budget_arrive_in_order_and_can_be_sent_again() -> None:
    agreed()
    channel(severities=("ticket",))
    item = spending(bad=6)
    with fake.installed(Answer("retry", "later"), Answer("refused", "no")) as receiver:
        evaluate(NOW)
        deliver(NOW)
        extend(item, NOW + 20 * MINUTE, bad=60)
        evaluate(NOW + 20 * MINUTE)
        deliver(NOW + 20 * MINUTE)
        dead = Delivery.objects.get(state="dead", transitions__alert__kind="budget")
        send_again(dead, NOW + 21 * MINUTE)
        deliver(NOW + 21 * MINUTE)
    told = [notice.first.cause.split(" (")[0] for notice in receiver.sent]
    assert told == ["Inform", *["Freeze all but fixes"] * 4], "what is late says what stands by then"


def test_an_e_mail_and_a_webhook_tell_it(receiver: Receiver) -> None:
    agreed()
    Channel.objects.create(name="mail", kind="email", severities=["ticket"], spec={"to": ["team@example.com"]})
    Channel.objects.create(name="hook", kind="webhook", severities=["ticket"], spec={"url": receiver.url})
    Channel.objects.create(name="am", kind="alertmanager", severities=["ticket"], spec={"url": receiver.url})
    spending(bad=6)
    evaluate(NOW)
    deliver(NOW)
    assert mail.outbox[0].subject.startswith("Ticket: the error budget of checkout calls for action: Inform (40 %")
    bodies = [request.json for request in receiver.wait(2)]
    hook = next(body for body in bodies if isinstance(body, dict))
    assert hook["alerts"][0]["labels"] == hook["commonLabels"]
    (alert,) = next(body for body in bodies if isinstance(body, list))
    assert alert["labels"] == hook["commonLabels"] == {
        "alertname": "ErrorBudgetStep", "kind": "budget", "service": "shop", "objective": "checkout",
        "severity": "ticket", "source": alert["labels"]["source"],
    }  # fmt: skip


def test_a_failure_there_does_not_keep_alerts_from_being_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    from alerts.services import budget

    def fail(_: object) -> int:
        raise RuntimeError("broken")

    agreed()
    spending(bad=50)
    monkeypatch.setattr(budget, "_record", fail)
    assert evaluate(NOW) > 0
    assert changes() == []


def test_a_delivery_is_of_one_thing() -> None:
    with pytest.raises(IntegrityError):
        Delivery.objects.create(channel=channel(), dedup_key="x", due_at=NOW)


def test_the_outbox_shows_it_over_json(client: Client, settings: Settings) -> None:
    from slo.services.access import issue_token

    agreed()
    channel(severities=("ticket",))
    spending(bad=6)
    evaluate(NOW)
    operator = {"HTTP_AUTHORIZATION": f"Bearer {issue_token('robot', 'operator', NOW)}"}
    (owed,) = client.get("/api/v1/deliveries", headers={}, **operator).json()["deliveries"]  # type: ignore[arg-type]
    assert (owed["alerts"], owed["told"], owed["group"]) == ([Alert.objects.get().pk], "firing", {"service": "shop"})
    assert selectors.outbox_depth() == 1
