"""The page of shedding, and what flags and alerts tell of it."""

from datetime import timedelta

import pytest
from django.test import Client

from alerts.selectors import alert
from dashboards.presenters.flags import flags_page
from dashboards.presenters.shedding import shedding_page
from dashboards.presenters.timeline import events
from degradation.models import Automation, AutomationChange, Drill, Flag, Shedding, ShedStep
from degradation.rules.shedding import State
from tests.dashboards.world import World
from tests.factories import NOW

LATER = NOW + timedelta(hours=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def step(world: World) -> ShedStep:
    return ShedStep.objects.create(
        service=world.flag.service,
        tier=world.flag.tier,
        flags=[world.flag.key],
        objective="orders",
        alert=world.flag.shed_by,
        reason="orders burns",
        at=NOW - timedelta(minutes=20),
        state="standing",
        verdict="helped",
        measured_at=NOW - timedelta(minutes=15),
        before={"burn": 21.0},
        after={"burn": 4.0},
        actions=[{"kind": "flags", "state": "done"}, {"kind": "webhook", "state": "done", "answer": "200 OK"}],
    )


def text(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_a_step_shows_its_effect_on_every_page_that_names_it(world: World, step: ShedStep) -> None:
    (row,) = shedding_page(NOW).steps
    assert (row.badge.word, row.before, row.after) == ("Helped", 21.0, 4.0)
    (flag,) = (flag for tier in flags_page(NOW).tiers for flag in tier.flags if flag.key == world.flag.key)
    assert flag.effect is not None
    assert (flag.effect.before, flag.effect.after, flag.effect.badge.word) == (21.0, 4.0, "Helped")
    assert step.alert_id is not None
    (event,) = (event for event in events(alert(step.alert_id)) if event.title.startswith("Shedding tier"))
    assert (event.title.endswith("helped"), event.detail) == (True, "burn 21.0× → 4.0×")


def test_the_page_says_what_never_was_exercised(reader: Client, world: World, step: ShedStep) -> None:
    Flag.objects.create(key="photos", service=world.flag.service, description="Photos.", tier=3)
    (never,) = (row.never for row in shedding_page(NOW).tiers if "photos" in row.flags)
    assert "photos" in never
    shown = text(reader, "/shedding/")
    for words in ("Automatic shedding is off", "webhook: done (200 OK)", "Helped", "21.0×", "photos"):
        assert words in shown
    assert "<b>never</b>" in text(reader, "/flags/")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"shed_to": 25}, "Ramping 25 %"),
        ({"shed_at": None, "override": "dim", "override_to": 40, "override_until": LATER}, "Forced to 40 %"),
        ({"shed_at": None, "dry_at": NOW, "dry_reason": "orders burns"}, "Would be shed"),
        ({"shed_at": None, "drill": "7", "drill_to": 95, "drill_until": LATER}, "Drill 95 %"),
    ],
)
def test_every_state_of_a_flag_has_a_badge(reader: Client, world: World, fields: dict[str, object], words: str) -> None:
    Flag.objects.filter(pk=world.flag.pk).update(**fields)
    assert words in text(reader, "/flags/")


def test_what_comes_back_is_said_so(reader: Client, world: World) -> None:
    tier = world.flag.tier
    assert f"is shed down to tier {tier} since" in text(reader, "/flags/")
    Shedding.objects.filter(pk=world.flag.service.pk).update(state=State(shed=(tier,), ramp=25).as_json())
    Flag.objects.filter(pk=world.flag.pk).update(shed_to=25)
    shown = text(reader, "/flags/")
    assert f"is coming back: 25 % of users have tier {tier} again." in shown
    assert "is shed down" not in shown
    assert "1 flag coming back" in text(reader, "/")


def test_an_operator_switches_with_a_reason(operator: Client) -> None:
    operator.post("/shedding/switch/", {"mode": "on", "reason": ""})
    assert not Automation.objects.filter(automatic=True).exists()
    operator.post("/shedding/switch/", {"mode": "dry-run", "reason": "looking first", "version": "0"})
    assert "Automatic shedding is a dry run" in text(operator, "/shedding/")
    assert AutomationChange.objects.get().reason == "looking first"


def test_a_drill_waits_while_something_burns_and_can_be_ended_by_hand(operator: Client, world: World) -> None:
    service = world.flag.service
    wanted = {"service": service.name, "tier": world.flag.tier, "share": 5, "minutes": 10, "reason": "does it work?"}
    operator.post("/shedding/drills/", wanted | {"share": 90})
    refused = operator.post("/shedding/drills/", wanted, follow=True).content.decode()
    assert "No drill began. Not while" in refused
    assert not Drill.objects.exists()
    drill = Drill.objects.create(
        service=service, tier=3, share=5, reason="does it work?", started_at=NOW, until=NOW + timedelta(minutes=5)
    )
    assert "Running" in text(operator, "/shedding/")
    operator.post(f"/shedding/drills/{drill.pk}/abort/", {"reason": "enough"})
    drill.refresh_from_db()
    assert (drill.outcome, drill.ended_reason) == ("aborted", "enough")


def test_a_share_is_forced_from_the_page(operator: Client, world: World) -> None:
    key = world.flag.key
    operator.post(f"/flags/{key}/", {"value": "share", "reason": "half of them", "minutes": "15"})
    assert Flag.objects.get().override == ""
    operator.post(f"/flags/{key}/", {"value": "share", "share": "50", "reason": "half of them", "minutes": "15"})
    flag = Flag.objects.get()
    assert (flag.override, flag.override_to) == ("dim", 50)


def test_a_reader_changes_nothing(reader: Client) -> None:
    assert reader.post("/shedding/switch/", {"mode": "on", "reason": "x"}).status_code in (302, 403)
    assert not AutomationChange.objects.exists()
