"""Silences over JSON."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from alerts.models import Alert, Silence
from slo.services.access import issue_token
from tests.alerts.world import fired
from tests.factories import NOW

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/silences"
ORDERS = {"matchers": ['service="shop"', "severity=page"], "duration": "2h", "reason": "we know"}


@pytest.fixture
def headers() -> dict[str, str]:
    return {"Authorization": f"Bearer {issue_token('robot', 'operator', NOW)}"}


def post(client: Client, headers: dict[str, str], **fields: Any) -> Any:
    return client.post(ADDRESS, {**ORDERS, **fields}, "application/json", headers=headers)


def test_a_program_silences_looks_and_ends(client: Client, headers: dict[str, str]) -> None:
    alert = fired()
    assert alert.service is not None
    mine = [f'service="{alert.service.name}"']
    made = post(client, headers, matchers=mine)
    assert made.status_code == 201
    body = made.json()
    assert (body["state"], body["created_by"], body["alerts"]) == ("active", "the token robot", 1)
    assert post(client, headers, matchers=mine, start=body["start"], reason="we know").json()["id"] == body["id"]
    assert Alert.objects.get().silence_id == body["id"]
    assert client.get(ADDRESS, headers=headers).json()["count"] == 1
    one = f"{ADDRESS}/{body['id']}"
    assert client.delete(one, headers=headers).status_code == 422, "a reason is needed"
    ended = client.delete(f"{one}?reason=fixed", headers=headers).json()
    assert (ended["state"], ended["ended_by"], ended["ended_reason"]) == ("ended", "the token robot", "fixed")
    assert Alert.objects.get().silence is None
    assert client.delete(f"{one}?reason=again", headers=headers).status_code == 409
    changes = client.get(f"{ADDRESS}/changes?silence={body['id']}", headers=headers).json()["changes"]
    assert [change["action"] for change in changes] == ["ended", "created"]
    assert client.get(f"{ADDRESS}?state=active", headers=headers).json()["silences"] == []


def test_what_it_would_hold_is_shown_before(client: Client, headers: dict[str, str]) -> None:
    alert = fired()
    found = client.get(f"{ADDRESS}/preview", {"matchers": 'objective=~"check.*",severity=page'}, headers=headers).json()
    assert found["matchers"] == ['objective=~"check.*"', 'severity="page"']
    assert [(a["id"], a["labels"]["objective"]) for a in found["alerts"]] == [(alert.pk, "checkout")]
    nothing = client.get(f"{ADDRESS}/preview", {"matchers": ""}, headers=headers).json()
    assert nothing["count"] == 0
    wrong = client.get(f"{ADDRESS}/preview", {"matchers": 'a=~"("'}, headers=headers)
    assert (wrong.status_code, "no regular expression" in wrong.json()["detail"]) == (422, True)
    assert client.get(f"{ADDRESS}/preview", {"matchers": "x" * 5_000}, headers=headers).status_code == 422


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"matchers": []}, "matchers"),
        ({"matchers": ["\u0000=1"]}, "label"),
        ({"reason": ""}, "say why"),
        ({"duration": "9999d"}, "duration"),
        ({"start": "NaN"}, "start"),
        ({"rule": "FREQ=HOURLY"}, "FREQ"),
        ({"start": (datetime.now(UTC) - timedelta(days=9)).isoformat()}, "over already"),
    ],
)
def test_nonsense_is_refused_by_name(
    client: Client, headers: dict[str, str], fields: dict[str, Any], word: str
) -> None:
    answer = post(client, headers, **fields)
    assert answer.status_code == 422
    assert word in answer.json()["detail"]
    assert not Silence.objects.exists()


def test_only_operators_silence(client: Client) -> None:
    viewer = {"Authorization": f"Bearer {issue_token('screen', 'viewer', NOW)}"}
    assert post(client, viewer).status_code == 403
    assert post(client, {}).status_code == 401
    assert client.get(f"{ADDRESS}/4711", headers=viewer).status_code == 404
