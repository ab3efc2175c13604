"""Runbooks in a real browser: read from an alert and worked through by keyboard alone, on a phone too."""

import re
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db import connections
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from alerts.models import RunbookRun, StepTick
from alerts.services.runbooks import record
from tests.dashboards.conftest import log_in, stop_clocks, tab_to
from tests.dashboards.world import World, trouble
from tests.factories import NOW

BODY = """\
## Detection

{{ objective }} burns. {{ embed nothing x }}

{{ embed circuit orders }}

## Immediate action

1. Look at the status page of a team with a very long name, Donaudampfschifffahrtsgesellschaft.
2. Force the flag off.

   {{ embed flag order-updates }}

| part | state |
| --- | --- |
| orders | down |

## Recovery

1. It is well again.
"""


@pytest.fixture
def shop(
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
    settings: LazySettings,
    live_server: LiveServer,
    page: Page,
) -> Iterator[World]:
    """The world in trouble, seen by an operator."""
    stop_clocks(monkeypatch, NOW)
    world = trouble()
    record(world.runbook, BODY, NOW, "sam", "longer")
    log_in(page, live_server)
    yield world
    connections.close_all()


def test_a_runbook_is_read_from_an_alert_and_ticked_by_keyboard_alone(
    page: Page, live_server: LiveServer, shop: World
) -> None:
    page.goto(f"{live_server.url}/alerts/{shop.alert.pk}/")
    tab_to(page, "h2 a[href^='/runbooks/orders/']")
    page.keyboard.press("Enter")
    expect(page.locator(".prose")).to_contain_text("orders-availability burns.")
    tab_to(page, "form[action$='/start'] button")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/runs/\d+/$"))
    step = page.get_by_role("checkbox", name="Step 1: Look at the status page")
    tab_to(page, "#tick-action-1")
    page.keyboard.press("Space")
    expect(step).to_be_checked()
    expect(step).to_be_focused()
    expect(page.locator("#action-1")).to_contain_text("Done by operator")
    page.keyboard.press("Space")
    expect(step).not_to_be_checked()
    tab_to(page, "#note-action-1 summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("nothing there")
    page.keyboard.press("Enter")
    expect(page.locator("#action-1 .step-note")).to_contain_text("nothing there")
    assert list(StepTick.objects.values_list("done", "note")) == [(True, ""), (False, ""), (None, "nothing there")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_runbooks_fit_a_phone(page: Page, live_server: LiveServer, shop: World, theme: str) -> None:
    run = RunbookRun.objects.create(
        alert=shop.alert, name="orders", title="Orders unavailable", number=1, body=BODY, started_at=NOW
    )
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": 360, "height": 800})
    own, alert = "/runbooks/orders", f"/alerts/{shop.alert.pk}"
    paths = (f"{own}/?alert={shop.alert.pk}", f"{own}/edit", f"{own}/versions/", "/runbooks/new", "/runbooks/?q=banner")
    for path in (*paths, f"{alert}/", f"{alert}/post-mortem/", f"/runs/{run.pk}/"):
        page.goto(live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert page.locator("h1").count() == 1, path
    page.emulate_media(media="print")
    for path in (f"/runs/{run.pk}/", f"{own}/", f"{alert}/post-mortem/"):
        page.goto(live_server.url + path)
        pressed = page.locator("button:not(.tick), input:not([type=checkbox]), textarea, summary, .rail, .top").locator(
            "visible=true"
        )
        assert pressed.count() == 0, f"{path} on paper has nothing to press"
    page.emulate_media(media="screen")
    page.goto(f"{live_server.url}/runs/{run.pk}/")
    box = page.locator("#tick-action-1").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44


def test_a_preview_comes_without_leaving_the_form(page: Page, live_server: LiveServer, shop: World) -> None:
    page.goto(f"{live_server.url}/runbooks/orders/edit")
    page.locator("#body").fill("## Recovery\n\n1. Nothing but this.\n")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#draft")).to_contain_text("Nothing but this.")
    assert page.locator("#draft li").count() == 1
    page.get_by_label("Why it changes").fill("shorter")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".messages")).to_contain_text("Version 3 is what people read now.")
