"""The public status page and all that is made of the same value: pages, JSON, feed, badges; also without a database."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.test import Client

from alerts.models import Alert
from dashboards.kept import keeper
from degradation.models import Capability, CapabilityChange, CapabilityStanding, Incident
from degradation.rules.public_formats import WORDS, badge
from degradation.services import banners, incidents
from slo.models import Heartbeat, Service
from tests import factories
from tests.dashboards.conftest import stop_clocks
from tests.dashboards.world import person, trouble
from tests.factories import NOW

HOUR = timedelta(hours=1)
JSON = ("/api/v2/summary.json", "/api/v2/status.json", "/api/v2/components.json")
MODES = [
    {"name": "full", "when": "zz-llm"},
    {"name": "sorry", "message": "Ask us by mail.", "link": "https://store.example"},
]
ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def shop(db: None, at_noon: None, settings: LazySettings) -> Incident:
    """Order tracking works, questions do not; an incident tells of it."""
    settings.STATUS_NAME, settings.BASE_URL = "The shop", "https://status.example"
    service = factories.service("zz-service")
    factories.component("zz-llm", service=service)
    _capability("tracking", "Order tracking", 0, service, "full", "full", harms=False)
    _capability("faq", "Questions", 1, service, "sorry", "last resort", harms=True)
    made = incidents.open_incident(
        "Questions fail", "We are <b>on</b> it.", impact="major", at=NOW - HOUR, by="zz-user", capabilities=["faq"]
    )
    return incidents.update_incident(
        made.pk, "A supplier is down.", state="identified", at=NOW - HOUR / 2, by="zz-user"
    )


def _capability(name: str, title: str, position: int, service: Service, mode: str, state: str, *, harms: bool) -> None:
    item = Capability.objects.create(name=name, title=title, position=position, service=service, modes=MODES)
    since, because = NOW - 2 * HOUR, ["zz-llm"] if harms else []
    for at, was in ((NOW - 3 * HOUR, ("full", "full", False)), (since, (mode, state, harms))):
        CapabilityChange.objects.create(
            capability=item, at=at, mode=was[0], state=was[1], harms=was[2], because=because
        )
    CapabilityStanding.objects.create(
        capability=item, mode=mode, state=state, harms=harms, because=because, since=since, harmed_since=None
    )


PAGE = {
    "id": "brownout",
    "name": "The shop",
    "url": "https://status.example/status/",
    "time_zone": "Etc/UTC",
    "updated_at": "2026-03-02T12:00:00.000Z",
}
STATUS = {"indicator": "major", "description": "Some things do not work at the moment"}


def _component(name: str, title: str, status: str, position: int) -> dict[str, Any]:
    return {
        "id": name,
        "name": title,
        "status": status,
        "created_at": "2026-03-02T09:00:00.000Z",
        "updated_at": "2026-03-02T10:00:00.000Z",
        "position": position,
        "description": None,
        "showcase": True,
        "start_date": "2026-03-02",
        "group_id": None,
        "page_id": "brownout",
        "group": False,
        "only_show_if_degraded": False,
    }


COMPONENTS = [
    _component("tracking", "Order tracking", "operational", 1),
    _component("faq", "Questions", "major_outage", 2),
]


def test_programs_read_the_common_format(client: Client, shop: Incident) -> None:
    summary, status, components = (client.get(path).json() for path in JSON)
    assert status == {"page": PAGE, "status": STATUS}
    assert components == {"page": PAGE, "components": COMPONENTS}
    key = str(shop.key)
    updates = [
        {
            "id": f"{key}-{row.pk}",
            "status": row.state,
            "body": row.text,
            "incident_id": key,
            **dict.fromkeys(("created_at", "updated_at", "display_at"), f"2026-03-02T11:{minute}:00.000Z"),
        }
        for row, minute in zip(shop.updates.all(), ("30", "00"), strict=True)
    ]
    assert summary == {
        "page": PAGE,
        "components": COMPONENTS,
        "incidents": [
            {
                "id": key,
                "name": "Questions fail",
                "status": "identified",
                "created_at": "2026-03-02T11:00:00.000Z",
                "updated_at": "2026-03-02T11:30:00.000Z",
                "monitoring_at": None,
                "resolved_at": None,
                "impact": "major",
                "shortlink": f"https://status.example/status/incidents/{key}/",
                "started_at": "2026-03-02T11:00:00.000Z",
                "page_id": "brownout",
                "incident_updates": updates,
                "components": COMPONENTS[1:],
            }
        ],
        "scheduled_maintenances": [],
        "status": STATUS,
    }


def test_a_maintenance_is_told_as_one(client: Client, shop: Incident) -> None:
    incidents.update_incident(shop.pk, "Over.", state="resolved", at=NOW, by="op")
    Capability.objects.filter(name="faq").delete()
    incidents.open_incident("Moving", "House.", impact="maintenance", at=NOW, by="op", capabilities=["tracking"])
    summary = client.get(JSON[0]).json()
    assert summary["incidents"] == []
    (moving,) = summary["scheduled_maintenances"]
    assert (moving["name"], moving["status"], moving["scheduled_until"]) == ("Moving", "in_progress", None)
    assert [item["status"] for item in summary["components"]] == ["under_maintenance"]
    assert summary["status"] == {"indicator": "none", "description": "Maintenance is under way"}


def test_an_address_the_common_format_does_not_have_is_a_problem_document(client: Client, db: None) -> None:
    for path in ("/api/v2/", "/api/v2/incidents.json", "/api/v2/summary.json/", "/api/v2/status.json%0A"):
        response = client.get(path)
        assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json"), path


def test_the_page_tells_it_in_plain_words_and_escapes_what_people_write(client: Client, shop: Incident) -> None:
    banners.put_up("Ask <later>.", reason="zz-reason", at=NOW - HOUR, by="zz-user")
    text = client.get("/status/").content.decode()
    for words in (
        "Some things do not work",
        "Ask us by mail.",
        "Ask &lt;later&gt;.",
        "&lt;b&gt;on&lt;/b&gt;",
        "Identified",
    ):
        assert words in text
    assert "not available for 2" in text, "today's column in words"
    assert "2 Mar 2026</span> not available for" in text, "the same without a pointer"
    assert "33.3\xa0% available in the 1 day known" in text, "one of the three hours that are known"


def test_one_incident_has_an_address_for_good(client: Client, shop: Incident) -> None:
    path = f"/status/incidents/{shop.key}/"
    assert "A supplier is down." in client.get(path).content.decode()
    incidents.update_incident(shop.pk, "All well.", state="resolved", at=NOW, by="op")
    assert "Resolved" in client.get(path).content.decode()
    assert "Past incidents" in client.get("/status/").content.decode()
    assert client.get("/status/incidents/00000000-0000-0000-0000-000000000000/").status_code == 404


def _feed(client: Client) -> ET.Element:
    response = client.get("/status/feed.atom")
    assert response["Content-Type"].startswith("application/atom+xml")
    return ET.fromstring(response.content)


def _one(element: ET.Element, name: str) -> str:
    (found,) = element.findall(f"a:{name}", ATOM)
    return found.text or ""


def test_the_feed_is_atom_with_ids_that_never_change(client: Client, shop: Incident) -> None:
    feed = _feed(client)
    assert feed.tag == f"{{{ATOM['a']}}}feed"
    assert _one(feed, "id") == "https://status.example/status/feed.atom"
    assert _one(feed, "updated") == "2026-03-02T11:30:00Z"
    assert [link.get("rel") for link in feed.findall("a:link", ATOM)] == ["self", "alternate"]
    assert _one(feed.findall("a:author", ATOM)[0], "name") == "The shop"
    (entry,) = feed.findall("a:entry", ATOM)
    assert _one(entry, "id") == f"urn:uuid:{shop.key}"
    assert _one(entry, "title") == "Questions fail (identified)"
    assert _one(entry, "content").startswith("2026-03-02 11:30 UTC, identified: A supplier is down.\n\n")
    incidents.update_incident(shop.pk, "All well.", state="resolved", at=NOW, by="op")
    (again,) = _feed(client).findall("a:entry", ATOM)
    assert (_one(again, "id"), _one(again, "published")) == (_one(entry, "id"), _one(entry, "published"))
    assert _one(again, "updated") == "2026-03-02T12:00:00Z"


def test_a_feed_without_incidents_is_a_feed_and_stays_as_it_is(client: Client, db: None, at_noon: None) -> None:
    assert _one(_feed(client), "updated") == "1970-01-01T00:00:00Z"
    assert client.get("/status/feed.atom").content == client.get("/status/feed.atom").content


@pytest.mark.parametrize("label", ["Orders", "a&b<c>\"d'", "漫画", "x" * 200])
@pytest.mark.parametrize("word", WORDS)
def test_badges_are_svg_that_says_it_in_words_too(label: str, word: str) -> None:
    svg = ET.fromstring(badge(label, word))
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert svg.get("aria-label") == f"{label}: {WORDS[word]}"
    assert "style" not in ET.tostring(svg, encoding="unicode")


def test_badges_show_the_whole_and_each_capability(client: Client, shop: Incident) -> None:
    said = {
        path: ET.fromstring(client.get(f"/status/{path}.svg").content).get("aria-label")
        for path in ("badge", "badge/tracking", "badge/faq")
    }
    assert said == {
        "badge": "The shop: partly out",
        "badge/tracking": "Order tracking: works",
        "badge/faq": "Questions: out",
    }
    assert client.get("/status/badge/nothing.svg").status_code == 404


def _public(incident: Incident) -> list[str]:
    paths = ["/status/", "/status/feed.atom", "/status/badge.svg", f"/status/incidents/{incident.key}/", *JSON]
    return [*paths, *(f"/status/badge/{name}.svg" for name in Capability.objects.values_list("name", flat=True))]


def test_no_internal_name_is_told_to_strangers(client: Client, shop: Incident) -> None:
    """Components, services, objectives, alerts, reasons and people are the team's business."""
    world = trouble()
    Alert.objects.update(title="zz-alert", subject="zz-subject")
    Incident.objects.update(alert=world.alert)
    banners.put_up("Back soon.", reason="zz-reason", at=NOW - HOUR, by="zz-user", user=person("viewer"))
    Heartbeat.objects.create(name="react", at=NOW - HOUR)
    internal = ("zz-", "orders-availability", "catalog-availability", "viewer", "order-updates", "runbook", "/alerts/")
    for path in _public(shop):
        response = client.get(path)
        assert response.status_code == 200, path
        found = [name for name in internal if name in response.content.decode().lower()]
        assert found == [], path


