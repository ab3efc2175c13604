"""Counts sent over JSON: who may, what is taken, and how the rest is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from slo.models import EventPost
from slo.services.access import issue_token
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def sender(client: Client) -> Any:
    factories.objective("orders", source=factories.source(kind="events"), sli={"events": {"heartbeat": 60}})
    token = issue_token("shop", "reporter", NOW)

    def send(body: Any, *, role: str = "") -> Any:
        shown = issue_token("other", role, NOW) if role else token  # type: ignore[arg-type]
        headers = {"Authorization": f"Bearer {shown}"}
        return client.post("/api/v1/events", body, content_type="application/json", headers=headers)

    return send


def test_events_are_posted_with_a_token(sender: Any) -> None:
    body = [
        {"objective": "orders", "id": "a", "good": 9, "total": 10},
        {"objective": "orders", "id": "b", "bad": 1, "total": 10.5},
        {"objective": "orders", "id": "c", "bad": 1, "good": 2, "at": datetime.now(UTC).isoformat()},
    ]
    body[2]["at"] = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    answer = sender(body)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 3, "repeated": 0})
    assert list(EventPost.objects.order_by("key").values_list("good", "total")) == [(9, 10), (9.5, 10.5), (2, 3)]
    assert sender(body[:2]).json() == {"accepted": 0, "repeated": 2}
    conflict = sender([{**body[0], "good": 8}])
    assert (conflict.status_code, conflict["Content-Type"]) == (409, "application/problem+json")


def test_reading_is_not_enough_to_send(sender: Any, client: Client) -> None:
    assert sender([], role="viewer").status_code == 403
    assert client.post("/api/v1/events", [], content_type="application/json").status_code == 401


ENTRY: dict[str, Any] = {"objective": "orders", "id": "a", "good": 1, "total": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"good": -1}, {"good": 2}, {"good": "1"}, {"good": True}, {"good": 1e16, "total": 1e16}, {"bad": 0},
        {"total": None}, {"good": None, "total": None}, {"id": ""}, {"id": "a\x00"}, {"id": "x" * 201},
        {"objective": "ord\x00ers"}, {"objective": "none"}, {"at": "2026-03-02T12:00:00"}, {"at": "yesterday"},
        {"at": "0001-01-01T00:00:00Z"}, {"at": "9999-12-31T23:59:59Z"}, {"extra": 1},
    ],
)  # fmt: skip
def test_what_cannot_be_counts_is_refused_whole(sender: Any, wrong: dict[str, Any]) -> None:
    answer = sender([{**ENTRY, "id": "fine"}, {**ENTRY, **wrong}])
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert answer.json()["detail"]
    assert not EventPost.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('[{"objective": "orders", "id": "a", "good": NaN, "total": 1}]', 422),
        ('[{"objective": "orders", "id": "a", "good": 1, "total": 1e999}]', 422),
        ("[]", 422),
        ("{}", 422),
        ("nonsense", 400),
    ],
)
def test_a_body_that_is_no_list_of_counts_is_refused(sender: Any, body: str, status: int) -> None:
    assert sender(body).status_code == status


def test_a_request_is_bounded(sender: Any) -> None:
    many = [{**ENTRY, "id": f"n{number}"} for number in range(1001)]
    assert sender(many).status_code == 422
    assert sender(many[:1000]).json() == {"accepted": 1000, "repeated": 0}
    assert sender([{**ENTRY, "id": "x" * 3_000_000}]).status_code == 413
