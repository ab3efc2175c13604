"""Flags for applications: what OFREP 0.3.0 asks of a server, and what clients may throw at it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from degradation.ofrep import protocol
from degradation.services import flags
from slo.models import ApiToken
from slo.services.access import issue_token
from tests import factories
from tests.degradation import rows
from tests.factories import NOW

pytestmark = pytest.mark.django_db
ALL = "/ofrep/v1/evaluate/flags"


@pytest.fixture
def token() -> str:
    return issue_token("shop", "viewer", NOW)


@pytest.fixture(autouse=True)
def _two_flags() -> None:
    service = factories.service("shop")
    rows.flag("nudges", tier=3, service=service)
    rows.shed(rows.flag("events", tier=4, service=service))


class Application:
    """Asks as an application would; every answer is JSON."""

    def __init__(self, token: str) -> None:
        self.headers = {"Authorization": f"Bearer {token}"}
        # A client that would be refused if the views wanted a CSRF token.
        self.client = Client(enforce_csrf_checks=True)

    def post(self, path: str, body: str | bytes = b"{}", **headers: str) -> Any:
        return self.client.post(path, body, content_type="application/json", headers={**self.headers, **headers})


@pytest.fixture
def app(token: str) -> Application:
    return Application(token)


def test_a_flag_in_its_normal_state(app: Application) -> None:
    response = app.post(f"{ALL}/nudges", json.dumps({"context": {"targetingKey": "user-1", "country": "JP"}}))
    assert response.status_code == 200
    assert response.json() == {
        "key": "nudges",
        "value": True,
        "reason": "STATIC",
        "variant": "on",
        "metadata": {"tier": 3, "state": "auto", "service": "shop", "safe": False},
    }


def test_a_shed_flag_says_why_and_since_when(app: Application) -> None:
    assert app.post(f"{ALL}/events").json() == {
        "key": "events",
        "value": False,
        "reason": "TARGETING_MATCH",
        "variant": "off",
        "metadata": {
            "tier": 4,
            "state": "shed",
            "service": "shop",
            "safe": False,
            "cause": "checkout burns",
            "since": "2026-03-02T12:00:00Z",
        },
    }


def test_a_forced_flag_says_until_when(app: Application) -> None:
    now = datetime.now(UTC)
    flags.force("events", True, user=None, reason="needed", until=now + timedelta(hours=1), at=now)
    answer = app.post(f"{ALL}/events").json()
    assert (answer["value"], answer["variant"], answer["metadata"]["state"]) == (True, "on", "forced on")
    assert answer["metadata"]["until"] == (now + timedelta(hours=1)).isoformat().replace("+00:00", "Z")


def test_an_expired_override_is_not_answered_even_before_it_was_noticed(app: Application) -> None:
    flags.force("nudges", False, user=None, reason="test", until=rows.later(60), at=NOW)
    assert app.post(f"{ALL}/nudges").json()["value"] is True


def test_all_flags_in_one_answer(app: Application) -> None:
    answer = app.post(ALL).json()
    flags = [(flag["key"], flag["value"], flag["variant"]) for flag in answer["flags"] if "tier" in flag["metadata"]]
    assert flags == [("events", False, "off"), ("nudges", True, "on")]
    assert answer["metadata"] == {"shed": 1, "forced": 0}


def test_an_etag_stands_for_all_values_and_saves_an_answer(app: Application) -> None:
    first = app.post(ALL)
    etag = first["ETag"]
    assert etag.startswith('"')
    again = app.post(ALL, **{"If-None-Match": etag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    rows.shed(rows.flag("search"))
    changed = app.post(ALL, **{"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed["ETag"] != etag


@pytest.mark.parametrize("header", ["W/{}", '"other", {}', "*"])
def test_an_etag_is_found_however_it_comes_back(app: Application, header: str) -> None:
    etag = app.post(ALL)["ETag"]
    assert app.post(ALL, **{"If-None-Match": header.format(etag)}).status_code == 304


@pytest.mark.parametrize("header", ["", "nonsense", '"', '"other"'])
def test_another_etag_gets_the_whole_answer(app: Application, header: str) -> None:
    assert app.post(ALL, **{"If-None-Match": header}).status_code == 200


def test_a_single_evaluation_is_never_answered_with_304(app: Application) -> None:
    response = app.post(f"{ALL}/nudges", **{"If-None-Match": "*"})
    assert response.status_code == 200
    assert "ETag" not in response


@pytest.mark.parametrize("key", ["unknown", "ünïcødé-🙈", "a/b/c", "../../admin", "%00", "a" * 5_000, " ", ""])
def test_an_unknown_flag_is_not_found_whatever_it_is_called(app: Application, key: str) -> None:
    response = app.post(f"{ALL}/{key}")
    assert response.status_code == 404
    answer = response.json()
    assert answer["errorCode"] == "FLAG_NOT_FOUND"
    assert "There is no flag" in answer["errorDetails"]


def test_a_refusal_repeats_the_key(app: Application) -> None:
    assert app.post(f"{ALL}/ünïcødé").json()["key"] == "ünïcødé"
    assert app.post(f"{ALL}/nudges", "[").json()["key"] == "nudges"
    assert "key" not in app.post(ALL, "[").json()


@pytest.mark.parametrize("path", [ALL, f"{ALL}/nudges"])
@pytest.mark.parametrize("body", [b"", b"{}", b'{"context": {}}', b'{"context": {"targetingKey": ""}}', b' {"x": 1} '])
def test_context_may_be_left_out(app: Application, path: str, body: bytes) -> None:
    assert app.post(path, body).status_code == 200


@pytest.mark.parametrize("path", [ALL, f"{ALL}/nudges"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "PARSE_ERROR"),
        (b"\xff\xfe\x00", "PARSE_ERROR"),
        (b"[]", "PARSE_ERROR"),
        (b"null", "PARSE_ERROR"),
        (b"3", "PARSE_ERROR"),
        (b"9" * 5_000, "PARSE_ERROR"),
        (b"[" * 60_000, "PARSE_ERROR"),
        (b'{"context": []}', "INVALID_CONTEXT"),
        (b'{"context": null}', "INVALID_CONTEXT"),
        (b'{"context": "user"}', "INVALID_CONTEXT"),
        (b'{"context": {"targetingKey": 5}}', "INVALID_CONTEXT"),
        (b'{"context": {"targetingKey": null}}', "INVALID_CONTEXT"),
    ],
)
def test_a_body_that_is_wrong_is_told_so(app: Application, path: str, body: bytes, code: str) -> None:
    response = app.post(path, body)
    assert response.status_code == 400
    assert response.json()["errorCode"] == code
    assert response.json()["errorDetails"]


def test_a_huge_body_is_refused_unread(app: Application) -> None:
    response = app.post(ALL, b" " * (protocol.LARGEST_BODY + 1))
    assert response.status_code == 413
    assert "larger than 65536 bytes" in response.json()["errorDetails"]


@pytest.mark.parametrize("path", [ALL, f"{ALL}/nudges", f"{ALL}/unknown"])
@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer"}, {"Authorization": "Bearer wrong"}, {"X-API-Key": "wrong"}]
)
def test_without_a_known_token_nothing_is_told(path: str, headers: dict[str, str]) -> None:
    response = Client().post(path, b"{}", content_type="application/json", headers=headers)
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert set(response.json()) == {"errorDetails"}


def test_a_token_may_come_as_an_api_key(token: str) -> None:
    headers = {"X-API-Key": token}
    assert Client().post(ALL, b"{}", content_type="application/json", headers=headers).status_code == 200


def test_a_revoked_token_is_no_token(app: Application) -> None:
    ApiToken.objects.update(revoked_at=NOW)
    assert app.post(ALL).status_code == 401


def test_a_role_that_may_not_read_is_forbidden(app: Application) -> None:
    ApiToken.objects.update(role="stranger")
    assert app.post(ALL).status_code == 403


def test_tokens_are_kept_as_digests(token: str) -> None:
    assert token not in str(ApiToken.objects.values_list())


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_flags_are_evaluated_with_post_only(app: Application, method: str) -> None:
    response = getattr(app.client, method)(ALL, headers=app.headers)
    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_what_breaks_on_our_side_is_told_as_json(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(protocol, "evaluation", broken)
    response = app.post(f"{ALL}/nudges")
    assert response.status_code == 500
    assert set(response.json()) == {"errorDetails"}


@pytest.mark.parametrize("path", [ALL, f"{ALL}/nudges"])
def test_an_answer_takes_as_many_queries_however_many_flags_and_circuits(
    app: Application, path: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    factories.component()
    with CaptureQueriesContext(connection) as few:
        app.post(path)
    for number in range(20):
        rows.flag(f"flag-{number}")
        factories.component()
    with django_assert_num_queries(len(few)):
        app.post(path)
