"""Data that does not come, or comes with gaps, is an alert; what an episode cost is told at its end."""

from datetime import timedelta

import pytest

from alerts.models import Alert, Transition
from alerts.services.evaluate import evaluate
from alerts.services.raising import hold
from slo.models import Exclusion, SourceState
from tests.alerts.world import burning, extend, run, states
from tests.factories import NOW, ledger, objective

pytestmark = pytest.mark.django_db

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def of(kind: str) -> Alert:
    return Alert.objects.get(kind=kind)


def test_an_objective_that_stops_giving_data_is_a_ticket_after_a_quarter_of_an_hour() -> None:
    item = objective("checkout", runbook="no-data")
    ledger(item, seconds=7_200)
    run(NOW, NOW + 14 * MINUTE, 7 * MINUTE)
    assert not Alert.objects.filter(kind="no-data").exists()
    run(NOW + 14 * MINUTE, NOW + 17 * MINUTE, MINUTE)
    alert = of("no-data")
    assert (alert.subject, alert.severity, alert.state, alert.runbook) == ("checkout", "ticket", "firing", "no-data")
    assert alert.fired_at == NOW + 15 * MINUTE
    assert alert.transitions.get().cause == "no data for 15 min"
    extend(item, NOW + 40 * MINUTE)
    run(NOW + 10 * MINUTE, NOW + 40 * MINUTE, 15 * MINUTE)
    alert.refresh_from_db()
    assert states(alert) == [("inactive", "firing"), ("firing", "resolved")]
    assert alert.transitions.last().cause.startswith("there is data again; quiet since ")  # type: ignore[union-attr]


def test_what_never_had_data_or_is_excluded_lacks_none() -> None:
    objective("new")
    item = objective("maintained")
    ledger(item, seconds=7_200)
    Exclusion.objects.create(objective=item, start=NOW, end=NOW + 60 * MINUTE, reason="moving house", created_at=NOW)
    run(NOW, NOW + 50 * MINUTE, 5 * MINUTE)
    assert not Alert.objects.exists()


def test_a_lasting_loss_of_samples_is_a_ticket_and_a_gap_that_is_over_is_not() -> None:
    lossy, gap, new = objective("lossy"), objective("gap"), objective("new")
    ledger(lossy, seconds=7_200, bad=lambda left: None if left % 120 == 0 else 0)
    ledger(gap, seconds=7_200, bad=lambda left: None if 1_200 < left < 2_400 else 0)
    ledger(new, seconds=300)
    for minute in (0, 5, 10, 15, 20):
        for item in (lossy, gap, new):
            if minute:
                extend(item, NOW + minute * MINUTE)
        evaluate(NOW + minute * MINUTE)
        if minute == 0:
            assert {a.subject: a.state for a in Alert.objects.all()} == {"lossy": "pending", "new": "pending"}
    assert {a.subject: a.state for a in Alert.objects.all()} == {"lossy": "inactive", "new": "inactive"}


def test_what_goes_on_being_lossy_fires() -> None:
    item = objective("lossy")
    ledger(item, end=NOW + 20 * MINUTE, seconds=10_800, bad=lambda left: None if left % 120 == 0 else 0)
    run(NOW, NOW + 20 * MINUTE, 5 * MINUTE)
    alert = of("completeness")
    assert (alert.state, alert.fired_at) == ("firing", NOW + 20 * MINUTE)
    assert alert.transitions.last().cause == (  # type: ignore[union-attr]
        "75 % observed over 1h and 73.3 % over 15m (limit 90 %)"
    )


def test_an_episode_tells_what_share_of_the_budget_it_cost() -> None:
    item = burning(target=0.99, bad=100)
    evaluate(NOW)
    alert = of("burn")
    extend(item, NOW + 20 * MINUTE)
    run(NOW + 4 * MINUTE, NOW + 9 * MINUTE, 30 * SECOND)
    alert.refresh_from_db()
    assert alert.state == "resolved"
    total = 100 * (7_200 + (alert.ended_at - NOW).total_seconds()) / 30  # type: ignore[operator]
    # Five minutes of the burn lie within the short window before the alert opened.
    assert alert.spent == pytest.approx(100 * 10 / (0.01 * total), rel=0.01)
    last = alert.transitions.last()
    assert last is not None
    assert alert.spent is not None
    assert last.cause.endswith(f"; it cost {100 * alert.spent:.3g} % of the budget")


def test_what_is_excluded_cost_nothing() -> None:
    item = burning(target=0.99, bad=100)
    evaluate(NOW)
    extend(item, NOW + 20 * MINUTE)
    Exclusion.objects.create(
        objective=item, start=NOW - 10 * MINUTE, end=NOW + MINUTE, reason="a drill", created_at=NOW
    )
    run(NOW + 9 * MINUTE, NOW + 12 * MINUTE, MINUTE)
    alert = of("burn")
    assert (alert.state, alert.spent) == ("resolved", 0)


def test_a_cost_that_is_not_known_keeps_no_alert_open(monkeypatch: pytest.MonkeyPatch) -> None:
    item = burning(target=0.99, bad=100)
    evaluate(NOW)
    extend(item, NOW + 20 * MINUTE)
    monkeypatch.setattr("slo.selectors.windows", lambda _: 1 / 0)
    run(NOW + 8 * MINUTE, NOW + 12 * MINUTE, MINUTE)
    alert = of("burn")
    assert (alert.state, alert.spent) == ("resolved", None)


def test_any_part_can_raise_an_alert_and_end_it_and_repeating_changes_nothing() -> None:
    item = objective("checkout", runbook="desk")

    def say(minute: int, condition: bool | None, cause: str = "stuck") -> Alert | None:
        at = NOW + minute * MINUTE
        return hold(
            "shedding", "shop", severity="page", title="Shop", cause=cause, condition=condition, at=at, objective=item
        )

    assert say(0, condition=False) is None
    assert say(1, condition=None) is None
    for minute in (2, 2, 3):
        alert = say(minute, condition=True)
    assert alert is not None
    assert (alert.state, alert.service, alert.opened_at) == ("firing", item.service, NOW + 2 * MINUTE)
    assert say(4, condition=None) == alert
    assert say(1, condition=False) == alert, "what is older than the alert does not end it"
    assert say(5, condition=False, cause="free again") is None
    assert list(Transition.objects.values_list("after", "cause")) == [("firing", "stuck"), ("resolved", "free again")]


@pytest.mark.django_db(transaction=True)
def test_two_that_raise_the_same_at_once_raise_one(file_database: None, in_threads) -> None:  # type: ignore[no-untyped-def]
    def raise_it() -> Alert | None:
        return hold("delivery", "team", severity="ticket", title="team", cause="down", condition=True, at=NOW)

    assert len({alert.pk for alert in in_threads(4, raise_it)}) == 1
    assert Transition.objects.count() == 1


def test_a_state_that_is_out_of_date_says_nothing_of_its_source() -> None:
    item = burning()
    SourceState.objects.create(source=item.source, asked_at=NOW - 11 * MINUTE, problem="no answer")
    evaluate(NOW)
    assert not Alert.objects.filter(kind="source").exists()
