"""The report on paper, as a browser prints it."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db import connections
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.dashboards.conftest import stop_clocks
from tests.dashboards.world import trouble
from tests.factories import NOW


@pytest.fixture
def shop(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, live_server: LiveServer
) -> Iterator[None]:
    stop_clocks(monkeypatch, NOW)
    settings.PUBLIC_READ = True
    trouble()
    yield
    connections.close_all()


@pytest.mark.usefixtures("shop")
def test_paper_has_everything_that_is_folded_away_and_no_controls(page: Page, live_server: LiveServer) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(live_server.url + "/reports/")
    folded = page.get_by_role("columnheader", name="Fifth")
    expect(folded).to_be_hidden()
    expect(page.get_by_text("Made 2 March 2026, 12:00 UTC").first).to_be_hidden()
    page.emulate_media(media="print", color_scheme="dark")
    expect(folded).to_be_visible()
    expect(page.get_by_text("Made 2 March 2026, 12:00 UTC").first).to_be_visible()
    assert page.locator(":is(form, button, .button, nav, .rail, .top, .strip):visible").count() == 0
    colours = page.evaluate("(({color, backgroundColor}) => [color, backgroundColor])(getComputedStyle(document.body))")
    assert colours[0] == "rgb(27, 28, 30)"
    assert colours[1] == "rgba(0, 0, 0, 0)"
    assert page.locator("main a").first.evaluate("link => getComputedStyle(link).textDecorationLine") == "none"
    assert page.locator(".report tr").first.evaluate("row => getComputedStyle(row).breakInside") == "avoid"
