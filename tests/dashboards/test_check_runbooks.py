"""`manage.py check_runbooks`: what it finds, how it says so, and how it ends."""

import json
import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from alerts.models import Runbook
from alerts.services.links import dead_links
from alerts.services.runbooks import record
from tests.dashboards.world import World
from tests.factories import NOW
from tests.servers import Receiver

STEPS = "## Recovery\n\n1. It is well.\n"


def check(*arguments: str) -> tuple[str, bool]:
    """What it says, and whether it fails."""
    out = StringIO()
    try:
        call_command("check_runbooks", *arguments, stdout=out)
    except CommandError:
        return out.getvalue(), True
    return out.getvalue(), False


@pytest.fixture
def tidy(world: World) -> World:
    """Nothing is wrong but what a test adds."""
    world.healthy.runbook = "orders"
    world.healthy.save()
    record(world.runbook, STEPS, NOW)
    return world


@pytest.mark.usefixtures("tidy")
def test_it_ends_well_only_when_nothing_is_to_be_repaired() -> None:
    # The world's clock stands in spring: by now its runbook is stale, which is a warning.
    said, failed = check("--days", "36500")
    assert (said, failed) == ("nothing to repair\n", False)
    said, failed = check()
    assert "warning: stale: orders: has never been exercised in" in said
    assert not failed
    assert check("--strict")[1]


def test_it_finds_what_the_list_of_runbooks_shows(tidy: World) -> None:
    tidy.healthy.runbook = ""
    tidy.healthy.save()
    record(tidy.runbook, f"{STEPS}\n{{{{ embed flag nothing }}}}\n", NOW)
    said, failed = check("--json", "--days", "36500")
    assert failed
    found: list[dict[str, Any]] = json.loads(said)["findings"]
    assert [(item["level"], item["rule"], item["runbook"], item["line"]) for item in found] == [
        ("error", "missing", "", None),
        ("error", "missing", "", None),
        ("error", "embed", "orders", 5),
    ]
    assert found[1]["message"] == "no runbook says what to do when the component catalog fails"


def test_a_capability_is_covered_by_the_runbooks_of_its_components(tidy: World) -> None:
    Runbook.objects.all().delete()
    said, _ = check()
    assert "no runbook says what to do when the capability order-tracking is in its mode “orders page”" in said


@pytest.mark.usefixtures("tidy")
@pytest.mark.parametrize("days", ["0", "-1", "99999"])
def test_days_that_make_no_sense_are_refused(days: str) -> None:
    with pytest.raises(CommandError, match="--days"):
        call_command("check_runbooks", "--days", days, stdout=StringIO())


def test_addresses_outside_are_asked_only_when_told_to(tidy: World, receiver: Receiver) -> None:
    record(tidy.runbook, f"{STEPS}\n[a]({receiver.url}/gone) [b]({receiver.url}/gone)\n", NOW)
    assert not check("--days", "36500")[1]
    assert receiver.requests == []
    receiver.answer(404)
    said, failed = check("--links", "--days", "36500")
    assert failed
    assert said.count(f"dead link: orders line 5: {receiver.url}/gone does not answer: it answers 404") == 2
    assert len(receiver.requests) == 1


def test_a_slow_a_lying_and_a_missing_server_hold_up_nothing(receiver: Receiver) -> None:
    receiver.answer(delay=3)
    started = time.monotonic()
    found = dict(dead_links([f"{receiver.url}/slow", "http://127.0.0.1:9/", "http://[", "//", "ftp://a"], timeout=0.3))
    assert time.monotonic() - started < 3
    assert found[f"{receiver.url}/slow"] == "no answer within 0.3 s"
    assert found["http://127.0.0.1:9/"] == "nothing can be reached there"
    assert set(found) == {f"{receiver.url}/slow", "http://127.0.0.1:9/", "http://[", "//", "ftp://a"}


@pytest.mark.parametrize(("status", "dead"), [(200, False), (204, False), (403, False), (405, False), (429, False)])
def test_what_answers_strangers_coldly_is_there(receiver: Receiver, status: int, dead: bool) -> None:
    receiver.answer(status)
    assert bool(dead_links([receiver.url])) is dead


def test_a_circle_of_redirects_and_an_endless_queue_come_to_an_end(receiver: Receiver) -> None:
    receiver.answer(302, headers={"Location": "/again"}, times=40)
    assert dead_links([receiver.url]) == [(receiver.url, "it redirects in circles")]
    receiver.fallback = type(receiver.fallback)(delay=1)
    many = [f"{receiver.url}/{n}" for n in range(20)]
    started = time.monotonic()
    late = dead_links(many, timeout=2, altogether=0.2)
    assert time.monotonic() - started < 2
    assert len(late) == 20
