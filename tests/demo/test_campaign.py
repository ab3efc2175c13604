"""The story of the campaign as the issue of degradation tells it, through the real loop and without waiting.

At every tick the simulated services are measured over HTTP, judged and reacted to; what is shed reaches them again.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby

import pytest
from django.db import transaction
from django.test.utils import override_settings
from pytest_django import DjangoDbBlocker

from alerts.models import Alert
from config.pipeline import tick
from degradation import selectors
from degradation.api_circuits import ReportIn
from degradation.models import FlagChange, ShedStep
from degradation.rules.value import decide
from degradation.selectors.served import flag_values
from degradation.services import automation, circuit_reports
from degradation.services.carry_out import carry_out
from demo import scenario, stage
from demo.scenario import MINUTE, Plot
from demo.world.clients import Clients
from demo.world.components import FLAGS, FULL
from demo.world.inbox import Inbox
from demo.world.server import Server
from demo.world.state import LONGEST_STEP, World
from slo import selectors as slo_selectors
from slo.maths.windows import from_epoch
from slo.models import Objective

pytestmark = pytest.mark.django_db(transaction=False)
START = datetime(2026, 3, 5, 19, 0, tzinfo=UTC)
EPOCH = START.timestamp()
# Seconds of calm before the campaign, and until the story is over.
BEFORE, OVER, TICK = 60, 28 * MINUTE, 30
WATCHED, NUDGES, PERSONAL = "recommendations-availability", "promotion-nudges", "personalised-recommendations"
RAMPED = [100, 0, 10, 25, 50, 100]


@dataclass
class Told:
    """What was seen at each tick, by the seconds since the campaign began; `failed` are steps of ticks."""

    load: dict[int, float] = field(default_factory=dict)
    burn: dict[int, float | None] = field(default_factory=dict)
    share: dict[int, dict[str, int]] = field(default_factory=dict)
    banners: dict[int, list[str]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def shares(self, key: str) -> list[int]:
        """The percentages of users that had a flag, one after the other."""
        return [share for share, _ in groupby(shares[key] for shares in self.share.values())]

    def first(self, key: str, share: int) -> int:
        return next(since for since, shares in self.share.items() if shares[key] == share)


class Telling:
    """The world and the loop, tick by tick."""

    def __init__(self, world: World) -> None:
        self.world, self.told, self.clients = world, Told(), Clients("", "")

    def run(self) -> Told:
        for since in range(-BEFORE, OVER, TICK):
            at = START + timedelta(seconds=since)
            self._live(at)
            self.told.failed += tick(at)
            carry_out(at)
            self._look(since, at)
        return self.told

    def _live(self, at: datetime) -> None:
        heard = [(item.key, item.marks) for item in flag_values(at) if item.key in FLAGS and item.marks]
        while self.world.at < at.timestamp():
            user = f"user-{self.world.at}"
            self.world.off = frozenset(key for key, marks in heard if not decide(marks, key, user, at).value)
            self.world.advance(self.world.at + LONGEST_STEP)
        said = [ReportIn(**report).said() for report in self.clients.reports(self.world.conditions())]
        circuit_reports.receive(said, "demo world", at)

    def _look(self, since: int, at: datetime) -> None:
        told = self.told
        told.load[since] = self.world.conditions()["recommendations"].load
        (status,) = slo_selectors.statuses(at, Objective.objects.filter(name=WATCHED))
        told.burn[since] = status.burns[60]
        told.share[since] = {view.flag.key: view.share for view in selectors.flags(at)}
        told.banners[since] = [banner.text for banner in selectors.banners(at)]


@pytest.fixture(scope="module")
def told(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Told]:
    """The whole story once for all tests here, in a transaction that is rolled back."""
    calm = 40 * MINUTE
    world = World(EPOCH - calm, EPOCH - BEFORE - TICK, plot=Plot(scenario.STORIES["campaign"], begun=calm))
    server = Server(("127.0.0.1", 0), world, Inbox())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with django_db_blocker.unblock(), transaction.atomic(), override_settings(TICK_SECONDS=TICK):
        at = from_epoch(int(world.at))
        stage.declare(tmp_path_factory.mktemp("demo"), at, f"http://127.0.0.1:{server.server_address[1]}")
        # The story touches no other promise, and each costs time at every tick.
        Objective.objects.exclude(component__name__in=("recommendations", "promotions")).delete()
        automation.switch(automatic=True, user=None, reason="The demo shows the loop at work", at=at)
        yield Telling(world).run()
        transaction.set_rollback(True)
    server.shutdown()
    server.server_close()


def test_promotions_are_shed_then_personalised_recommendations_and_nothing_else_of_weight(told: Told) -> None:
    assert told.failed == []
    shed = FlagChange.objects.filter(cause="shed").order_by("id")
    assert [change.key for change in shed] == ["analytics-events", "feedback-prompts", NUDGES, PERSONAL]
    assert 0 < told.first(NUDGES, 0) < told.first(PERSONAL, 0) < 8 * MINUTE
    assert told.first(PERSONAL, 0) - told.first(NUDGES, 0) >= 2 * MINUTE


def test_the_load_falls_with_each_step_and_the_burn_with_it(told: Told) -> None:
    full, nudges, personal = FULL["recommendations"], told.first(NUDGES, 0), told.first(PERSONAL, 0)
    assert told.load[nudges] == pytest.approx(full)
    assert told.load[personal] < 0.8 * full
    assert told.load[personal + TICK] < 0.3 * full
    burns = [told.burn[nudges], told.burn[personal], told.burn[personal + 90]]
    assert all(burn is not None and burn > 0 for burn in burns[:2])
    assert burns[1] < 0.7 * burns[0]  # type: ignore[operator]
    assert burns[2] < 0.4 * burns[1]  # type: ignore[operator]


def test_the_steps_that_helped_are_marked_so_and_the_one_that_did_not_too(told: Told) -> None:
    steps = {step.tier: step for step in ShedStep.objects.all()}
    assert {tier: step.verdict for tier, step in steps.items()} == {4: "no effect", 3: "helped", 2: "helped"}
    for step in (steps[3], steps[2]):
        assert step.after["burn"] < 0.6 * step.before["burn"]
        assert step.saved["events"] > 10
        assert step.harm["minutes"] > 1


def test_everything_comes_back_ramped_and_in_reverse_order(told: Told) -> None:
    assert told.shares(PERSONAL) == told.shares(NUDGES) == told.shares("analytics-events") == RAMPED
    assert told.first(PERSONAL, 50) < told.first(NUDGES, 10)
    assert told.first(NUDGES, 50) < told.first("analytics-events", 10)
    last = max(told.share)
    assert set(told.share[last].values()) == {100}
    assert told.load[last] == pytest.approx(FULL["recommendations"])
    assert {step.state for step in ShedStep.objects.all()} == {"undone"}
    assert not Alert.objects.exclude(state="resolved").filter(severity="page").exists()


def test_users_read_of_it_while_they_all_see_the_same(told: Told) -> None:
    shown = [since for since, texts in told.banners.items() if texts]
    assert told.banners[shown[0]] == ["Recommendations are the same for everybody for the moment."]
    assert told.first(PERSONAL, 0) <= shown[0] < told.first(PERSONAL, 10) <= shown[-1] < told.first(NUDGES, 10)
