"""Drills: a tier dimmed for a few users and a short time, ended by time, by burn or by hand, and kept."""

from datetime import timedelta
from typing import Any

import pytest

from degradation import selectors
from degradation.errors import DrillError, OverrideError
from degradation.models import Automation, Drill, Flag, FlagChange, SheddingPolicy
from degradation.rules.drills import Figure, Plan, objection
from degradation.services import drills, flags
from degradation.tasks import react
from slo.errors import NotFoundError
from slo.maths.windows import to_epoch
from slo.models import Objective, Service
from tests import factories
from tests.degradation import rows
from tests.degradation.test_shed import play
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Service:
    shop = factories.service("shop")
    rows.policy(shop)
    rows.flag("nudges", service=shop)
    rows.flag("legal", service=shop, splits=False)
    return shop


@pytest.fixture
def checkout(shop: Service) -> Objective:
    item = factories.objective("checkout", service=shop)
    factories.ledger(item, end=NOW + timedelta(hours=1), seconds=7_200, bad=lambda left: 1 if left < 3_000 else 0)
    return item


def begin(tier: int = 4, share: int = 5, seconds: int = 300, **changes: Any) -> Drill:
    wanted = {"user": None, "reason": "does it still work?", "at": NOW} | changes
    return drills.start("shop", tier, share=share, seconds=seconds, **wanted)


def test_a_drill_dims_what_can_be_split_for_a_few_and_ends_by_itself(shop: Service) -> None:
    begin()
    view = selectors.flag("nudges", NOW)
    assert (view.state, view.share, view.until, view.by) == ("drill", 95, rows.later(300), "drill")
    assert selectors.flag("legal", NOW).state == "auto"
    # Nobody has to do anything for it to be over, not even a process that lives.
    assert selectors.flag("nudges", rows.later(300)).state == "auto"
    react(rows.later(330))
    drill = Drill.objects.get()
    assert (drill.outcome, drill.ended_at, drill.ended_reason) == ("passed", rows.later(300), "it ran its time")
    assert [row.cause for row in FlagChange.objects.order_by("id")] == ["drilled", "drill ended"]
    assert Flag.objects.get(key="nudges").drill == ""


def test_it_keeps_what_burned_before_and_at_the_end(shop: Service, checkout: Objective) -> None:
    begin()
    react(rows.later(300))
    (figure,) = Drill.objects.get().figures
    assert (figure["objective"], figure["before"], figure["after"]) == ("checkout", 0, 0)


def test_a_burn_above_the_limit_ends_it(shop: Service, checkout: Objective) -> None:
    begin(seconds=1_800)
    play(NOW, 900, tick=60)
    drill = Drill.objects.get()
    assert drill.outcome == "aborted"
    assert "checkout burns" in drill.ended_reason
    assert "more than 2×" in drill.ended_reason
    assert selectors.flag("nudges", rows.later(900)).state == "auto"
    with pytest.raises(DrillError, match="Not while checkout burns"):
        begin(at=rows.later(900))


def test_a_page_ends_it(shop: Service, checkout: Objective) -> None:
    begin()
    rows.page(checkout)
    react(rows.later(30))
    assert Drill.objects.get().ended_reason == "checkout pages"


def test_a_person_ends_it(shop: Service) -> None:
    drill = begin()
    ada = rows.operator()
    drills.abort(drill.pk, user=ada, reason="a customer called", at=rows.later(60))
    drill.refresh_from_db()
    assert (drill.outcome, drill.ended_reason, drill.ended_at) == ("aborted", "a customer called", rows.later(60))
    change = FlagChange.objects.first()
    assert change is not None
    assert (change.cause, change.actor, change.before_share, change.after_share) == ("drill ended", ada, 95, 100)
    with pytest.raises(DrillError, match="over already"):
        drills.abort(drill.pk, user=ada, reason="again", at=rows.later(61))


@pytest.mark.parametrize(
    "wanted", [{"tier": 1}, {"tier": 3}, {"share": 0}, {"share": 51}, {"seconds": 30}, {"seconds": 20_000}]
)
def test_what_is_no_drill_is_refused(shop: Service, wanted: dict[str, int]) -> None:
    with pytest.raises(DrillError):
        begin(**wanted)
    assert not Drill.objects.exists()


def test_it_needs_a_reason_a_service_and_nothing_under_way(shop: Service) -> None:
    with pytest.raises(OverrideError):
        begin(reason=" ")
    with pytest.raises(NotFoundError):
        drills.start("gone", 4, share=5, seconds=300, user=None, reason="x", at=NOW)
    begin()
    with pytest.raises(DrillError, match="under way"):
        begin()
    with pytest.raises(NotFoundError):
        drills.abort(99, user=None, reason="x", at=NOW)


def test_what_is_forced_is_not_drilled(shop: Service) -> None:
    flags.force("nudges", True, user=None, reason="needed", until=rows.later(600), at=NOW)
    with pytest.raises(DrillError, match="nudges is forced by hand"):
        begin()


PLAN = {
    "tier": 4,
    "share": 10,
    "seconds": 600,
    "rule": "FREQ=DAILY",
    "start": "2026-01-01T12:00:00+00:00",
    "zone": "UTC",
}


def test_a_planned_drill_begins_once_at_its_time_and_only_where_the_loop_may_act(shop: Service) -> None:
    SheddingPolicy.objects.update(drills=[PLAN])
    Automation.objects.update(automatic=False)
    react(NOW)
    assert not Drill.objects.exists()
    Automation.objects.update(automatic=True)
    react(rows.later(30))
    drill = Drill.objects.get()
    assert (drill.planned, drill.until, drill.share) == (NOW, rows.later(600), 10)
    play(rows.later(30), 900, tick=60)
    assert Drill.objects.get().outcome == "passed"
    react(rows.later(86_400))
    assert Drill.objects.count() == 2


def test_a_plan_runs_within_its_time_and_is_not_made_up_for() -> None:
    plan, noon = Plan.of(PLAN), to_epoch(NOW)
    assert [plan.due(noon + seconds) for seconds in (-1, 0, 599, 600)] == [None, noon, noon, None]


def test_what_speaks_against_a_drill() -> None:
    assert objection(["checkout"], [], 2, 100) == "checkout pages"
    assert objection([], [Figure("a", 2.0, 500), Figure("b", 9, 99), Figure("c", None, 0)], 2, 100) is None
    assert "a burns 2.1×" in (objection([], [Figure("a", 2.1, 500)], 2, 100) or "")
