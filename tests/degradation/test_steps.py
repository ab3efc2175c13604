"""What the loop did, on rows: the switch, dry runs, ramps by share, effect measured, harm and saving recorded."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from alerts.models import Alert
from degradation import selectors
from degradation.errors import ConflictError, OverrideError, ReportedError
from degradation.models import Automation, AutomationChange, Flag, FlagChange, Shedding, ShedStep
from degradation.rules.harm import Dimmed, harm, saved
from degradation.rules.shedding import Decision, decide
from degradation.selectors.shed_views import shed_now
from degradation.services import automation, flags, shed_requests
from degradation.services import shed as shedding
from degradation.tasks import react
from slo.maths.windows import to_epoch
from slo.models import Objective, Service
from tests import factories
from tests.degradation import rows
from tests.degradation.test_shed import play
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Service:
    return factories.service("shop")


def burning(shop: Service, until: float, then: float = 0.0) -> Objective:
    """Checkout burns 100× for 15 minutes and until so many seconds after NOW, and `then` × from there on."""
    item = factories.objective("checkout", service=shop)
    end = NOW + timedelta(hours=3)
    bad = {True: 10.0, False: then / 10}
    factories.ledger(
        item,
        end=end,
        seconds=6 * 3_600,
        bad=lambda left: bad[left >= 3 * 3_600 - until] if left < 3 * 3_600 + 900 else 0,
    )
    rows.page(item)
    return item


def effect_of(tier: int) -> tuple[object, ...]:
    step = ShedStep.objects.get(tier=tier)
    return step.verdict, step.before.get("burn"), step.after.get("burn")


def test_nothing_is_shed_before_somebody_turned_automatic_on(shop: Service) -> None:
    rows.policy(shop)
    Automation.objects.all().delete()
    rows.flag("nudges", service=shop)
    burning(shop, 900)
    at = play(NOW, 300)
    assert not FlagChange.objects.exists()
    assert "automatic shedding is off" in Shedding.objects.get().reason
    automation.switch(automatic=True, user=rows.operator(), reason="we trust it", at=at)
    play(at, 60)
    assert selectors.flag("nudges", at).state == "shed"
    change = AutomationChange.objects.get()
    assert (change.automatic, change.dry_run, change.reason, str(change.actor)) == (True, False, "we trust it", "ada")


def test_the_switch_needs_a_reason_a_change_and_the_version_that_was_seen() -> None:
    with pytest.raises(OverrideError):
        automation.switch(automatic=True, user=None, reason=" ", at=NOW)
    with pytest.raises(OverrideError, match="already"):
        automation.switch(automatic=False, user=None, reason="again", at=NOW)
    automation.switch(automatic=True, user=None, reason="go", at=NOW, version=0)
    with pytest.raises(ConflictError):
        automation.switch(automatic=False, user=None, reason="stop", at=NOW, version=0)
    assert automation.present().automatic


def test_the_switch_is_a_command_too(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("automatic", "show")
    call_command("automatic", "dry-run", "--reason", "looking first")
    call_command("automatic", "on", "--reason", "seen enough")
    assert capsys.readouterr().out.split("\n") == ["off", "dry run", "on", ""]
    with pytest.raises(CommandError, match="reason"):
        call_command("automatic", "off")


def test_turned_off_while_something_is_shed_it_still_comes_back(shop: Service) -> None:
    rows.policy(shop)
    rows.flag("nudges", service=shop)
    burning(shop, 120)
    at = play(NOW, 60)
    automation.switch(automatic=False, user=None, reason="enough", at=at)
    play(at, 6_000, tick=240)
    assert selectors.flag("nudges", at).state == "auto"


def test_a_dry_run_decides_and_records_and_changes_nothing(shop: Service) -> None:
    rows.policy(shop)
    automation.switch(automatic=False, dry_run=True, user=None, reason="looking first", at=NOW)
    rows.flag("nudges", service=shop)
    burning(shop, 120)
    at = play(NOW, 60)
    view = selectors.flag("nudges", at)
    assert (view.value, view.share, view.state) == (True, 100, "dry run")
    assert view.reason.startswith("would have been shed: checkout burns 26.7×")
    assert Shedding.objects.get().reason.startswith("would have shed tier 4: ")
    step = ShedStep.objects.get()
    assert (step.dry, step.state, step.actions[0]["state"]) == (True, "standing", "would")
    play(at, 6_000, tick=240)
    assert [row.cause for row in FlagChange.objects.order_by("id")] == ["would have shed", "would have restored"]
    assert {(row.before, row.after) for row in FlagChange.objects.all()} == {(True, True)}
    step.refresh_from_db()
    assert (step.state, step.harm, step.saved) == ("undone", {}, {})


def test_what_would_have_been_shed_is_forgotten_when_it_is_in_earnest(shop: Service) -> None:
    rows.policy(shop)
    automation.switch(dry_run=True, user=None, reason="looking first", at=NOW)
    rows.flag("nudges", service=shop)
    burning(shop, 900)
    at = play(NOW, 60)
    automation.switch(dry_run=False, user=None, reason="in earnest", at=at)
    at = play(at, 30)
    assert selectors.flag("nudges", at).state == "auto"
    at = play(at, 30)
    assert selectors.flag("nudges", at).state == "shed"
    assert list(ShedStep.objects.order_by("pk").values_list("dry", flat=True)) == [True, False]


def test_one_flag_may_be_tried_dry_beside_others(shop: Service) -> None:
    rows.policy(shop)
    rows.flag("photos", service=shop, dry_run=True)
    rows.flag("nudges", service=shop)
    burning(shop, 900)
    at = play(NOW, 60)
    assert {view.flag.key: view.state for view in selectors.flags(at)} == {"photos": "dry run", "nudges": "shed"}


def test_what_is_critical_in_a_low_tier_stays(shop: Service) -> None:
    rows.policy(shop)
    rows.flag("consent", service=shop, criticality="CRITICAL_PLUS")
    rows.flag("nudges", service=shop)
    burning(shop, 900)
    at = play(NOW, 60)
    assert {view.flag.key: view.state for view in selectors.flags(at)} == {"consent": "auto", "nudges": "shed"}


def test_flags_come_back_by_shares_and_dimmers_from_what_they_kept(shop: Service) -> None:
    rows.policy(shop, ramp=(10, 50))
    rows.flag("nudges", service=shop)
    rows.flag("photos", service=shop, kind="dimmer", dim_to=20)
    burning(shop, 120)
    at = play(NOW, 60)
    assert {view.flag.key: (view.share, view.state) for view in selectors.flags(at)} == {
        "nudges": (0, "shed"),
        "photos": (20, "shed"),
    }
    play(at, 6_000, tick=240)
    found = FlagChange.objects.order_by("id").values_list("key", "cause", "after_share")
    assert [row for row in found if row[0] == "photos"] == [
        ("photos", "shed", 20),
        ("photos", "ramped", 28),
        ("photos", "ramped", 60),
        ("photos", "restored", 100),
    ]
    assert [share for key, _, share in found if key == "nudges"] == [0, 10, 50, 100]


def test_a_step_that_helped_says_so_with_its_figures(shop: Service) -> None:
    rows.policy(shop)
    rows.flag("nudges", service=shop, users=0.2)
    burning(shop, 60, then=4)
    play(NOW, 390)
    assert effect_of(4) == ("helped", pytest.approx(100), pytest.approx(4))
    step = ShedStep.objects.get()
    assert (step.measured_at, step.objective, step.flags) == (rows.later(360), "checkout", ["nudges"])
    assert step.before["bad_ratio"] == pytest.approx(0.1)
    assert shed_now([shop.pk]) == {shop.pk: ["nudges (helped: burn 100× → 4×)"]}


def test_a_step_that_did_not_help_is_reverted_marked_and_left_alone_for_a_while(shop: Service) -> None:
    rows.policy(shop, revert=True)
    rows.flag("nudges", service=shop)
    rows.flag("photos", service=shop, tier=3)
    burning(shop, 7_200)
    at = play(NOW, 390)
    assert effect_of(4) == ("no effect", pytest.approx(100), pytest.approx(100))
    step = ShedStep.objects.get(tier=4)
    assert (step.state, step.ended_at) == ("undone", rows.later(360))
    assert "did not help: checkout burned 100× before and 100× after" in step.ended_reason
    change = FlagChange.objects.filter(key="nudges").first()
    assert change is not None
    assert (change.cause, change.reason) == ("reverted", step.ended_reason)
    assert {view.flag.key: view.state for view in selectors.flags(at)} == {"nudges": "auto", "photos": "shed"}
    assert shed_now([shop.pk]) == {shop.pk: ["photos", "nudges (did not help: reverted: burn 100× → 100×)"]}
    play(at, 2_400, tick=240)
    assert ShedStep.objects.filter(tier=4).count() == 1


def test_harm_and_saving_are_kept_when_a_step_ends(shop: Service) -> None:
    rows.policy(shop, ramp=(50,))
    rows.flag("nudges", service=shop, users=0.2)
    burning(shop, 60, then=0.5)
    at = play(NOW, 60)
    play(at, 6_000, tick=120)
    step = ShedStep.objects.get()
    assert step.state == "undone"
    assert step.ended_at is not None
    half = FlagChange.objects.get(cause="ramped").at
    minutes = (half - step.at).total_seconds() / 60 + (step.ended_at - half).total_seconds() / 60 / 2
    assert step.harm["minutes"] == pytest.approx(0.2 * minutes)
    assert "assumes" in step.harm["assumption"]
    assert step.saved["events"] > 0
    assert step.saved["budget"] > 0
    assert "as many would have failed" in step.saved["assumption"]


def test_harm_and_saving_name_what_they_assume() -> None:
    found = harm([Dimmed("a", 600, 0, 0.5), Dimmed("b", 300, 80, None)])
    assert found["minutes"] == pytest.approx(5 + 1)
    assert "b says nothing, so all users are counted" in found["assumption"]
    assert saved(0.1, 1_000, 20, 500)["events"] == 80
    assert saved(0.1, 1_000, 200, 500)["events"] == 0
    assert saved(None, 1_000, 20, 500) == {}
    assert saved(0.1, 1_000, 20, None)["budget"] is None


def test_steps_end_when_everything_is_restored_by_hand(shop: Service) -> None:
    rows.policy(shop)
    rows.flag("nudges", service=shop)
    burning(shop, 900)
    at = play(NOW, 60)
    flags.restore_everything(user=None, reason="false alarm", at=at)
    play(at, 30)
    step = ShedStep.objects.get()
    assert (step.state, step.verdict, step.ended_at) == ("undone", "unclear", rows.later(90))


# Shed requests ------------------------------------------------------------------------------------------------------


def report(total: float, seconds: float, instance: str = "pod-1") -> float:
    return shed_requests.report("nudges", instance, total, rows.later(seconds))


def test_requests_left_undone_are_counted_by_what_each_counter_grew(shop: Service) -> None:
    rows.flag("nudges", service=shop)
    assert [report(500, 0), report(620, 15), report(620, 30), report(10, 45), report(7, 5)] == [0, 120, 0, 10, 0]
    assert [report(40, 20, "pod-2"), report(45, 50, "pod-2")] == [0, 5]


@pytest.mark.parametrize("total", [float("nan"), float("inf"), -1.0, 1e18])
def test_what_is_no_count_is_refused(shop: Service, total: float) -> None:
    rows.flag("nudges", service=shop)
    with pytest.raises(ReportedError):
        report(total, 0)
    with pytest.raises(ReportedError):
        report(1, 0, " ")


@pytest.mark.parametrize("reported", [True, False])
def test_requests_shed_on_purpose_and_counted_as_failed_do_not_latch_the_loop(shop: Service, reported: bool) -> None:
    """A tenth of the requests are refused because of the flag, and the SLI takes them for failures."""
    rows.policy(shop, exit_share=1, exit_for=120)
    rows.flag("nudges", service=shop, shed_requests={"objective": "checkout", "counted": "failed"})
    item = burning(shop, 60, then=100)
    at, total = play(NOW, 60), 0.0
    report(total, 60)
    while at < rows.later(5_400):
        at += timedelta(seconds=120)
        total += 40 if Flag.objects.get().shed_at else 0
        if reported:
            report(total, (at - NOW).total_seconds() - 1)
        react(at)
    causes = list(FlagChange.objects.order_by("id").values_list("cause", flat=True))
    assert causes[:2] == (["shed", "restored"] if reported else ["shed"])
    assert item.pk


def test_who_turned_the_switch_may_be_gone(shop: Service) -> None:
    automation.switch(automatic=True, user=User.objects.create(username="gone"), reason="go", at=NOW)
    User.objects.all().delete()
    assert AutomationChange.objects.get().actor is None


def test_a_loop_that_goes_to_and_fro_pages_for_as_long_as_it_does(shop: Service) -> None:
    rows.policy(shop)
    toggles = [to_epoch(NOW) - seconds for seconds in (900, 600, 300)]
    Shedding.objects.update(state={"toggles": toggles, "direction": "restore", "doublings": 1})
    react(rows.later(30))
    alert = Alert.objects.get(kind="shedding")
    assert (alert.subject, alert.severity, alert.state, alert.service) == ("shop", "page", "firing", shop)
    assert "goes to and fro" in alert.title
    react(rows.later(3_600))
    react(rows.later(3_900))
    alert.refresh_from_db()
    assert alert.state == "resolved"


def test_a_cap_holds_what_would_dim_too_much(shop: Service) -> None:
    rows.policy(shop, max_dimmed=0.5)
    for number in range(3):
        rows.flag(f"small-{number}", service=shop)
    rows.flag("other", service=shop, tier=1)
    burning(shop, 900)
    play(NOW, 300)
    assert not FlagChange.objects.exists()
    assert "with tier 4 75% of all flags would be dimmed (at most 50%)" in Shedding.objects.get().reason


@pytest.mark.parametrize("meanwhile", ["another flag is dimmed", "somebody switches it off"])
def test_what_changes_between_looking_and_shedding_is_decided_again(
    shop: Service, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    rows.policy(shop, max_dimmed=0.5)
    for number in range(3):
        rows.flag(f"small-{number}", service=shop, tier=4 if number < 2 else 1)
    other = rows.flag("other", service=factories.service("store"))
    burning(shop, 900)

    def slowly(*seen: Any) -> Decision:
        decision = decide(*seen)
        if decision.action == "shed" and meanwhile == "another flag is dimmed":
            Flag.objects.filter(pk=other.pk).update(override="off", override_at=NOW, override_until=rows.later(7_200))
        elif decision.action == "shed":
            automation.switch(automatic=False, user=None, reason="enough", at=NOW)
        return decision

    monkeypatch.setattr(shedding, "decide", slowly)
    play(NOW, 300)
    assert not FlagChange.objects.filter(flag__service=shop).exists()
    reason = "75% of all flags would be dimmed" if "flag" in meanwhile else "automatic shedding is off"
    assert reason in Shedding.objects.get(service=shop).reason
