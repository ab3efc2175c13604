"""Every page at three widths in both themes: nothing jumps, scrolls sideways or complains, and axe finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connections
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, ViewportSize, expect
from pytest_django.live_server_helper import LiveServer

from tests.dashboards.conftest import stop_clocks
from tests.dashboards.matrix import NO_PAGES, PAGES, furnished, patterns
from tests.dashboards.world import person
from tests.factories import NOW
from tests.servers import Console

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERY_RULE: dict[str, Any] = {"runOnly": {"type": "tag", "values": TAGS}, "rules": {"target-size": {"enabled": True}}}
# What a width changes beside the layout, and what a theme changes.
OF_THE_WIDTH: dict[str, Any] = {"runOnly": ["target-size", "scrollable-region-focusable", "link-name", "button-name"]}
OF_THE_THEME: dict[str, Any] = {"runOnly": ["color-contrast", "link-in-text-block"]}
LOOKS: dict[str, dict[int, dict[str, Any] | None]] = {
    "light": {360: None, 390: EVERY_RULE, 768: OF_THE_WIDTH, 1440: EVERY_RULE},
    "dark": {360: None, 390: OF_THE_THEME, 768: None, 1440: OF_THE_THEME},
}
FOUND = """options => axe.run(document, {...options, resultTypes: ["violations"], elementRef: false}).then(result =>
  result.violations.flatMap(rule => rule.nodes.map(({target, any, all, none}) =>
    `${rule.id}: ${target.join(" ")} – ${[...any, ...all, ...none][0]?.message ?? ""}`)))"""
TOO_WIDE = """width => [...document.querySelectorAll("body *")]
  .filter(element => element.getBoundingClientRect().right > width + 1 && !element.closest(".scroll, svg, pre"))
  .slice(0, 3).map(element => element.tagName + "." + element.className)"""

# The Layout Instability API: how much of what was drawn moved to elsewhere while the page was made ready.
JUMPED = """() => new Promise(resolve => {
  let sum = 0;
  const add = list => list.getEntries().forEach(entry => { sum += entry.value; });
  new PerformanceObserver(add).observe({type: "layout-shift", buffered: true});
  setTimeout(() => resolve(sum), 50);
})"""
# A tenth of what is called good. On a busy machine a long page is painted before its last table is read.
STILL = 0.01


def test_every_page_has_its_place_in_the_matrix() -> None:
    others = {name for name in patterns() if name not in PAGES and (name in NO_PAGES or not _answers(name))}
    assert patterns().keys() - others == PAGES.keys(), "tests/dashboards/matrix.py lists the pages"


def _answers(name: str) -> bool:
    """Does the address answer to GET? A view that only acts refuses before it reads anything."""
    values = {key: 1 if "int" in type(kind).__name__.lower() else "x" for key, kind in patterns()[name].items()}
    try:
        return Client(raise_request_exception=False).get(reverse(name, kwargs=values)).status_code != 405
    except RuntimeError:  # it wanted to read the database, which this test has not
        return True


@pytest.fixture
def addresses(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings, live_server: LiveServer
) -> Iterator[dict[str, int | str]]:
    stop_clocks(monkeypatch, NOW)
    settings.PUBLIC_READ = settings.PUBLIC_STATUS = settings.DEBUG = True
    settings.EMAIL_HOST = "mail.example"
    yield furnished()[1]
    connections.close_all()


@pytest.mark.parametrize("theme", LOOKS)
def test_no_page_scrolls_sideways_complains_or_shuts_somebody_out(
    theme: str, browser: Browser, addresses: dict[str, int | str], live_server: LiveServer
) -> None:
    dark = theme == "dark"
    context = browser.new_context(reduced_motion="reduce", color_scheme="dark" if dark else "light")
    client = Client()
    client.force_login(person("admin"), backend="django.contrib.auth.backends.ModelBackend")
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page = context.new_page()
    console = Console(page)
    wrong: list[str] = []
    try:
        for path in (path.format(**addresses) for paths in PAGES.values() for path in paths):
            if "nonsense" in path:
                console.allow("404")
            page.set_viewport_size({"width": 1440, "height": 900})
            page.goto(live_server.url + path)
            expect(page.locator("[data-plot]:not([data-linked])")).to_have_count(0, timeout=20_000)
            if (jumped := page.evaluate(JUMPED)) > STILL:
                wrong.append(f"{path}: jumps while it loads, by {jumped:.4f}")
            wrong += [f"{path}: {finding}" for finding in _findings(page, LOOKS[theme])]
            wrong += [f"{path}: {complaint}" for complaint in console.unexpected()]
            console.complaints.clear()
    finally:
        context.close()
    assert wrong == [], "\n" + "\n".join(wrong)


REACHABLE = """[...document.querySelectorAll(".scroll")].every(
    (element) => element.scrollWidth <= element.clientWidth || element.tabIndex >= 0)"""


def _findings(page: Page, looks: dict[int, dict[str, Any] | None]) -> Iterator[str]:
    page.evaluate(AXE)
    if page.locator("h1").count() != 1:
        yield "needs exactly one h1"
    for width, rules in sorted(looks.items(), reverse=True):
        page.set_viewport_size(ViewportSize(width=width, height=900))
        page.evaluate("scrollTo(0, 0)")  # what sticks to the top hides nothing on a page as it is opened
        if not _fits(page, width):
            yield f"{width} px: scrolls sideways: {page.evaluate(TOO_WIDE, width)}"
        if rules:
            _settle(page)
            yield from (f"{width} px: {finding}" for finding in page.evaluate(FOUND, rules))


def _settle(page: Page) -> None:
    """Tables that scroll become reachable by keyboard a moment after the width has changed."""
    for _ in range(20):
        if page.evaluate(REACHABLE):
            return
        page.wait_for_timeout(50)


def _fits(page: Page, width: int) -> bool:
    """Does nothing reach beyond the width? Charts take a moment to follow it."""
    for _ in range(20):
        if page.evaluate("document.documentElement.scrollWidth") <= width:
            return True
        page.wait_for_timeout(50)
    return False
