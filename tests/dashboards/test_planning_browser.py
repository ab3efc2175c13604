"""What-ifs and scenarios in a real browser: by keyboard alone, without scripts, on a phone."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db import connections
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from slo.models import Scenario
from tests.dashboards.conftest import log_in, stop_clocks, tab_to
from tests.dashboards.world import World, trouble
from tests.factories import NOW

PATH = "/availability/shop/"


@pytest.fixture
def shop(
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
    settings: LazySettings,
    live_server: LiveServer,
    page: Page,
) -> Iterator[World]:
    """The shop, planned by an operator."""
    stop_clocks(monkeypatch, NOW)
    world = trouble()
    log_in(page, live_server)
    yield world
    connections.close_all()


def test_a_what_if_is_kept_compared_and_deleted_by_keyboard_alone(
    page: Page, live_server: LiveServer, shop: World
) -> None:
    page.goto(live_server.url + PATH)
    tab_to(page, "[name='target.orders']")
    page.keyboard.type("99.99")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("What if Orders at 99.99")
    tab_to(page, "input[name=name]")
    page.keyboard.type("better orders")
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("is kept")
    scenario = page.locator("section[aria-labelledby=h-scenarios] tbody tr")
    expect(scenario).to_contain_text("Orders at 99.99")
    assert Scenario.objects.get().changes["orders"]["target"] == pytest.approx(0.9999)
    tab_to(page, "form[action$='/better%20orders/'] button")
    page.keyboard.press("Enter")
    expect(page.locator(".messages")).to_contain_text("is gone")
    assert not Scenario.objects.exists()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_planning_works_on_a_phone_and_without_scripts(
    page: Page, live_server: LiveServer, shop: World, theme: str
) -> None:
    browser = page.context.browser
    assert browser is not None
    cookies = [{"name": c["name"], "value": c["value"], "url": live_server.url} for c in page.context.cookies()]
    context = browser.new_context(
        java_script_enabled=False,
        viewport={"width": 390, "height": 844},
        color_scheme="dark" if theme == "dark" else "light",
    )
    context.add_cookies(cookies)  # type: ignore[arg-type]
    plain = context.new_page()
    try:
        plain.goto(live_server.url + PATH)
        plain.get_by_role("group", name="Orders").get_by_label("down").check()
        plain.get_by_role("group", name="Catalog").get_by_label("replicas").select_option("2")
        plain.get_by_role("button", name="Show").click()
        expect(plain.locator("main")).to_contain_text("What if Orders down and Catalog × 2")
        plain.get_by_label("Keep as").fill("night")
        plain.get_by_role("button", name="Keep this scenario").click()
        expect(plain.locator(".messages")).to_contain_text("is kept")
        for path in (PATH, "/availability/", "/dependencies/"):
            plain.goto(live_server.url + path)
            root = plain.locator("html").bounding_box()
            assert root is not None
            assert root["width"] <= 390, path
    finally:
        context.close()
