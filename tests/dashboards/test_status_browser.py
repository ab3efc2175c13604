"""What people do on the status page and for it, on a phone; test_matrix.py looks at the pages."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.db import connections
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from degradation.models import Capability, Incident, Subscriber
from degradation.services.capabilities import judge
from degradation.services.incidents import open_incident
from tests.dashboards.conftest import stop_clocks
from tests.dashboards.test_browser_alerts import log_in
from tests.dashboards.world import PASSWORD, person, trouble
from tests.factories import NOW


@pytest.fixture
def told(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, live_server: LiveServer
) -> Iterator[Incident]:
    stop_clocks(monkeypatch, NOW)
    cache.clear()
    settings.EMAIL_HOST = "mail.example"
    world = trouble()
    judge(NOW)
    words = "Donaudampfschifffahrtsgesellschaft" * 4
    yield open_incident(words, words, impact="major", at=NOW, by="op", capabilities=_names(), alert=world.alert)
    connections.close_all()


def _names() -> list[str]:
    return list(Capability.objects.values_list("name", flat=True))


def test_people_subscribe_by_keyboard_and_without_javascript(
    browser: Browser, told: Incident, live_server: LiveServer
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{live_server.url}/status/")
    page.get_by_label("E-mail address").focus()
    page.keyboard.type("ada@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    page.goto(f"{live_server.url}/status/subscription/{Subscriber.objects.get().key}/")
    page.get_by_role("button", name="Yes, subscribe").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Subscribed")).to_be_visible()
    assert Subscriber.objects.get().confirmed_at
    context.close()


def test_an_operator_resolves_an_incident_on_the_page_of_its_alert(
    page: Page, told: Incident, live_server: LiveServer
) -> None:
    person("operator", PASSWORD)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_server.url}/login/?next=/alerts/{told.alert_id}/")
    log_in(page)
    block = page.locator("#incidents")
    block.get_by_label("What is known by now").fill("All orders are found again.")
    block.get_by_label("Resolved").check()
    block.get_by_role("button", name="Tell").click()
    expect(page.get_by_text("The update is on the status page")).to_be_visible()
    page.goto(f"{live_server.url}/status/")
    expect(page.get_by_text("All orders are found again.")).to_be_visible()
