"""The JSON API: who may ask, what it answers, and how it says no."""

import json
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from pytest_django import Settings

from slo.models import ApiToken
from slo.services.access import issue_token, may, role_of, valid_token
from tests.factories import ledger, objective

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


def person(role: str = "") -> User:
    user = User.objects.create_user(f"a-{role or 'nobody'}", password="a long password")
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def token() -> str:
    return issue_token("tests", "viewer", NOW)


def test_a_stranger_is_asked_for_a_token(client: Client) -> None:
    response = client.get("/api/v1/objectives")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response["Content-Type"] == "application/problem+json"
    assert response.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "A login or a token is needed",
    }


def test_anybody_reads_when_reading_is_public(client: Client, settings: Settings) -> None:
    settings.PUBLIC_READ = True
    assert client.get("/api/v1/objectives").status_code == 200


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_a_token_reads(client: Client, token: str, header: str) -> None:
    value = f"Bearer {token}" if header == "Authorization" else token
    assert client.get("/api/v1/objectives", headers={header: value}).status_code == 200


def test_a_wrong_token_is_refused_even_when_reading_is_public_to_strangers(client: Client, token: str) -> None:
    assert client.get("/api/v1/objectives", headers={"X-API-Key": token + "x"}).status_code == 401


def test_a_revoked_token_is_worth_nothing(client: Client, token: str) -> None:
    ApiToken.objects.update(revoked_at=NOW)
    assert valid_token(token) is None
    assert client.get("/api/v1/objectives", headers={"X-API-Key": token}).status_code == 401


def test_tokens_are_stored_hashed(token: str) -> None:
    stored = json.dumps(list(ApiToken.objects.values()), default=str)
    assert token not in stored
    assert token.removeprefix("bro_") not in stored


def test_a_login_without_a_role_may_not_read(client: Client) -> None:
    client.force_login(person())
    response = client.get("/api/v1/objectives")
    assert (response.status_code, response.json()["detail"]) == (403, "This needs the role viewer; yours is none")


@pytest.mark.parametrize(
    ("role", "viewer", "operator", "admin"),
    [("", 0, 0, 0), ("viewer", 1, 0, 0), ("operator", 1, 1, 0), ("admin", 1, 1, 1)],
)
def test_a_role_includes_the_lower_ones(role: str, viewer: int, operator: int, admin: int) -> None:
    user = person(role)
    assert [may(user, "viewer"), may(user, "operator"), may(user, "admin")] == [viewer, operator, admin]


def test_a_superuser_is_an_admin() -> None:
    assert role_of(User.objects.create_superuser("root", password="a long password")) == "admin"


def test_the_list_gives_every_status(client: Client, token: str) -> None:
    ledger(objective("b"), end=datetime.now(UTC))
    ledger(objective("a"), end=datetime.now(UTC))
    body = client.get("/api/v1/objectives", headers={"X-API-Key": token}).json()
    assert body["count"] == 2
    assert {o["name"]: o["state"] for o in body["objectives"]} == {"a": "healthy", "b": "healthy"}


def test_the_list_can_be_narrowed_and_paged(client: Client, token: str) -> None:
    for number in range(3):
        ledger(objective(f"o-{number}"), end=datetime.now(UTC), bad=50 if number == 1 else 0)
    headers = {"X-API-Key": token}
    exhausted = client.get("/api/v1/objectives?state=exhausted", headers=headers).json()
    assert [o["name"] for o in exhausted["objectives"]] == ["o-1"]
    page = client.get("/api/v1/objectives?limit=2&offset=2", headers=headers).json()
    assert (len(page["objectives"]), page["count"]) == (1, 3)


def test_one_objective_is_the_same_as_on_the_command_line(client: Client, token: str) -> None:
    ledger(objective("checkout"), end=datetime.now(UTC), bad=1)
    body = client.get("/api/v1/objectives/checkout", headers={"X-API-Key": token}).json()
    assert (body["sli"]["total"], body["windows"]["5m"]["good"]) == (12_000, 990)
    assert body["budget"]["remaining"] == pytest.approx(-9)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("objectives/nothing", 404, "no objective named 'nothing'"),
        ("nowhere", 404, "nothing at /api/v1/nowhere"),
        ("objectives?limit=0", 422, "limit"),
        ("objectives?limit=many", 422, "limit"),
        ("objectives?at=yesterday", 422, "at"),
        ("objectives?at=2020-01-01T00:00:00", 422, "at"),
        ("objectives?at=2999-01-01T00:00:00Z", 422, "future"),
    ],
)
def test_a_refusal_is_a_problem_document_that_names_the_place(
    client: Client, token: str, path: str, status: int, words: str
) -> None:
    response = client.get(f"/api/v1/{path}", headers={"X-API-Key": token})
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert words in response.json()["detail"]


def test_the_schema_describes_the_objectives(client: Client, token: str) -> None:
    schema = client.get("/api/v1/openapi.json").json()
    assert "/api/v1/objectives/{name}" in schema["paths"]


def test_metrics_are_sloths_names_and_need_a_reader(client: Client, token: str) -> None:
    ledger(objective("checkout"), end=datetime.now(UTC))
    assert client.get("/metrics").status_code == 401
    text = client.get("/metrics", headers={"X-API-Key": token}).content.decode()
    assert 'slo:objective:ratio{sloth_id="service' in text
    assert 'brownout_objectives{state="healthy"} 1.0' in text
