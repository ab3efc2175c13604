"""The pages in a real browser: the fixture `page` fails on any console error or policy violation."""

import re
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from django.conf import LazySettings
from django.db import connections
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from degradation.models import Flag
from tests.dashboards.conftest import log_in, stop_clocks
from tests.dashboards.conftest import tab_to as tab_within
from tests.dashboards.world import World, trouble
from tests.factories import NOW

tab_to = partial(tab_within, limit=60)

Visit = Callable[[str], None]


@pytest.fixture
def shop(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, live_server: LiveServer
) -> Iterator[World]:
    stop_clocks(monkeypatch, NOW)
    settings.PUBLIC_READ = True
    yield trouble()
    connections.close_all()


@pytest.fixture
def visit(page: Page, live_server: LiveServer, shop: World) -> Visit:
    def go(path: str) -> None:
        page.goto(live_server.url + path.format(alert=shop.alert.pk))

    return go


def test_pages_work_without_scripts(page: Page, visit: Visit, shop: World, live_server: LiveServer) -> None:
    browser = page.context.browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False).new_page()
    try:
        plain.goto(live_server.url + "/")
        expect(plain.locator("h1")).to_contain_text("1 of 2 objectives burning")
        plain.get_by_role("link", name="Order tracking answers").first.click()
        plain.goto(live_server.url + "/objectives/orders-availability/?range=1h")
        expect(plain.locator("[data-chart=events]")).to_contain_text("11,760 good and 240 bad events")
        plain.goto(live_server.url + "/capabilities/")
        plain.get_by_label("Catalog").check()
        plain.get_by_role("button", name="Show").click()
        expect(plain.get_by_role("columnheader", name="With Catalog down")).to_be_visible()
    finally:
        plain.context.close()


def test_a_flag_is_toggled_with_a_reason_and_all_restored_by_keyboard_alone(
    page: Page, visit: Visit, shop: World, live_server: LiveServer
) -> None:
    log_in(page, live_server)
    flag = page.locator("#flag-order-updates")
    visit("/")
    tab_to(page, ".rail a[href='/flags/']")
    page.keyboard.press("Enter")
    expect(page).to_have_title("Flags · Brownout")
    tab_to(page, "#change-order-updates > summary")
    page.keyboard.press("Enter")
    tab_to(page, "#change-order-updates [name=value]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "#reason-order-updates")
    page.keyboard.type("parcels are late anyway")
    tab_to(page, "#change-order-updates [name=minutes]")
    page.keyboard.type("4 h")
    tab_to(page, "#change-order-updates button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("order-updates is forced off for 4\N{NO-BREAK SPACE}h.")).to_be_visible()
    for words in ("Forced off", "ends in 4", "by operator", "parcels are late anyway"):
        expect(flag).to_contain_text(words)
    tab_to(page, "#restore > summary")
    page.keyboard.press("Enter")
    tab_to(page, "#restore-reason")
    page.keyboard.type("false alarm")
    tab_to(page, "#restore button")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 flag restored.")).to_be_visible()
    expect(flag).to_contain_text("Automatic")
    assert Flag.objects.get().shed_at is None


def test_what_burns_is_found_by_keyboard_alone(page: Page, visit: Visit, shop: World) -> None:
    keys = page.keyboard
    visit("/")
    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    keys.press("/")
    expect(page.locator("#search")).to_be_focused()
    keys.type("answer")
    keys.press("Enter")
    expect(page).to_have_url(re.compile(r"/objectives/\?q=answer$"))
    expect(page.locator("tbody tr")).to_have_count(2)
    tab_to(page, "#facet-state > summary")
    keys.press("Enter")
    tab_to(page, "#facet-state input[value=critical]")
    keys.press("Space")
    keys.press("Enter")
    expect(page).to_have_url(re.compile(r"/objectives/\?q=answer&state=critical$"))
    expect(page.locator("tbody tr")).to_have_count(1)
    tab_to(page, "tbody a")
    keys.press("Enter")
    expect(page.locator("h1")).to_have_text("Order tracking answers")
    tab_to(page, f"main a[href='/alerts/{shop.alert.pk}/']")
    keys.press("Enter")
    expect(page).to_have_url(re.compile(rf"/alerts/{shop.alert.pk}/$"))


def test_on_a_phone_the_rail_is_a_menu_that_keys_open_and_close(page: Page, visit: Visit, shop: World) -> None:
    type(shop.alert).objects.update(title="Order tracking answers wherever somebody looks " * 4)
    page.set_viewport_size({"width": 390, "height": 700})
    visit("/flags/")
    line = page.locator(".strip .what").evaluate("link => link.getBoundingClientRect().height")
    assert page.locator(".strip").evaluate("strip => strip.getBoundingClientRect().height") < 3.5 * line, "two lines"
    menu, entry = page.get_by_role("button", name="Menu"), page.get_by_role("link", name="Runbooks", exact=True)
    expect(page.locator(".rail-here")).to_have_text("Flags")
    expect(entry).to_be_hidden()
    menu.press("Enter")
    expect(entry).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()
    expect(menu).to_be_focused()
    menu.press("Enter")
    entry.press("Enter")
    expect(page).to_have_url(re.compile(r"/runbooks/$"))
    page.set_viewport_size({"width": 1440, "height": 700})
    expect(menu).to_be_hidden()
    expect(entry).to_be_visible()
    assert page.locator(".strip").evaluate("strip => strip.getBoundingClientRect().height") < 2 * line, "one line"


def test_the_theme_switch_changes_the_colours_and_stays(page: Page, visit: Visit) -> None:
    page.emulate_media(color_scheme="light")
    visit("/")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(250, 250, 249)"
    for _ in range(2):
        before = page.locator("html").get_attribute("data-theme")
        page.locator("[data-theme-switch] button").click()
        expect(page.locator("html")).not_to_have_attribute("data-theme", before or "")
    assert page.evaluate(ground) == "rgb(15, 17, 19)"
    visit("/flags/")
    assert page.evaluate(ground) == "rgb(15, 17, 19)"
