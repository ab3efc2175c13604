"""Shedding over JSON: the switch, standing, steps, drills and shed requests."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from degradation.models import AutomationChange, Drill, Shedding, ShedStep
from slo.services.access import issue_token
from tests import factories
from tests.degradation import rows
from tests.factories import NOW

pytestmark = pytest.mark.django_db
BASE = "/api/v1"


def caller(role: Any) -> Client:
    token = issue_token(f"a {role}", role, datetime.now(UTC))
    return Client(headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def operator() -> Client:
    shop = factories.service("shop")
    rows.policy(shop)
    rows.flag("nudges", service=shop)
    return caller("operator")


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"{BASE}/{path}", body, content_type="application/json")


def test_the_switch_is_turned_with_a_reason_and_the_version_seen(operator: Client) -> None:
    assert operator.get(f"{BASE}/shedding").json()["switch"] == {"automatic": True, "dry_run": False, "version": 0}
    answer = post(operator, "shedding/switch", {"automatic": False, "reason": "release day", "version": 0})
    assert answer.json() == {"automatic": False, "dry_run": False, "version": 1}
    assert post(operator, "shedding/switch", {"automatic": True, "reason": "x", "version": 0}).status_code == 409
    assert AutomationChange.objects.get().reason == "release day (by the token a operator)"
    assert operator.get(f"{BASE}/shedding/switch/changes").json()[0]["automatic"] is False
    assert post(caller("viewer"), "shedding/switch", {"automatic": True, "reason": "x"}).status_code == 403


def test_where_the_loop_stands_and_what_it_did(operator: Client) -> None:
    (found,) = operator.get(f"{BASE}/shedding").json()["services"]
    assert (found["service"], found["shed"], found["level"], found["policy"]) == ("shop", [], None, "careful")
    ShedStep.objects.create(
        service_id=Shedding.objects.get().pk,
        tier=4,
        flags=["nudges"],
        reason="checkout burns",
        at=NOW,
        verdict="helped",
        before={"burn": 21},
        after={"burn": 4},
        actions=[{"kind": "flags", "state": "done", "tries": 0, "answer": ""}],
    )
    (step,) = operator.get(f"{BASE}/shedding/steps?service=shop").json()["steps"]
    assert (step["verdict"], step["before"]["burn"], step["after"]["burn"], step["flags"]) == (
        "helped",
        21,
        4,
        ["nudges"],
    )
    assert operator.get(f"{BASE}/shedding/steps?service=gone").json() == {"steps": []}


def test_drills_begin_and_end_over_json(operator: Client) -> None:
    wanted = {"service": "shop", "tier": 4, "share": 5, "minutes": 5, "reason": "does it work?"}
    drill = post(operator, "shedding/drills", wanted).json()
    assert (drill["outcome"], drill["flags"], drill["share"]) == ("running", ["nudges"], 5)
    assert operator.get(f"{BASE}/flags/nudges").json()["state"] == "drill"
    assert post(operator, f"shedding/drills/{drill['id']}/abort", {"reason": "enough"}).status_code == 204
    assert operator.get(f"{BASE}/shedding/drills").json()["drills"][0]["outcome"] == "aborted"
    assert post(operator, "shedding/drills", wanted | {"tier": 1}).status_code == 409
    assert post(operator, "shedding/drills", wanted | {"share": 99}).status_code == 422
    assert Drill.objects.count() == 1


def test_shed_requests_are_reported_as_running_counts(operator: Client) -> None:
    path = "flags/nudges/shed-requests"
    assert post(operator, path, {"instance": "web-7", "total": 5}).json() == {"counted": 0}
    assert post(operator, path, {"instance": "web-7", "total": 12}).json() == {"counted": 7}
    assert post(operator, path, {"instance": "web-7", "total": -1}).status_code == 422
    assert post(operator, "flags/gone/shed-requests", {"instance": "web-7", "total": 1}).status_code == 404
