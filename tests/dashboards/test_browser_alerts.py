"""An alert at three in the morning: taken on from a phone in two touches, and all of it by keyboard."""

import re
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db import connections
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.models import Alert, Silence
from tests.dashboards.conftest import stop_clocks
from tests.dashboards.world import PASSWORD, World, person, trouble
from tests.factories import NOW


@pytest.fixture
def shop(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, live_server: LiveServer
) -> Iterator[World]:
    stop_clocks(monkeypatch, NOW)
    settings.PUBLIC_READ = False
    yield trouble()
    connections.close_all()


def log_in(page: Page) -> None:
    """By keyboard: the page begins in the field of the name."""
    page.get_by_label("Name").focus()
    page.keyboard.type("operator")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")


def test_from_a_phone_an_alert_is_taken_on_in_two_touches(page: Page, shop: World, live_server: LiveServer) -> None:
    person("operator", PASSWORD)
    page.set_viewport_size({"width": 390, "height": 844})
    link = f"{live_server.url}/alerts/{shop.alert.pk}/"
    # The first touch is the link in the message. A phone that is not logged in yet comes back to the alert.
    page.goto(link)
    log_in(page)
    expect(page).to_have_url(link)
    button = page.get_by_role("button", name="Acknowledge")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44, "large enough for a thumb"
    assert 844 / 2 < box["y"] < 844 - box["height"], "in the lower half, seen without scrolling"
    button.click()
    expect(page.get_by_text("Acknowledged.")).to_be_visible()
    expect(page.locator(".act")).to_contain_text("operator took it on")
    assert Alert.objects.get().acknowledged_at == NOW


def tab_to(page: Page, name: str, *, limit: int = 60) -> None:
    """Press Tab until something of that accessible name has the focus."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        focused = page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()")
        if focused.startswith(name):
            return
    pytest.fail(f"{name} is not reached by keyboard", pytrace=False)


def test_an_alert_is_found_taken_on_and_silenced_by_keyboard_alone(
    page: Page, shop: World, live_server: LiveServer
) -> None:
    person("operator", PASSWORD)
    page.goto(f"{live_server.url}/login/?next=/alerts/")
    log_in(page)
    expect(page).to_have_url(re.compile(r"/alerts/$"))
    tab_to(page, "Words")
    page.keyboard.type("tracking")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"q=tracking"))
    tab_to(page, "Words tracking")
    tab_to(page, "Order tracking answers")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/alerts/{shop.alert.pk}/$"))
    tab_to(page, "Acknowledge")
    tab_to(page, "Runbook: work through it")
    tab_to(page, "Note")
    page.keyboard.type("on it")
    page.keyboard.press("Enter")
    expect(page.locator(".act")).to_contain_text("on it")
    tab_to(page, "Silence this")
    page.keyboard.press("Enter")
    expect(page.locator("#preview")).to_contain_text("Would hold 1 open alert now")
    tab_to(page, "Alerts whose labels match")
    page.keyboard.press("Control+A")
    page.keyboard.type('service="nothing"')
    expect(page.locator("#preview")).to_contain_text("No open alert matches now")
    page.keyboard.press("Control+A")
    page.keyboard.type('service="shop"')
    expect(page.locator("#preview")).to_contain_text("Would hold 1 open alert now")
    tab_to(page, "Reason")
    page.keyboard.type("we know")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Silenced: 1 open alert held now.")).to_be_visible()
    assert Silence.objects.get().matchers == ['service="shop"']
