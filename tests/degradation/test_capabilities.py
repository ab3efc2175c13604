"""Capabilities over time: changes noted with their cause, a banner after the limit, all told to applications."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from degradation import selectors
from degradation.models import Banner, Capability, CapabilityChange, CapabilityStanding
from degradation.services import banners, capabilities
from degradation.services.capabilities import judge
from slo.errors import CatalogError
from slo.models import Component, Service
from slo.services.access import issue_token
from slo.services.catalog import apply_documents, export_documents
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
MODES = [
    {"name": "full", "when": "llm"},
    {"name": "some", "when": "templates", "message": "Only the usual questions."},
    {"name": "sorry", "message": "I cannot answer right now.", "link": "https://shop.example/help"},
]


@pytest.fixture
def faq(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The capability `faq`; the test says how its components are, by name."""
    service = factories.service("shop")
    for name in ("llm", "templates"):
        factories.component(name, service=service)
    Capability.objects.create(name="faq", title="FAQ", service=service, modes=MODES)
    states = {"llm": "ok", "templates": "ok"}

    def views(at: object) -> list[selectors.ModeView]:
        from degradation.selectors import capability_modes

        return capability_modes._capabilities(states)  # type: ignore[arg-type]

    monkeypatch.setattr(selectors, "capabilities", views)
    return states


def _standing() -> CapabilityStanding:
    return CapabilityStanding.objects.get()


def _after(seconds: int) -> None:
    judge(NOW + timedelta(seconds=seconds))


def test_a_change_of_mode_is_noted_once_with_who_is_to_blame(faq: dict[str, str]) -> None:
    _after(0)
    faq["llm"] = "down"
    _after(30)
    _after(60)
    changes = [(c.mode, c.state, c.because) for c in selectors.capability_changes(Capability.objects.get())]
    assert changes == [("some", "degraded", ["llm"]), ("full", "full", [])]
    assert _standing().since == NOW + timedelta(seconds=30)


def test_users_are_harmed_by_the_last_resort_or_where_a_mode_says_so(faq: dict[str, str]) -> None:
    faq["llm"] = "down"
    _after(0)
    assert not _standing().harms
    faq["templates"] = "down"
    _after(30)
    assert _standing().harmed_since == NOW + timedelta(seconds=30)
    Capability.objects.update(modes=[MODES[0], {**MODES[1], "harms": True}, {**MODES[2], "harms": False}])
    _after(60)
    assert _standing().harmed_since is None
    faq["templates"] = "ok"
    _after(90)
    assert _standing().harms


def test_a_banner_goes_up_after_the_limit_and_not_before_and_comes_down_by_itself(faq: dict[str, str]) -> None:
    faq |= {"llm": "down", "templates": "down"}
    _after(0)
    _after(299)
    assert not Banner.objects.exists()
    _after(300)
    _after(330)
    (banner,) = selectors.banners(NOW + timedelta(seconds=330))
    assert banner.text == "I cannot answer right now."
    faq["templates"] = "ok"
    _after(360)
    assert selectors.banners(NOW + timedelta(seconds=360)) == []
    assert Banner.objects.get().ended_reason == "FAQ works again"


def test_moving_between_harmful_modes_does_not_start_the_limit_anew(faq: dict[str, str]) -> None:
    Capability.objects.update(modes=[MODES[0], {**MODES[1], "harms": True}, MODES[2]])
    faq["llm"] = "down"
    _after(0)
    faq["templates"] = "down"
    _after(200)
    _after(300)
    assert Banner.objects.count() == 1


def test_what_is_not_known_neither_puts_up_nor_takes_down(faq: dict[str, str]) -> None:
    faq |= {"llm": "down", "templates": "down"}
    _after(0)
    faq |= {"llm": "unknown", "templates": "unknown"}
    _after(300)
    assert not Banner.objects.exists()
    faq |= {"llm": "down", "templates": "down"}
    _after(330)
    assert Banner.objects.count() == 1
    faq |= {"llm": "unknown", "templates": "unknown"}
    _after(360)
    assert Banner.objects.filter(ended_at=None).count() == 1


def test_a_banner_that_somebody_took_down_stays_down_until_the_next_outage(faq: dict[str, str]) -> None:
    faq |= {"llm": "down", "templates": "down"}
    _after(0)
    _after(300)
    banners.take_down(Banner.objects.get().pk, reason="told on the phone", at=NOW + timedelta(seconds=310))
    _after(330)
    assert not selectors.banners(NOW + timedelta(seconds=330))
    faq["llm"] = "ok"
    _after(360)
    faq["llm"] = "down"
    _after(390)
    _after(690)
    assert len(selectors.banners(NOW + timedelta(seconds=690))) == 1


def test_a_capability_may_have_no_banner_or_words_of_its_own(faq: dict[str, str]) -> None:
    faq |= {"llm": "down", "templates": "down"}
    Capability.objects.update(banner_after=None)
    _after(0)
    _after(3_600)
    assert not Banner.objects.exists()
    Capability.objects.update(banner_after=60, banner_text="Questions wait.")
    _after(3_630)
    assert Banner.objects.get().text == "Questions wait."


