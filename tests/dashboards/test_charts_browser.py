"""The charts of an objective in a real browser: pointed at, narrowed, taken along, repainted, and never jumping."""

import re
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db import connections
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.dashboards.conftest import stop_clocks
from tests.dashboards.world import trouble
from tests.factories import NOW
from tests.servers import until

PATH = "/objectives/orders-availability/"
RANGES = "[...document.querySelectorAll('[data-plot]')].map(plot => plot.layout.xaxis.range.map(String).join())"
# What moved by itself below the top of the page, whose clock ticks; with what the browser scores it.
WATCH_JUMPS = """
    window.jumps = [];
    const own = (entry) => entry.hadRecentInput ? [] : entry.sources.filter((source) => source.node?.closest?.("main"));
    const told = (entry) => own(entry).map((source) => `${entry.value} ${source.node.outerHTML}`);
    const watch = (list) => window.jumps.push(...list.getEntries().flatMap(told));
    new PerformanceObserver(watch).observe({ type: "layout-shift", buffered: true });
"""
# How many charts there were when drawing let the browser do something else.
WATCH_BREATHS = """
    window.breaths = [];
    const rest = scheduler.yield.bind(scheduler);
    scheduler.yield = () => rest(window.breaths.push(document.querySelectorAll("[data-linked]").length));
"""


@pytest.fixture
def charts(
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
    settings: LazySettings,
    live_server: LiveServer,
    page: Page,
) -> Iterator[Page]:
    """The page of an objective that burns, its charts drawn."""
    stop_clocks(monkeypatch, NOW)
    settings.PUBLIC_READ = True
    trouble()
    page.set_viewport_size({"width": 1280, "height": 1900})
    page.add_init_script(WATCH_JUMPS + WATCH_BREATHS)
    page.goto(f"{live_server.url}{PATH}?range=1h")
    drawn(page)
    yield page
    connections.close_all()


def drawn(page: Page) -> None:
    expect(page.locator("[data-plot][data-linked] .main-svg:first-child")).to_have_count(4, timeout=20_000)


def middle(chart: Locator, share: float) -> tuple[float, float]:
    box = chart.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    return box["x"] + box["width"] * share, box["y"] + box["height"] / 2


def refresh(page: Page) -> None:
    with page.expect_response("**/figures/**"):
        page.evaluate("htmx.trigger('#region', 'refresh')")
    page.wait_for_timeout(200)


def test_charts_are_repainted_for_the_theme_for_paper_and_for_a_picture(charts: Page) -> None:
    read = (
        "getComputedStyle(document.querySelector('.chart-budget .scatterlayer .trace:last-child path.js-line')).stroke"
    )
    light, dark = "rgb(42, 85, 196)", "rgb(143, 176, 255)"
    assert charts.evaluate(read) == light
    charts.emulate_media(color_scheme="dark")
    until(lambda: charts.evaluate(read) == dark, 5)
    charts.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert charts.evaluate(read) == light
    charts.evaluate("dispatchEvent(new Event('afterprint'))")
    until(lambda: charts.evaluate(read) == dark, 5)
    with charts.expect_download() as download:
        charts.get_by_role("button", name="PNG").first.click()
    assert download.value.suggested_filename == "orders-availability-budget-20260302T1100Z-20260302T1200Z.png"
    png = download.value.path().read_bytes()
    assert png.startswith(b"\x89PNG")
    assert (int.from_bytes(png[16:20]), int.from_bytes(png[20:24])) == (2_400, 1_120)
    charts.emulate_media(media="print")
    expect(charts.locator(".segments")).to_be_hidden()
    expect(charts.locator(".downloads").first).to_be_hidden()
    charts.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(charts.locator("#band-list")).to_contain_text("alert: ")


def test_pointing_at_one_chart_points_at_all_and_a_refresh_takes_nothing_away(charts: Page) -> None:
    assert charts.evaluate("breaths.slice(0, 4)") == [0, 1, 2, 3], "each chart is a task of its own"
    charts.locator("#figures-sli summary").click()
    x, y = middle(charts.locator(".chart-burns"), 0.6)
    charts.mouse.move(x, y)
    titles = charts.locator(".hoverlayer .legendtitletext")
    expect(titles).to_have_count(4)
    said = set(titles.all_text_contents())
    assert len(said) == 1
    assert re.fullmatch(r"2 Mar 11:\d\d UTC", said.pop() or "")
    expect(charts.locator(".chart-burns .hoverlayer")).to_contain_text("1h: 0×, below its 14.4×")
    refresh(charts)
    expect(titles).to_have_count(4)
    expect(charts.locator("#figures-sli")).to_have_attribute("open", "")
    charts.mouse.move(0, 0)
    expect(titles).to_have_count(0)
    assert charts.evaluate("jumps") == []


def test_dragging_over_one_chart_narrows_all_and_the_address_files_and_words_with_them(
    charts: Page, live_server: LiveServer
) -> None:
    usual = charts.evaluate(RANGES)[0]
    x, y = middle(charts.locator(".chart-sli"), 0.3)
    charts.mouse.move(x, y)
    charts.mouse.down()
    charts.mouse.move(middle(charts.locator(".chart-sli"), 0.6)[0], y, steps=5)
    with charts.expect_response("**/figures/?from=*"):
        charts.mouse.up()
    words = charts.locator("#range-words")
    expect(words).to_contain_text("2 Mar 2026 11:18 to 11:36 UTC")
    assert charts.url == f"{live_server.url}{PATH}?from=2026-03-02T11:18Z&to=2026-03-02T11:36Z"
    until(lambda: set(charts.evaluate(RANGES)) == {"2026-03-02T11:18:00,2026-03-02T11:36:00"}, 5)
    for chart in ("budget", "sli", "burns", "events"):
        href = charts.locator(f"#csv-{chart}").get_attribute("href")
        assert href == f"{PATH}figures/{chart}.csv?from=2026-03-02T11:18Z&to=2026-03-02T11:36Z"
        expect(charts.locator(f"#rows-{chart} tr").first).to_contain_text("2026-03-02 11:36")
    charts.mouse.dblclick(x, y)
    expect(charts.locator(".segments [aria-current]")).to_have_text("1h")
    until(lambda: set(charts.evaluate(RANGES)) == {usual}, 5)
    assert charts.url == f"{live_server.url}{PATH}?range=1h"
    charts.go_back()
    expect(words).to_contain_text("11:18 to 11:36")