def test_caches_may_keep_all_of_it_and_ask_whether_it_changed(client: Client, shop: Incident) -> None:
    for path in _public(shop):
        response = client.get(path)
        assert response["Cache-Control"].startswith("public, max-age=15"), path
        assert "Cookie" not in response.get("Vary", ""), path
        assert not response.cookies, path
        again = client.get(path, headers={"If-None-Match": response["ETag"]})
        assert (again.status_code, again.content) == (304, b""), path
        assert again["ETag"] == response["ETag"]
    old = client.get("/status/")["ETag"]
    incidents.update_incident(shop.pk, "All well.", state="resolved", at=NOW, by="op")
    assert client.get("/status/", headers={"If-None-Match": old}).status_code == 200


def test_what_is_not_public_is_not_there_for_strangers(client: Client, shop: Incident, settings: LazySettings) -> None:
    settings.PUBLIC_STATUS = False
    paths = _public(shop)
    assert {client.get(path).status_code for path in paths} == {404}
    assert client.post("/status/subscribe/", {"email": "a@example.com"}).status_code == 404
    client.force_login(person("viewer"), backend="django.contrib.auth.backends.ModelBackend")
    assert {client.get(path)["Cache-Control"].split(",")[0] for path in paths} == {"private"}


def test_what_nobody_judges_any_more_is_said_to_be_old(client: Client, shop: Incident) -> None:
    Heartbeat.objects.create(name="react", at=NOW - timedelta(minutes=4))
    assert "Judged last" not in client.get("/status/").content.decode()
    Heartbeat.objects.update(at=NOW - timedelta(minutes=6))
    assert "Judged last at" in client.get("/status/").content.decode()