def test_an_older_instant_and_a_second_worker_change_nothing(faq: dict[str, str]) -> None:
    _after(60)
    faq["llm"] = "down"
    _after(0)
    assert _standing().mode == "full"
    before = selectors.standings()
    _after(90)
    stale = next(iter(before.values()))
    (view,) = selectors.capabilities(NOW)
    assert capabilities._note(view, stale, NOW + timedelta(seconds=90)) is None
    assert CapabilityChange.objects.count() == 2


def test_applications_route_by_an_object_for_each_capability_and_one_for_the_banner(
    faq: dict[str, str], client: Client
) -> None:
    faq |= {"llm": "down", "templates": "down"}
    _after(0)
    _after(300)
    told = {item.key: item for item in selectors.served(NOW + timedelta(seconds=300))}
    faq_value, banner = told["capability.faq"].value, told["banner"].value
    assert isinstance(faq_value, dict)
    assert isinstance(banner, dict)
    assert (faq_value["mode"], faq_value["state"], faq_value["harms"]) == ("sorry", "last resort", True)
    assert faq_value["because"] == ["llm", "templates"]
    assert (banner["shown"], banner["text"]) == (True, "I cannot answer right now.")
    assert told["capability.faq"].safe["state"] == "unknown"  # type: ignore[index]


def test_the_catalog_says_when_a_banner_goes_up_and_which_modes_harm(faq: dict[str, str], tmp_path: Path) -> None:
    Service.objects.get()
    text = """
apiVersion: brownout/v1
kind: Capability
metadata: {name: faq, displayName: FAQ}
spec:
  service: shop
  bannerAfter: 2m
  bannerText: Questions wait.
  modes: [{name: full, when: llm}, {name: some, when: templates, harms: true}, {name: sorry, harms: false}]
"""
    (tmp_path / "faq.yaml").write_text(text)
    apply_documents([tmp_path], NOW)
    item = Capability.objects.get()
    assert (item.banner_after, item.banner_text) == (120, "Questions wait.")
    assert [mode.get("harms") for mode in item.modes] == [None, True, False]
    (tmp_path / "faq.yaml").write_text(export_documents(["faq"]))
    assert [change.action for change in apply_documents([tmp_path], NOW)] == ["unchanged"]
    (tmp_path / "faq.yaml").write_text(text.replace(", {name: sorry, harms: false}", ""))
    with pytest.raises(CatalogError, match="there is no last resort"):
        apply_documents([tmp_path], NOW)
    assert len(Capability.objects.get().modes) == 3
    assert Component.objects.count() == 2


def test_the_map_over_json_says_the_mode_because_of_what_and_since_when(client: Client) -> None:
    shop = factories.service("shop")
    factories.component("llm", service=shop)
    Capability.objects.create(name="faq", title="FAQ", service=shop, modes=MODES[:1] + MODES[2:])
    judge(NOW)
    headers = {"X-API-Key": issue_token("app", "viewer", NOW)}
    (found,) = client.get("/api/v1/capabilities", headers=headers).json()["capabilities"]
    assert (found["mode"], found["state"], found["because"]) == ("full", "unknown", ["llm"])
    assert (found["harms"], found["since"]) == (False, "2026-03-02T12:00:00Z")


def test_people_put_up_and_take_down_banners_over_json(client: Client) -> None:
    headers = {"X-API-Key": issue_token("bot", "operator", NOW)}
    body = {"text": "We are moving house.", "reason": "planned", "minutes": 60}
    made = client.post("/api/v1/banners", body, content_type="application/json", headers=headers)
    assert made.status_code == 201
    assert made.json()["put_up_by"] == "bot"
    assert len(client.get("/api/v1/banners", headers=headers).json()) == 1
    assert client.delete(f"/api/v1/banners/{made.json()['id']}?reason=over", headers=headers).status_code == 204
    assert client.get("/api/v1/banners", headers=headers).json() == []
    reader = {"X-API-Key": issue_token("app", "viewer", NOW)}
    assert client.post("/api/v1/banners", body, content_type="application/json", headers=reader).status_code == 403


def test_everybody_reads_the_status_page_and_no_internal_name_on_it(faq: dict[str, str], client: Client) -> None:
    faq |= {"llm": "down", "templates": "down"}
    _after(0)
    _after(300)
    response = client.get("/status/")
    text = response.content.decode()
    assert response.status_code == 200
    assert "public" in response["Cache-Control"]
    assert text.count("I cannot answer right now.") == 2
    assert "Not available" in text
    assert "llm" not in text
    assert "templates" not in text


def test_a_status_page_that_is_not_public_is_not_there_for_strangers(client: Client, settings: object) -> None:
    settings.PUBLIC_STATUS = False  # type: ignore[attr-defined]
    assert client.get("/status/").status_code == 404


def test_judging_many_in_calm_asks_no_more_than_judging_one(faq: dict[str, str]) -> None:
    judge(NOW)
    with CaptureQueriesContext(connection) as one:
        judge(NOW + timedelta(seconds=30))
    service = Service.objects.get(name="shop")
    for number in range(10):
        Capability.objects.create(name=f"more-{number}", title="More", service=service, modes=MODES)
    judge(NOW + timedelta(seconds=60))
    with CaptureQueriesContext(connection) as many:
        judge(NOW + timedelta(seconds=90))
    said = [query["sql"] for query in many if "SAVEPOINT" not in query["sql"]]
    assert len(said) == len([query for query in one if "SAVEPOINT" not in query["sql"]])
