"""Judging: from ledgers to alerts, transitions and what is owed to channels."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from alerts.models import Alert, Delivery, Transition, about
from alerts.services import evaluate as judging
from alerts.services import moves
from alerts.services.cases import Case
from alerts.services.evaluate import evaluate
from slo import selectors
from slo.models import BurnPolicy, Objective
from tests.alerts.world import HOUR_WINDOW, burning, channel, extend, fired, its, owed, resolve, run, states, tell
from tests.factories import NOW, ledger, objective, service, source

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def policy(**timing: float) -> BurnPolicy:
    return BurnPolicy.objects.create(name="own", windows=[HOUR_WINDOW], timing={"page": timing})


def test_a_burning_objective_fires_with_its_cause_and_owes_a_message_to_each_channel_that_wants_it() -> None:
    for name, severities in (("pager", ["page"]), ("both", ["page", "ticket"]), ("tickets", ["ticket"])):
        channel(name, severities=severities)
    channel("off", enabled=False)
    alert = fired()
    assert (alert.state, alert.opened_at, alert.fired_at) == ("firing", NOW, NOW)
    assert states(alert) == [("inactive", "firing")]
    assert "burning 33.3× over 1h and 200× over 5m (limit 14.4×)" in alert.transitions.get().cause
    assert sorted(owed(alert)) == [("both", "firing", "due"), ("pager", "firing", "due")]


def test_a_healthy_objective_and_one_without_data_lead_to_nothing() -> None:
    ledger(objective("healthy"))
    objective("without-ledger")
    assert evaluate(NOW) == 0
    assert not Alert.objects.exists()


def test_three_requests_at_night_one_of_them_failing_wake_nobody() -> None:
    item = objective("checkout", burn_policy=policy())
    ledger(item, seconds=3_600, total=1 / 40, bad=lambda left: 1 / 40 if left < 1_200 else 0)
    status = selectors.status("checkout", NOW)
    assert status.windows[3_600].total == pytest.approx(3)
    assert status.windows[3_600].bad == pytest.approx(1)
    assert (evaluate(NOW), Alert.objects.count()) == (0, 0)


def test_real_traffic_that_fails_as_often_does() -> None:
    item = objective("checkout", burn_policy=policy())
    ledger(item, seconds=3_600, total=3, bad=1)
    assert evaluate(NOW) == 1


def test_page_and_ticket_are_two_alerts_of_one_objective() -> None:
    item = objective("checkout")
    ledger(item, seconds=2 * 86_400, step=300, bad=lambda left: 20 if left < 3_600 * 5 else 0)
    evaluate(NOW)
    assert sorted(Alert.objects.values_list("severity", flat=True)) == ["page", "ticket"]


def test_figures_are_kept_and_refreshed_while_the_alert_is_open() -> None:
    alert = fired()
    before = alert.figures
    window = before["windows"][0]
    assert (window["long"], window["short"], window["factor"], window["exceeded"]) == (3600, 300, 14.4, True)
    assert window["burn_short"] == pytest.approx(200)
    # 400 of 24,000 events were bad, of which the budget allows 24.
    assert before["remaining"] == pytest.approx(1 - 400 / 24)
    extend(its(alert), NOW + MINUTE, bad=100)
    run(NOW, NOW + MINUTE)
    alert.refresh_from_db()
    assert alert.figures["remaining"] < before["remaining"]
    assert alert.figures["as_of"] == (NOW + MINUTE).isoformat()
    assert alert.transitions.count() == 1


def test_the_end_is_told_to_every_channel_once_and_only_after_the_quiet_time() -> None:
    channel("pager")
    alert = fired()
    tell(NOW)
    resolve(alert)
    assert states(alert) == [("inactive", "firing"), ("firing", "resolved")]
    assert owed(alert) == [("pager", "firing", "sent"), ("pager", "resolved", "due")]
    assert alert.quiet_since is not None
    assert alert.ended_at is not None
    assert alert.ended_at - alert.quiet_since == MINUTE
    assert "no page window has been above its factor since" in alert.transitions.last().cause  # type: ignore[union-attr]


def test_a_channel_that_was_told_of_the_fire_hears_of_its_end_though_it_wants_no_pages_any_more() -> None:
    pager = channel("pager")
    alert = fired()
    tell(NOW)
    pager.severities = []
    pager.save()
    resolve(alert)
    assert [told for _, told, _ in owed(alert)] == ["firing", "resolved"]


def test_a_burn_that_returns_in_the_quiet_time_goes_on_as_the_same_alert() -> None:
    item = burning(burn_policy=policy(keep_firing=600))
    evaluate(NOW)
    extend(item, NOW + 6 * MINUTE)
    run(NOW, NOW + 6 * MINUTE)
    assert Alert.objects.get().quiet_since is not None
    extend(item, NOW + 9 * MINUTE, bad=50)
    run(NOW + 6 * MINUTE, NOW + 9 * MINUTE)
    alert = Alert.objects.get()
    assert (alert.state, alert.quiet_since) == ("firing", None)


def test_a_new_burn_after_the_end_is_a_new_alert() -> None:
    first = resolve(fired())
    extend(its(first), NOW + 40 * MINUTE, bad=50)
    evaluate(NOW + 40 * MINUTE)
    second = Alert.objects.get(state="firing")
    assert second.pk != first.pk
    assert second.opened_at == NOW + 40 * MINUTE


def test_a_pending_time_is_waited_out_and_nobody_is_told_before() -> None:
    channel("pager")
    item = burning(burn_policy=policy(pending=120))
    evaluate(NOW)
    alert = Alert.objects.get()
    assert (alert.state, alert.fired_at, owed(alert)) == ("pending", None, [])
    assert "fires if it lasts 2 min" in alert.transitions.get().cause
    extend(item, NOW + 3 * MINUTE, bad=20)
    run(NOW, NOW + 3 * MINUTE)
    alert.refresh_from_db()
    assert (alert.state, alert.fired_at) == ("firing", NOW + 2 * MINUTE)
    assert states(alert) == [("inactive", "pending"), ("pending", "firing")]
    assert owed(alert) == [("pager", "firing", "due")]


def test_a_pending_alert_that_stops_burning_goes_back_in_silence() -> None:
    channel("pager")
    item = burning(burn_policy=policy(pending=1200))
    evaluate(NOW)
    extend(item, NOW + 10 * MINUTE)
    run(NOW, NOW + 10 * MINUTE)
    alert = Alert.objects.get()
    assert states(alert) == [("inactive", "pending"), ("pending", "inactive")]
    assert alert.ended_at is not None
    assert owed(alert) == []


def test_without_data_an_alert_neither_fires_nor_resolves_and_keeps_its_last_figures() -> None:
    alert = fired()
    run(NOW + 30 * MINUTE, NOW + 35 * MINUTE)
    alert.refresh_from_db()
    assert alert.state == "firing"
    assert alert.figures["as_of"] < (NOW + 10 * MINUTE).isoformat()
    assert states(alert) == [("inactive", "firing")]


def test_windows_that_burnt_before_the_data_ended_do_not_fire_without_data() -> None:
    slow = {"severity": "page", "long": 21_600, "short": 1_800, "factor": 6}
    item = objective(burn_policy=BurnPolicy.objects.create(name="slow", windows=[slow]))
    ledger(item, seconds=21_600, bad=lambda left: 50 if left > 420 else None)
    (status,) = selectors.statuses(NOW, [item])
    assert (status.state, len(status.exceeded)) == ("no data", 1)
    evaluate(NOW)
    assert not Alert.objects.filter(kind="burn").exists()


def test_a_short_window_that_saw_nothing_holds_the_alert() -> None:
    quick = {"severity": "page", "long": 600, "short": 60, "factor": 14.4}
    item = objective(burn_policy=BurnPolicy.objects.create(name="quick", windows=[quick]))
    ledger(item, bad=50)
    evaluate(NOW)
    at = NOW + 3 * MINUTE
    assert [s.state for s in selectors.statuses(at, [item])] != ["no data"]
    run(NOW, at)
    alert = Alert.objects.get()
    assert (alert.state, alert.quiet_since) == ("firing", None)


def test_an_evaluation_repeated_changes_nothing() -> None:
    channel("pager")
    burning()
    assert evaluate(NOW) == 1
    assert evaluate(NOW) == 0
    assert (Alert.objects.count(), Transition.objects.count(), Delivery.objects.count()) == (1, 1, 1)


def test_an_evaluation_of_an_older_instant_does_nothing() -> None:
    item = burning(at=NOW)
    extend(item, NOW + 30 * MINUTE)
    evaluate(NOW + 30 * MINUTE)
    assert evaluate(NOW) == 0
    assert not Alert.objects.exists()


def test_an_alert_that_was_changed_meanwhile_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    alert = fired()
    extend(its(alert), NOW + 20 * MINUTE)
    evaluate(NOW + 19 * MINUTE)

    original = moves._move

    def lose(cases: Sequence[Case], at: datetime) -> list[tuple[Alert, Case]]:
        Alert.objects.filter(pk=alert.pk).update(state="resolved")
        return original(cases, at)

    monkeypatch.setattr(moves, "_move", lose)
    assert evaluate(NOW + 20 * MINUTE) == 0
    assert states(alert) == [("inactive", "firing")]


def test_no_alert_can_be_opened_twice_nor_enter_a_state_twice() -> None:
    alert = fired()
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.create(**about(its(alert)), severity="page", state="pending", opened_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Transition.objects.create(alert=alert, at=NOW + MINUTE, before="pending", after="firing", cause="again")


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param({"windows": [{"severity": "page"}]}, id="windows without lengths"),
        pytest.param({"windows": [HOUR_WINDOW], "timing": {"page": {"pending": "soon"}}}, id="a timing of words"),
    ],
)
def test_an_objective_at_fault_is_logged_and_stops_no_other(
    broken: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    burning("bad", burn_policy=BurnPolicy.objects.create(name="broken", **broken))
    for name in ("a", "b", "c"):
        burning(name)
    assert evaluate(NOW) == 3
    assert sorted(Alert.objects.values_list("objective__name", flat=True)) == ["a", "b", "c"]
    assert "objective bad" in caplog.text


def test_a_failure_while_writing_one_objective_leaves_no_half_of_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    channel("pager")
    burning("good")
    burning("unlucky")
    original = moves._transition

    def fail(alert: Alert, case: Case, at: datetime) -> Transition:
        if alert.subject == "unlucky":
            raise ValueError("no ink")
        return original(alert, case, at)

    monkeypatch.setattr(moves, "_transition", fail)
    assert evaluate(NOW) == 1
    assert [a.subject for a in Alert.objects.all()] == ["good"]
    assert Transition.objects.count() == Delivery.objects.count() == 1


def test_an_objective_deleted_before_the_change_is_written_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    item = burning()
    judged = judging._judge(NOW, [item])
    item.delete()
    monkeypatch.setattr(judging, "_judge", lambda *_: judged)
    assert evaluate(NOW) == 0


def test_deleting_an_objective_takes_its_alerts_with_it_and_leaves_nothing_to_tell() -> None:
    channel("pager")
    alert = fired()
    its(alert).delete()
    assert evaluate(NOW + MINUTE) == 0
    assert tell(NOW + MINUTE) == []
    assert Delivery.objects.get().answer == "Not sent: nothing of it was left to tell"


def test_an_alert_whose_windows_left_the_policy_resolves_and_says_so() -> None:
    item = burning(burn_policy=policy())
    evaluate(NOW)
    BurnPolicy.objects.update(windows=[{**HOUR_WINDOW, "severity": "ticket", "factor": 900}])
    extend(item, NOW + MINUTE, bad=20)
    run(NOW, NOW + MINUTE)
    alert = Alert.objects.get()
    assert alert.state == "resolved"
    assert "no page windows any more" in alert.transitions.last().cause  # type: ignore[union-attr]


def test_judging_takes_a_handful_of_queries_beside_reading_the_ledger_however_many_objectives() -> None:
    def queries(at: datetime) -> int:
        with CaptureQueriesContext(connection) as reading:
            selectors.statuses(at)
        with CaptureQueriesContext(connection) as judging:
            evaluate(at)
        return len(judging) - len(reading)

    for i in range(3):
        ledger(objective(f"first-{i}"))
    evaluate(NOW - MINUTE)
    few = queries(NOW)
    for i in range(30):
        ledger(objective(f"more-{i}"))
    for i in range(10):
        burning(f"burning-{i}")
    evaluate(NOW + timedelta(seconds=1))
    assert queries(NOW + timedelta(seconds=2)) <= few + 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("file_database")
def test_two_evaluations_at_once_open_one_alert(in_threads: Callable[..., list[int]]) -> None:
    channel("pager")
    burning()
    changes = in_threads(4, lambda: evaluate(NOW))
    assert sorted(changes) == [0, 0, 0, 1]
    assert (Alert.objects.count(), Transition.objects.count(), Delivery.objects.count()) == (1, 1, 1)


def test_a_storm_is_judged_in_as_many_queries_as_a_breeze() -> None:
    channel("pager")

    def judged(names: Sequence[str], at: datetime) -> tuple[int, int]:
        for name in names:
            burning(name, at=at, service=shop, source=prometheus)
        with CaptureQueriesContext(connection) as fires:
            assert evaluate(at) == len(names)
        for name in names:
            extend(Objective.objects.get(name=name), at + 9 * MINUTE)
        evaluate(at + 7 * MINUTE)
        with CaptureQueriesContext(connection) as ends:
            assert evaluate(at + 9 * MINUTE) == len(names)
        return len(fires), len(ends)

    shop, prometheus = service("shop"), source("prometheus")
    breeze = judged(["a", "b"], NOW)
    Objective.objects.all().delete()
    storm = judged([f"storm-{number}" for number in range(12)], NOW + 60 * MINUTE)
    assert storm <= (breeze[0] + 6, breeze[1] + 6)
    assert storm[1] <= breeze[1] + 6
