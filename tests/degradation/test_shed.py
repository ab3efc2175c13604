"""The loop on rows: pages shed the flags of their service and recovery brings them back, with reasons in the audit."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User

from alerts.models import Alert, about
from degradation import selectors
from degradation.models import Flag, FlagChange, Shedding, SheddingPolicy
from degradation.rules.shedding import State, decide
from degradation.services import flags, shed
from degradation.services.signals import gather
from degradation.tasks import react
from slo.models import Measurement, Objective, Service, Watermark
from tests import factories
from tests.degradation import rows
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Service:
    return factories.service("shop")


@pytest.fixture
def checkout(shop: Service) -> Objective:
    """Burns at 100 times its budget over the last hour, until five minutes after NOW; calm from then on."""
    item = factories.objective("checkout", service=shop)
    end = NOW + timedelta(hours=3)
    burning = (3 * 3_600 - 300, 4 * 3_600)
    factories.ledger(item, end=end, seconds=6 * 3_600, bad=lambda left: 10 if burning[0] <= left < burning[1] else 0)
    return item


@pytest.fixture
def alert(checkout: Objective) -> Alert:
    return rows.page(checkout)


@pytest.fixture
def tiers(shop: Service) -> dict[int, Flag]:
    return {tier: rows.flag(f"tier-{tier}", tier=tier, service=shop) for tier in (1, 2, 3, 4)}


def play(start: datetime, seconds: int, tick: int = 30) -> datetime:
    """Ticks after `start`; returns the instant of the last."""
    at = start
    for _ in range(0, seconds, tick):
        at += timedelta(seconds=tick)
        react(at)
    return at


def on() -> set[str]:
    return {view.flag.key for view in selectors.flags(NOW) if view.value}


def test_a_firing_page_sheds_the_lowest_tier_of_its_service(
    shop: Service, alert: Alert, tiers: dict[int, Flag]
) -> None:
    rows.policy(shop)
    elsewhere = rows.flag("elsewhere", tier=4)
    play(NOW, 60)
    assert on() == {"tier-1", "tier-2", "tier-3", "elsewhere"}
    assert not elsewhere.changes.exists()
    change = tiers[4].changes.get()
    assert (change.cause, change.before, change.after, change.alert) == ("shed", True, False, alert)
    assert change.reason == "checkout burns 100× over 1h and 100× over 5m, page from 14.4×"
    view = selectors.flag("tier-4", NOW)
    assert (view.state, view.reason, view.since) == ("shed", change.reason, rows.later(60))


def test_without_a_policy_nothing_happens_by_itself(alert: Alert, tiers: dict[int, Flag]) -> None:
    play(NOW, 600)
    assert not FlagChange.objects.exists()


@pytest.mark.parametrize(("severity", "state"), [("ticket", "firing"), ("page", "pending"), ("page", "resolved")])
def test_only_a_firing_page_sheds(
    shop: Service, checkout: Objective, tiers: dict[int, Flag], severity: str, state: str
) -> None:
    rows.policy(shop)
    Alert.objects.create(**about(checkout), severity=severity, state=state, opened_at=NOW)
    play(NOW, 120)
    assert len(on()) == 4


def test_all_is_restored_in_reverse_after_recovery(shop: Service, alert: Alert, tiers: dict[int, Flag]) -> None:
    rows.policy(shop)
    at = play(NOW, 480)
    assert on() == {"tier-1", "tier-2"}
    alert.state = "resolved"
    alert.save()
    play(at, 2 * 3_600, tick=120)
    assert len(on()) == 4
    steps = FlagChange.objects.order_by("at").values_list("cause", "flag__key")
    assert list(steps) == [
        ("shed", "tier-4"),
        ("shed", "tier-3"),
        ("restored", "tier-3"),
        ("restored", "tier-4"),
    ]
    restored = tiers[4].changes.get(cause="restored")
    assert restored.reason.startswith("calm for ")
    assert restored.alert == alert
    assert State.of(Shedding.objects.get().state).idle


def test_what_the_loop_waits_for_is_told(shop: Service, alert: Alert, tiers: dict[int, Flag]) -> None:
    rows.policy(shop)
    play(NOW, 30)
    assert "seen 1 of 2 times in a row" in Shedding.objects.get().reason
    assert selectors.shedding() == []
    play(rows.later(30), 60)
    (view,) = selectors.shedding()
    assert (view.service, view.level, [item.key for item in view.flags]) == (shop, 4, ["tier-4"])
    assert view.since == rows.later(60)
    assert "what shedding tier 4 changes is known at 12:06:00 UTC" in view.waiting


def test_a_slower_page_needs_a_component_in_trouble(shop: Service, tiers: dict[int, Flag]) -> None:
    rows.policy(shop)
    item = factories.objective("slow-burn", service=shop)
    factories.ledger(item, end=rows.later(600), seconds=8 * 3_600, bad=0.8)
    rows.page(item)
    at = play(NOW, 120)
    assert len(on()) == 4
    assert "no component is in trouble, which a page from 6× needs" in Shedding.objects.get().reason
    broken = factories.component("db", service=shop, warn_ratio=0.05)
    factories.ledger(
        factories.objective("db", component=broken, service=shop), end=rows.later(600), seconds=3_600, bad=20
    )
    play(at, 60)
    assert on() == {"tier-1", "tier-2", "tier-3"}


def test_a_flag_forced_by_hand_keeps_its_value_and_is_shed_when_released(
    shop: Service, alert: Alert, tiers: dict[int, Flag]
) -> None:
    rows.policy(shop)
    flags.force("tier-4", True, user=None, reason="needed", until=rows.later(300), at=NOW)
    play(NOW, 60)
    view = selectors.flag("tier-4", rows.later(60))
    assert (view.value, view.state) == (True, "forced on")
    change = tiers[4].changes.get(cause="shed")
    assert (change.before, change.after) == (True, True)
    assert selectors.flag("tier-4", rows.later(300)).state == "shed"


def test_a_flag_that_is_new_while_its_tier_is_shed_is_shed_too(
    shop: Service, alert: Alert, tiers: dict[int, Flag]
) -> None:
    rows.policy(shop)
    at = play(NOW, 60)
    new = rows.flag("new", tier=4, service=shop)
    play(at, 30)
    change = new.changes.get()
    assert (change.cause, change.reason, change.alert) == ("shed", "tier 4 of its service is shed", alert)


def test_a_flag_whose_tier_changed_while_shed_is_restored(shop: Service, alert: Alert, tiers: dict[int, Flag]) -> None:
    rows.policy(shop)
    rows.flag("other", tier=4, service=shop)
    at = play(NOW, 60)
    Flag.objects.filter(key="tier-4").update(tier=1)
    play(at, 30)
    assert selectors.flag("tier-4", at).state == "auto"
    assert selectors.flag("other", at).state == "shed"


def test_deleted_flags_leave_the_loop_where_it_can_go_on(shop: Service, alert: Alert, tiers: dict[int, Flag]) -> None:
    rows.policy(shop)
    at = play(NOW, 60)
    tiers[4].delete()
    play(at, 300)
    assert on() == {"tier-1", "tier-2"}


def test_a_service_without_flags_has_nothing_to_shed(shop: Service, alert: Alert) -> None:
    rows.policy(shop)
    play(NOW, 90)
    assert "there is nothing that may be shed" in Shedding.objects.get().reason


def test_without_its_policy_a_service_gets_everything_back(shop: Service, alert: Alert, tiers: dict[int, Flag]) -> None:
    rows.policy(shop)
    at = play(NOW, 60)
    SheddingPolicy.objects.get().delete()
    at = play(at, 30)
    assert len(on()) == 4
    assert tiers[4].changes.filter(cause="restored").get().reason.startswith("no shedding policy is bound")
    assert State.of(Shedding.objects.get().state) == State()
    version = Shedding.objects.get().version
    play(at, 60)
    assert Shedding.objects.get().version == version


def test_a_flag_moved_to_an_unshed_service_comes_back(shop: Service, alert: Alert, tiers: dict[int, Flag]) -> None:
    rows.policy(shop)
    at = play(NOW, 60)
    Flag.objects.filter(key="tier-4").update(service=factories.service())
    play(at, 30)
    assert selectors.flag("tier-4", at).state == "auto"


def test_no_data_holds_what_is_shed(shop: Service, tiers: dict[int, Flag]) -> None:
    rows.policy(shop)
    item = factories.objective("checkout", service=shop)
    factories.ledger(item, end=rows.later(120), bad=10)
    alert = rows.page(item)
    at = play(NOW, 120)
    alert.delete()
    play(at, 7_200, tick=60)
    assert on() == {"tier-1", "tier-2", "tier-3"}
    assert "there is no data of checkout" in Shedding.objects.get().reason


def test_a_feature_that_nobody_can_use_any_more_is_calm(shop: Service, tiers: dict[int, Flag]) -> None:
    """Shedding may leave nothing to count; waiting for traffic then would latch the loop."""
    rows.policy(shop)
    item = factories.objective("nudges", service=shop)
    mark = factories.ledger(item, end=NOW, bad=10)
    *_, (_, good, total, observed) = factories.sums(item)
    Measurement.objects.bulk_create(
        Measurement(objective=item, at=mark.at + more, good=good, total=total, observed=observed + more)
        for more in range(30, 4 * 3_600, 30)
    )
    Watermark.objects.update(at=mark.at + 4 * 3_600 - 30)
    alert = rows.page(item)
    at = play(NOW, 60)
    assert "tier-4" not in on()
    alert.delete()
    play(at, 3 * 3_600, tick=60)
    assert len(on()) == 4


def test_two_workers_at_the_same_instant_take_one_step(shop: Service, alert: Alert, tiers: dict[int, Flag]) -> None:
    rows.policy(shop)
    play(NOW, 60)
    react(rows.later(60))
    assert FlagChange.objects.count() == 1


def test_a_worker_that_comes_second_changes_nothing(
    shop: Service, alert: Alert, tiers: dict[int, Flag], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows.policy(shop)
    play(NOW, 30)
    real = decide

    def late(*arguments: object) -> object:
        Shedding.objects.update(version=99)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(shed, "decide", late)
    react(rows.later(60))
    assert not FlagChange.objects.exists()
    assert Shedding.objects.get().version == 99


def test_a_person_who_is_faster_keeps_what_they_did(
    shop: Service, alert: Alert, tiers: dict[int, Flag], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows.policy(shop)
    play(NOW, 30)
    real = decide

    def meanwhile(*arguments: object) -> object:
        monkeypatch.setattr(shed, "decide", real)
        flags.force("tier-4", False, user=None, reason="faster", until=rows.later(900), at=rows.later(59))
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(shed, "decide", meanwhile)
    react(rows.later(60))
    assert [change.cause for change in FlagChange.objects.all()] == ["forced"]
    react(rows.later(90))
    assert tiers[4].changes.filter(cause="shed").exists()


def test_one_broken_service_does_not_hold_up_the_others(
    shop: Service, alert: Alert, tiers: dict[int, Flag], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = factories.service("a-broken-one")
    rows.policy(broken, shop)
    rows.page(factories.objective("broken", service=broken))
    real = gather

    def signals(row: Shedding, *arguments: object) -> object:
        if row.service == broken:
            raise RuntimeError("broken")
        return real(row, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(shed, "gather", signals)
    for seconds in (30, 60):
        with pytest.raises(ExceptionGroup):
            react(rows.later(seconds))
    assert "tier-4" not in on()


def test_after_everything_was_restored_by_hand_the_loop_waits_its_dwell(
    shop: Service, alert: Alert, tiers: dict[int, Flag]
) -> None:
    rows.policy(shop)
    at = play(NOW, 60)
    user = User.objects.create(username="ada")
    flags.restore_everything(user=user, reason="false alarm", at=at)
    assert len(on()) == 4
    play(at, 300)
    assert len(on()) == 4
    assert "the next step comes at 12:11:00 UTC" in Shedding.objects.get().reason


def test_quiet_ticks_write_nothing_new(shop: Service, tiers: dict[int, Flag]) -> None:
    rows.policy(shop)
    play(NOW, 300)
    assert Shedding.objects.get().version == 1
    assert Shedding.objects.get().reason == "nothing burns fast enough to shed for"


def test_what_was_shed_when_is_known_for_charts(shop: Service, alert: Alert, tiers: dict[int, Flag]) -> None:
    rows.policy(shop)
    at = play(NOW, 480)
    flags.restore_everything(user=None, reason="fine", at=at)
    spans = selectors.sheds(shop, NOW, rows.later(3_600))
    assert [(span.flag, span.start, span.end) for span in sorted(spans, key=lambda span: span.flag)] == [
        ("tier-3", rows.later(360), at),
        ("tier-4", rows.later(60), at),
    ]
    (inside, _) = selectors.sheds(shop, rows.later(400), rows.later(420))
    assert (inside.start, inside.end) == (rows.later(400), rows.later(420))
    assert selectors.sheds(shop, rows.later(900), rows.later(990)) == []
    assert [change.key for change in selectors.changes_for(alert)][:2] == ["tier-4", "tier-3"]
