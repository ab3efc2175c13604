"""Incidents over JSON and by their service, and from the pages of the team."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from degradation.errors import ConflictError, IncidentError
from degradation.models import Capability, Incident
from degradation.services.incidents import open_incident, update_incident
from slo.services.access import issue_token
from tests import factories
from tests.dashboards.world import person, trouble
from tests.factories import NOW

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def test_a_program_tells_of_an_incident_from_its_beginning_to_its_end(client: Client) -> None:
    Capability.objects.create(name="faq", title="FAQ", service=factories.service(), modes=[{"name": "full"}])
    headers = {"X-API-Key": issue_token("bot", "operator", NOW)}

    def post(path: str, **body: object) -> Any:
        return client.post(f"/api/v1/incidents{path}", body, content_type="application/json", headers=headers)

    made = post("", title="No answers", text="Looking.", impact="major", capabilities=["faq"])
    assert made.status_code == 201
    pk = made.json()["id"]
    assert post(f"/{pk}/updates", text="Found.", state="identified").status_code == 201
    done = post(f"/{pk}/updates", text="Over.", state="resolved", impact="minor").json()
    assert (done["state"], done["impact"], done["capabilities"], done["alert"]) == ("resolved", "minor", ["faq"], None)
    assert [(row["state"], row["text"], row["by"]) for row in done["updates"]] == [
        ("resolved", "Over.", "bot"),
        ("identified", "Found.", "bot"),
        ("investigating", "Looking.", "bot"),
    ]
    assert client.get("/api/v1/incidents", headers=headers).json() == {"incidents": [done]}
    assert client.get(f"/api/v1/incidents/{pk}", headers=headers).json() == done
    assert post(f"/{pk}/updates", text="Again.", state="identified").status_code == 409
    assert post("/999/updates", text="Again.", state="identified").status_code == 404
    assert post("", title="x", text="y", capabilities=["nothing"]).status_code == 409
    assert post("", title="x", text="y", impact="huge").status_code == 422
    assert post("", title="x", text="y", alert=999).status_code == 404
    reader = {"X-API-Key": issue_token("app", "viewer", NOW)}
    assert client.post("/api/v1/incidents", {}, content_type="application/json", headers=reader).status_code == 403


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("", "x"),
        (" \n ", "x"),
        ("x" * 201, "x"),
        ("a\0b", "x"),
        ("x", "  "),
        ("x", "x" * 5_001),
        ("x", "bell\a"),
        ("half \ud83d", "x"),
    ],
)
def test_words_that_cannot_be_told_are_refused_whole(title: str, text: str) -> None:
    with pytest.raises(IncidentError):
        open_incident(title, text, impact="minor", at=NOW, by="op")
    assert not Incident.objects.exists()


def test_a_title_is_one_line_whatever_was_pasted() -> None:
    made = open_incident("Down\r\nBcc: all@example.com", "a\r\nb", impact="minor", at=NOW, by="op")
    assert made.title == "Down Bcc: all@example.com"
    assert made.updates.get().text == "a\nb"


def test_what_is_resolved_stays_so() -> None:
    made = open_incident("Down", "x", impact="minor", at=NOW, by="op")
    update_incident(made.pk, "Over.", state="resolved", at=NOW, by="op")
    with pytest.raises(ConflictError):
        update_incident(made.pk, "Again.", state="investigating", at=NOW + timedelta(hours=1), by="op")
    assert Incident.objects.get().updates.count() == 2


def test_an_operator_tells_users_from_the_page_of_an_alert(client: Client) -> None:
    world = trouble()
    client.force_login(person("operator"), backend=BACKEND)
    alert = world.alert.pk
    assert "Tell users of this" in client.get(f"/alerts/{alert}/").content.decode()
    words = {"title": "No tracking", "text": "Looking.", "impact": "major", "state": "investigating", "alert": alert}
    response = client.post("/status/manage/incidents/", {**words, "capabilities": [_capability()]})
    assert response["Location"] == f"/alerts/{alert}/#incidents"
    (made,) = Incident.objects.all()
    assert (made.alert_id, made.updates.get().by) == (alert, "operator")
    assert [item.name for item in made.capabilities.all()] == [_capability()]
    update = {"text": "Over.", "state": "resolved", "alert": alert}
    client.post(f"/status/manage/incidents/{made.pk}/", update)
    page = client.get(f"/alerts/{alert}/").content.decode()
    assert "No tracking" in page
    assert "by operator" not in client.get("/status/").content.decode()
    assert Incident.objects.get().resolved_at is not None


def _capability() -> str:
    return Capability.objects.values_list("name", flat=True)[0]


def test_what_is_wrong_with_a_form_is_said_and_nothing_is_told(client: Client) -> None:
    client.force_login(person("operator"), backend=BACKEND)
    for wrong in ({}, {"title": "x", "text": "x", "impact": "huge", "state": "resolved"}, {"alert": "9" * 30}):
        response = client.post("/status/manage/incidents/", wrong, follow=True)
        assert "Nothing was told." in response.content.decode()
    assert client.post("/status/manage/incidents/999/", {"text": "x", "state": "resolved"}).status_code == 404
    assert not Incident.objects.exists()


def test_only_operators_tell_the_public(client: Client) -> None:
    paths = ("incidents/", "incidents/1/", "webhooks/", "webhooks/1/remove/")
    assert {client.post(f"/status/manage/{path}").status_code for path in paths} == {403}
    client.force_login(person("viewer"), backend=BACKEND)
    assert {client.post(f"/status/manage/{path}").status_code for path in paths} == {403}
    page = client.get("/status/manage/")
    assert page.status_code == 200
    assert "Put it on the status page" not in page.content.decode()