@contextmanager
def database_away() -> Iterator[None]:
    def refuse(*_: object) -> None:
        raise OperationalError("the connection is broken")

    with connection.execute_wrapper(refuse):
        yield


def test_while_the_database_is_away_the_last_good_page_holds_and_says_from_when(
    client: Client, shop: Incident, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    settings.EMAIL_HOST = "mail.example"
    before = {path: client.get(path) for path in _public(shop)}
    stop_clocks(monkeypatch, NOW + HOUR)
    with database_away():
        for path, good in before.items():
            response = client.get(path)
            assert response.status_code == 200, path
            if path.endswith((".json", ".atom")):
                assert response.content == good.content, path
        page = client.get("/status/").content.decode()
        assert "Questions fail" in page
        assert re.search(r"This page is from <time[^>]*>2 Mar, 12:00 UTC", page)
        assert "not known" in client.get("/status/badge/tracking.svg").content.decode(), "no state out of old knowledge"
        assert client.post("/status/subscribe/", {"email": "a@example.com"}).status_code == 503
    assert "This page is from" not in client.get("/status/").content.decode(), "and recovers by itself"


def test_a_new_process_has_the_last_good_page_from_a_file(
    client: Client, shop: Incident, settings: LazySettings, tmp_path: Path
) -> None:
    settings.STATUS_FILE = str(tmp_path / "kept" / "status.json")
    summary = client.get(JSON[0]).json()
    keeper.forget()
    with database_away():
        assert client.get(JSON[0]).json() == summary
        assert "This page is from" in client.get("/status/").content.decode()
        Path(settings.STATUS_FILE).write_text('{"at": "of another version"}')
        keeper.forget()
        assert client.get("/status/").status_code == 503


def test_a_process_that_never_knew_anything_says_so(client: Client, shop: Incident) -> None:
    with database_away():
        responses = {path: client.get(path) for path in ("/status/", "/api/v2/status.json", "/status/badge.svg")}
    assert [response.status_code for response in responses.values()] == [503, 503, 200]
    assert {response["Cache-Control"] for response in responses.values()} == {"no-store"}
    assert json.loads(responses["/api/v2/status.json"].content)["error"]


def test_nobody_waits_for_a_broken_database_again_and_again(shop: Incident, settings: LazySettings) -> None:
    settings.STATUS_SECONDS = 60
    asked: list[object] = []

    def refuse(*what: object) -> None:
        asked.append(what[1])
        raise OperationalError("the connection is broken")

    keeper.get(NOW)
    keeper._fresh_for = 0.0
    with connection.execute_wrapper(refuse):
        assert [keeper.get(NOW).stale for _ in range(5)] == [True] * 5
    assert len(asked) == 1
