"""Pages that refresh themselves, in a real browser: nothing is taken from whoever is in the middle of something."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from django.conf import LazySettings
from django.db import connections
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from degradation.models import Flag
from tests.dashboards.conftest import log_in, stop_clocks
from tests.dashboards.matrix import furnished
from tests.factories import NOW
from tests.servers import Console

Do = Callable[[Page], None]
# What is drawn now is marked: a mark that is gone has been swapped.
MARK = "document.getElementById('region').firstElementChild.dataset.old = 'yes'"
OLD = "#region > [data-old]"
REFRESH = "htmx.trigger('#region', 'refresh')"
HIDE = "hidden => Object.defineProperty(document, 'hidden', {value: hidden, configurable: true})"
TO_THE_TOP = (
    "(element) => scrollTo(0, element.getBoundingClientRect().top - document.querySelector('.top').offsetHeight)"
)
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"


@pytest.fixture
def keys(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, live_server: LiveServer, page: Page
) -> Iterator[dict[str, int | str]]:
    """What addresses need, in a world somebody looks at who may act."""
    stop_clocks(monkeypatch, NOW)
    settings.PUBLIC_READ = False
    yield furnished()[1] | {"session": log_in(page, live_server)}
    page.close()
    connections.close_all()


def refresh(page: Page) -> None:
    page.evaluate(MARK)
    page.evaluate(REFRESH)
    expect(page.locator(OLD)).to_have_count(0)


def in_the_filter(page: Page) -> None:
    field = page.locator("#region input[type=search]").first
    field.focus()
    field.evaluate("(field) => field.setSelectionRange(3, 3)")
    refresh(page)
    expect(field).to_be_focused()
    assert field.evaluate("(field) => field.selectionStart") == 3


def writing(page: Page) -> None:
    field = page.locator("#region input[type=search]").first
    field.press_sequentially("x")
    page.evaluate(MARK)
    page.clock.run_for(65_000)
    expect(page.locator("#as-of")).to_have_text("updated 1 min ago, waits while you write")
    expect(field).to_be_focused()
    assert page.locator(OLD).count() == 1
    field.press("Backspace")
    page.clock.run_for(1_000)  # what was held back comes at once
    expect(page.locator(OLD)).to_have_count(0)


def an_open_form(page: Page) -> None:
    page.locator("#change-order-updates > summary").click()
    refresh(page)
    expect(page.locator("#change-order-updates")).to_have_attribute("open", "")
    expect(page.locator("#change-order-updates > summary")).to_be_focused()
    page.get_by_label("forced on").check()
    page.evaluate(MARK)
    page.evaluate(REFRESH)
    page.clock.run_for(100)
    assert page.locator(OLD).count() == 1, "half filled in"
    page.keyboard.press("Escape")


def ticking(page: Page) -> None:
    page.locator(".add-note summary").nth(1).click()
    note = page.locator(".add-note input[name=note]").nth(1)
    note.fill("half a sentence")
    tick = page.locator(".tick").first
    tick.click()
    expect(tick).to_have_attribute("aria-checked", "true")
    expect(tick).to_be_focused()
    expect(note).to_have_value("half a sentence")
    note.fill("")
    tick.focus()
    refresh(page)
    expect(tick).to_have_attribute("aria-checked", "true")
    expect(tick).to_be_focused()


def selecting(page: Page) -> None:
    page.locator("#region h1").select_text()
    page.evaluate(MARK)
    page.evaluate(REFRESH)
    page.clock.run_for(100)
    assert page.locator(OLD).count() == 1
    assert page.evaluate("String(getSelection())") == "Order tracking answers"
    page.evaluate("getSelection().removeAllRanges()")
    page.clock.run_for(1_000)
    expect(page.locator(OLD)).to_have_count(0)


def on_one_of_two_links(page: Page) -> None:
    links = page.locator("#strip a[href^='/alerts/'], #region a[href^='/alerts/']")
    same = links.first.get_attribute("href")
    twice = page.locator(f"#strip a[href='{same}'], #region a[href='{same}']")
    assert twice.count() > 1
    for link in (twice.first, twice.last):
        link.focus()
        refresh(page)
        expect(link).to_be_focused()


def scrolled(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 300})
    box = "document.getElementById('flag-order-updates').getBoundingClientRect().top"
    page.locator("#flag-order-updates").evaluate(TO_THE_TOP)
    before = page.evaluate(box)
    Flag.objects.create(key="above", tier=4, service=Flag.objects.get().service, description="New. " * 40)
    refresh(page)
    assert page.evaluate(box) == pytest.approx(before, abs=1), "what is read stays where it is"
    page.set_viewport_size({"width": 1280, "height": 900})


CASES: list[tuple[str, Do]] = [
    ("/objectives/?q=orders", in_the_filter),
    ("/objectives/?q=orders", writing),
    ("/flags/", an_open_form),
    ("/flags/", scrolled),
    ("/runs/{run}/", ticking),
    ("/alerts/{alert}/", selecting),
    ("/", on_one_of_two_links),
]


def test_a_refresh_takes_nothing_from_anybody(page: Page, keys: dict[str, int | str], live_server: LiveServer) -> None:
    page.clock.install(time=NOW)
    for path, case in CASES:
        page.goto(live_server.url + path.format(**keys))
        case(page)


def test_a_server_that_does_not_answer_is_told_of_and_recovers_by_itself(
    page: Page, keys: dict[str, int | str], live_server: LiveServer, console: Console
) -> None:
    console.allow("Failed to load resource|htmx:|Response Status Error Code")
    page.clock.install(time=NOW)
    page.goto(live_server.url + "/alerts/")
    row = page.locator("#region tbody th").first
    before = row.inner_text()
    answers: list[tuple[Callable[[Route], None], str]] = [
        (lambda route: route.abort(), "The server is out of reach."),
        (lambda route: route.fulfill(status=500, body="<h1>oh</h1>"), "The server answers with an error (500)."),
        (lambda route: route.fulfill(status=404, body="<h1>oh</h1>"), "This is not there any more."),
        (lambda route: route.fulfill(status=200, body="<html><h1>Log in</h1></html>"), "The server is out of reach."),
        (lambda route: route.fulfill(status=401), "You are logged out."),
    ]
    for answer, said in answers:
        page.route("**/alerts/", answer)
        page.evaluate(REFRESH)
        expect(page.get_by_role("alert")).to_have_text(said)
        expect(row).to_have_text(before, use_inner_text=True)
        page.unroute("**/alerts/")
        page.clock.run_for(61_000)
        expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator("#as-of")).to_have_text(re.compile(r"updated \d s ago"))


def test_a_page_whose_session_has_ended_says_so_and_goes_on_after_logging_in_elsewhere(
    page: Page, keys: dict[str, int | str], live_server: LiveServer, console: Console
) -> None:
    console.allow("Failed to load resource|htmx:|Response Status Error Code")
    page.goto(live_server.url + "/alerts/")
    page.context.clear_cookies()
    page.evaluate(REFRESH)
    expect(page.get_by_role("alert")).to_have_text("You are logged out.")
    link = page.locator("#unreachable").get_by_role("link", name="Log in")
    expect(link).to_have_attribute("href", "/login/?next=/alerts/")
    assert page.url.endswith("/alerts/")
    page.context.add_cookies([{"name": "sessionid", "value": str(keys["session"]), "url": live_server.url}])
    page.evaluate(REFRESH)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_time_that_passes_unseen_is_told_and_made_up_for(
    page: Page, keys: dict[str, int | str], live_server: LiveServer
) -> None:
    page.clock.install(time=NOW)
    page.goto(live_server.url + "/flags/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/static/" not in request.url else None)
    age = page.locator("#as-of")
    page.evaluate(HIDE, True)
    page.clock.run_for(120_000)
    assert asked == [], "a hidden tab rests"
    page.evaluate(MARK)
    page.clock.fast_forward(3 * 3_600_000)
    expect(age).to_have_text("updated 3 h ago")
    page.evaluate(HIDE, False)
    page.evaluate(LOOK)
    expect(page.locator(OLD)).to_have_count(0)
    expect(age).to_have_text("updated 0 s ago")
    page.evaluate(MARK)
    page.clock.fast_forward(3 * 3_600_000)  # as a laptop sleeps
    page.clock.run_for(1_000)
    expect(page.locator(OLD)).to_have_count(0)
    page.evaluate(MARK)
    page.clock.set_system_time("2031-01-01")  # a clock that is set
    page.clock.run_for(1_000)
    expect(page.locator(OLD)).to_have_count(0)
    page.clock.set_system_time("2020-01-01")
    page.clock.run_for(3_000)
    expect(age).to_have_text("updated 3 s ago", timeout=1_000)


def test_an_older_answer_that_comes_later_is_not_shown(
    page: Page, keys: dict[str, int | str], live_server: LiveServer, console: Console
) -> None:
    console.allow("htmx:(afterRequest|sendAbort)")
    page.goto(live_server.url + "/capabilities/")
    late: list[Route] = []
    page.route("**/capabilities/", lambda route: late.append(route))  # noqa: PLW0108 (Playwright marks what it calls)
    page.evaluate(REFRESH)
    page.wait_for_function("document.querySelector('#region.htmx-request')")
    page.get_by_label("Catalog").check()
    expect(page.get_by_role("columnheader", name="With Catalog down")).to_be_visible()
    assert page.url.endswith("/capabilities/?down=catalog")
    for route in late:
        route.continue_()
    refresh(page)
    expect(page.get_by_role("columnheader", name="With Catalog down")).to_be_visible()
    expect(page.get_by_label("Catalog")).to_be_focused()
    page.unroute("**/capabilities/")
    page.go_back()
    expect(page.get_by_role("columnheader", name="With Catalog down")).to_have_count(0)
