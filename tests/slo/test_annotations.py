"""Annotations: noted once however often they are sent, found by what they concern, let go with age."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from slo import selectors_noted, tasks
from slo.errors import DefinitionError, DuplicateKeyError, NotFoundError
from slo.models import Annotation
from slo.services.access import issue_token
from slo.services.annotations import annotate, forget
from tests.factories import NOW, objective, service

pytestmark = pytest.mark.django_db

DEPLOY = {"kind": "deploy", "at": "2026-03-02T11:30:00Z", "text": "checkout 4.2"}


def texts(**chosen: Any) -> list[str]:
    return [row.text for row in selectors_noted.annotations(**chosen)]


@pytest.mark.parametrize("key", [None, "build-4711"])
def test_sent_twice_it_is_noted_once(key: str | None) -> None:
    first, new = annotate({**DEPLOY, "key": key}, NOW)
    again, repeated = annotate({**DEPLOY, "key": key}, NOW + timedelta(minutes=1))
    assert (first, new, repeated, Annotation.objects.count()) == (again, True, False, 1)


def test_a_key_that_says_something_else_is_refused() -> None:
    annotate({**DEPLOY, "key": "build-4711"}, NOW)
    with pytest.raises(DuplicateKeyError, match="'build-4711' belongs to another annotation"):
        annotate({**DEPLOY, "key": "build-4711", "text": "checkout 4.3"}, NOW)


def test_without_a_key_other_content_is_another_annotation() -> None:
    for change in ({}, {"text": "checkout 4.3"}, {"at": "2026-03-02T11:31:00Z"}, {"kind": "flag"}):
        annotate({**DEPLOY, **change}, NOW)
    assert Annotation.objects.count() == 4


def test_an_objective_sees_its_own_its_service_s_and_everything_s() -> None:
    item, other = objective("checkout"), objective("other")
    for text, of in (
        ("own", {"objective": "checkout"}),
        ("shared", {"service": item.service.name}),
        ("all", {}),
        ("foreign", {"objective": "other"}),
        ("foreign service", {"service": other.service.name}),
    ):
        annotate({**DEPLOY, **of, "text": text}, NOW)
    assert set(texts(name="checkout")) == {"own", "shared", "all"}
    assert set(texts(service=item.service.name)) == {"own", "shared"}


def test_those_that_touch_a_span_are_found() -> None:
    annotate({**DEPLOY, "text": "instant"}, NOW)
    annotate({**DEPLOY, "text": "span", "until": "2026-03-02T11:50:00Z"}, NOW)
    later = NOW - timedelta(minutes=20)
    assert texts(since=later) == ["span"]
    assert texts(until=later - timedelta(minutes=10)) == []
    assert set(texts(since=NOW - timedelta(hours=1), until=NOW)) == {"instant", "span"}
    assert texts(kind="flag") == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "Deploy!"}, "kind: 'Deploy!' is no name"),
        ({"kind": "x" * 101}, "kind: .* at most 100 characters"),
        ({"text": " \n "}, "text: must be a line of text"),
        ({"text": "a\0b"}, "text: must be a line of text"),
        ({"text": "x" * 501}, "text: must have at most 500"),
        ({"at": "yesterday"}, "at: write an instant"),
        ({"at": "2026-03-02T11:30:00"}, "at: has no time zone"),
        ({"at": "2020-01-01T00:00Z"}, "at: must lie within"),
        ({"at": "9999-01-01T00:00Z"}, "at: must lie within"),
        ({"until": "2026-03-02T11:30:00Z"}, "until must be after at"),
        ({"link": "javascript:alert(1)"}, "link: 'javascript:alert\\(1\\)' is no address"),
        ({"objective": "a", "service": "b"}, "needs objective or service"),
        ({"link": "https://x.test/" + "y" * 1_000}, "at most 1000 characters"),
        ({"key": ""}, "key: must not be empty"),
    ],
)
def test_what_makes_no_sense_is_refused_whole(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        annotate({**DEPLOY, **change}, NOW)
    assert not Annotation.objects.exists()


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(NotFoundError, match="no service named 'nothing'"):
        annotate({**DEPLOY, "service": "nothing"}, NOW)


def test_the_database_holds_the_key_once() -> None:
    row, _ = annotate(DEPLOY, NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Annotation.objects.create(key=row.key, kind="deploy", at=NOW, text="twice", created_at=NOW)


def test_what_no_chart_can_show_any_more_is_let_go() -> None:
    for text, at, until in (("new", 0, None), ("old", 400, None), ("long", 400, 390)):
        Annotation.objects.create(
            key=text,
            kind="deploy",
            at=NOW - timedelta(days=at),
            until=NOW - timedelta(days=until) if until else None,
            text=text,
            created_at=NOW,
        )
    assert forget(NOW) == 1
    assert set(texts()) == {"new", "long"}


def test_beat_lets_them_go() -> None:
    Annotation.objects.create(key="old", kind="deploy", at=NOW - timedelta(days=3_000), text="old", created_at=NOW)
    tasks.thin()
    assert texts() == []


class TestApi:
    @pytest.fixture
    def operator(self) -> dict[str, Any]:
        return {"X-API-Key": issue_token("pipeline", "operator", NOW)}

    @pytest.fixture(autouse=True)
    def _recent(self) -> None:
        owner = service("shop")
        objective("checkout", service=owner)

    def post(self, client: Client, headers: dict[str, Any], **body: Any) -> Any:
        return client.post("/api/v1/annotations", body, content_type="application/json", headers=headers)

    def test_a_pipeline_notes_a_deploy_and_may_repeat_itself(self, client: Client, operator: dict[str, Any]) -> None:
        deploy = {**DEPLOY, "service": "shop", "link": "https://ci.test/4711", "key": "4711"}
        answers = [self.post(client, operator, **deploy) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 200]
        assert answers[0].json() == answers[1].json()
        (noted,) = client.get("/api/v1/annotations", {"objective": "checkout"}, headers=operator).json()["annotations"]
        assert (noted["text"], noted["created_by"], noted["link"]) == (
            "checkout 4.2",
            "pipeline",
            "https://ci.test/4711",
        )
        assert self.post(client, operator, **deploy | {"text": "other"}).status_code == 409

    def test_lists_are_filtered_and_paged(self, client: Client, operator: dict[str, Any]) -> None:
        for minute in range(3):
            self.post(client, operator, **DEPLOY | {"at": f"2026-03-02T11:0{minute}:00Z"})
        body = client.get("/api/v1/annotations", {"limit": 1, "offset": 1}, headers=operator).json()
        assert (body["count"], body["annotations"][0]["at"]) == (3, "2026-03-02T11:01:00Z")
        assert client.get("/api/v1/annotations", {"kind": "flag"}, headers=operator).json()["count"] == 0
        assert client.get("/api/v1/annotations", {"objective": "no"}, headers=operator).status_code == 404

    def test_a_viewer_may_look_only(self, client: Client) -> None:
        viewer = {"X-API-Key": issue_token("eye", "viewer", NOW)}
        assert self.post(client, viewer, **DEPLOY).status_code == 403
        assert client.get("/api/v1/annotations", headers=viewer).status_code == 200
        assert client.get("/api/v1/annotations").status_code == 401

    def test_a_wrong_link_is_refused_in_a_sentence(self, client: Client, operator: dict[str, Any]) -> None:
        answer = self.post(client, operator, **DEPLOY, link="javascript:alert(1)")
        assert (answer.status_code, "is no address" in answer.json()["detail"]) == (422, True)
