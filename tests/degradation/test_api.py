"""Flags, capabilities and components over JSON; who may change a flag, and what a mistake is answered with."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from degradation.models import Flag
from slo.services.access import issue_token
from tests import factories
from tests.degradation import rows
from tests.factories import NOW

pytestmark = pytest.mark.django_db
FORCE, RELEASE = "/api/v1/flags/nudges/force", "/api/v1/flags/nudges/release"


@pytest.fixture(autouse=True)
def nudges() -> Flag:
    return rows.flag("nudges", tier=3, service=factories.service("shop"))


@pytest.fixture
def viewer() -> Client:
    return Client(headers={"Authorization": f"Bearer {issue_token('reader', 'viewer', NOW)}"})


@pytest.fixture
def program() -> Client:
    return Client(headers={"Authorization": f"Bearer {issue_token('robot', 'operator', NOW)}"})


@pytest.fixture
def person() -> Client:
    client = Client()
    client.force_login(rows.operator("ada"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(path, body, content_type="application/json")


def test_flags_are_listed_with_their_values(viewer: Client) -> None:
    rows.shed(rows.flag("events"))
    answer = viewer.get("/api/v1/flags").json()
    assert [(flag["key"], flag["value"], flag["state"]) for flag in answer["flags"]] == [
        ("events", False, "shed"),
        ("nudges", True, "auto"),
    ]


def test_one_flag_in_full(viewer: Client) -> None:
    assert viewer.get("/api/v1/flags/nudges").json() == {
        "key": "nudges",
        "service": "shop",
        "tier": 3,
        "description": "What nudges does.",
        "owner": "",
        "safe_value": False,
        "value": True,
        "share": 100,
        "type": "boolean",
        "dim_to": 0,
        "criticality": "SHEDDABLE_PLUS",
        "protects": [],
        "cost": "",
        "users": None,
        "dry_run": False,
        "state": "auto",
        "reason": "",
        "since": None,
        "until": None,
        "by": "",
        "version": 0,
    }


def test_an_unknown_flag_is_a_problem_document(viewer: Client) -> None:
    response = viewer.get("/api/v1/flags/gone")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert response.json()["detail"] == "There is no flag with the key 'gone'"


def test_an_operator_forces_and_releases(person: Client) -> None:
    forced = post(person, FORCE, {"value": False, "reason": "load test", "minutes": 5}).json()
    assert (forced["value"], forced["state"], forced["by"]) == (False, "forced off", "ada")
    until = datetime.fromisoformat(forced["until"])
    assert timedelta(minutes=4) < until - datetime.now(UTC) <= timedelta(minutes=5)
    released = post(person, RELEASE, {"reason": "done", "version": forced["version"]}).json()
    assert (released["value"], released["state"]) == (True, "auto")


def test_an_override_lasts_an_hour_unless_said_otherwise(program: Client) -> None:
    forced = post(program, FORCE, {"value": False, "reason": "load test"}).json()
    until, since = datetime.fromisoformat(forced["until"]), datetime.fromisoformat(forced["since"])
    assert until - since == timedelta(minutes=60)
    assert forced["by"] == "a program"


def test_what_changed_a_flag_can_be_looked_up(person: Client, viewer: Client) -> None:
    post(person, FORCE, {"value": False, "reason": "load test"})
    post(person, RELEASE, {"reason": "done"})
    answer = viewer.get("/api/v1/flags/nudges/changes").json()["changes"]
    assert [(row["cause"], row["before"], row["after"], row["reason"], row["actor"]) for row in answer] == [
        ("released", False, True, "done", "ada"),
        ("forced", True, False, "load test", "ada"),
    ]
    assert len(viewer.get("/api/v1/flags/nudges/changes?limit=1").json()["changes"]) == 1
    assert viewer.get("/api/v1/flags/gone/changes").status_code == 404


def test_a_viewer_may_not_force(viewer: Client, nudges: Flag) -> None:
    assert post(viewer, FORCE, {"value": False, "reason": "x"}).status_code == 403
    assert post(Client(), FORCE, {"value": False, "reason": "x"}).status_code == 401
    assert not nudges.changes.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"value": False}, 422),
        ({"value": False, "reason": "x", "minutes": 0}, 422),
        ({"value": False, "reason": "x", "minutes": 1_441}, 422),
        ({"value": "perhaps", "reason": "x"}, 422),
        ({"value": False, "reason": "  "}, 409),
        ({"value": False, "reason": "x", "version": 7}, 409),
    ],
)
def test_a_force_that_is_not_in_order_changes_nothing(
    program: Client, nudges: Flag, body: dict[str, Any], status: int
) -> None:
    response = post(program, FORCE, body)
    assert response.status_code == status
    assert response.json()["detail"]
    assert not nudges.changes.exists()


def test_releasing_what_is_not_forced_is_a_conflict(program: Client) -> None:
    response = post(program, RELEASE, {"reason": "done"})
    assert (response.status_code, response.json()["detail"]) == (
        409,
        "nudges is not forced by anybody, so there is nothing to release",
    )


def test_capabilities_and_components(viewer: Client) -> None:
    factories.component("orders", title="Orders")
    rows.capability("tracking", [{"name": "full", "when": "orders"}, {"name": "link", "message": "Later."}])
    (capability,) = viewer.get("/api/v1/capabilities").json()["capabilities"]
    assert (capability["name"], capability["mode"], capability["state"]) == ("tracking", "full", "unknown")
    assert capability["because"] == ["orders"]
    (component,) = viewer.get("/api/v1/components").json()["components"]
    assert (component["name"], component["title"], component["status"]) == ("orders", "Orders", "unknown")
    assert component["because"] == "no objective measures it"


@pytest.mark.parametrize("path", ["flags", "flags/nudges", "flags/nudges/changes", "capabilities", "components"])
def test_reading_without_login_is_a_setting(settings: LazySettings, path: str) -> None:
    settings.PUBLIC_READ = False
    assert Client().get(f"/api/v1/{path}").status_code == 401
    settings.PUBLIC_READ = True
    assert Client().get(f"/api/v1/{path}").status_code == 200
