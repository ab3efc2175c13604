"""How soon people can work with a page of the demo, in a real browser with nothing in its caches.

Interactive is a page that has loaded, after the last task that kept the browser for more than 50 ms (charts are drawn
in idle moments after that, and are told apart). The time of the browser's main thread does not depend on what else the
machine does; waiting does.
"""

import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from playwright.sync_api import Browser, Page

from tests.screenshots import demo
from tests.servers import running
from tests.servers.chromium import chromium

WANTED, ASKED = 1.0, 3  # seconds, times
LOGIN = ("admin", "demo-admin")
# One of each kind that lists lead to: its list, and the link to the first.
FIRST = {
    "/objectives/": "main th a[href^='/objectives/']",
    "/alerts/": "main th a[href^='/alerts/']",
    "/components/": "main th a[href^='/components/']",
    "/availability/": "main th a[href^='/availability/']",
    "/runbooks/": "main a[href^='/runbooks/']:not([href='/runbooks/new'])",
    "/channels/": "main th a[href^='/channels/']",
}
OTHERS = ("/", "/wallboard/", "/status/", "/objectives/new/", "/dependencies/", "/runbooks/new")
RAIL = "[...document.querySelectorAll('.rail a[href]')].map((link) => link.getAttribute('href'))"
OBSERVED = """() => new Promise((done) => {
  const tasks = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries())).observe({ type: "longtask", buffered: true });
  setTimeout(() => {
    const { loadEventEnd, responseStart } = performance.getEntriesByType("navigation")[0];
    const drawn = performance.getEntriesByName("charts-begin")[0]?.startTime ?? Infinity;
    const ends = (of) => of.map((task) => task.startTime + task.duration);
    done({
      first: responseStart,
      interactive: Math.max(loadEventEnd, ...ends(tasks.filter((task) => task.startTime < drawn))),
      drawn: Number.isFinite(drawn) ? Math.max(drawn, ...ends(tasks)) : 0,
      longest: Math.max(0, ...tasks.map((task) => task.duration)),
    });
  }, 1500);
})"""


def run(url: str) -> None:
    """Print it for every page of the rail and one of each kind, slowest first; without a `url` of a demo of its own."""
    with ExitStack() as stack:
        url = url.rstrip("/") or stack.enter_context(demo())
        browser = stack.enter_context(running(chromium))
        page = _logged_in(browser, url)
        found = [(path, _measured(browser, page, url + path)) for path in dict.fromkeys(_paths(page, url))]
    for path, seen in sorted(found, key=lambda each: -each[1]["interactive"]):
        late = "" if seen["interactive"] <= WANTED * 1e3 else f" (more than {WANTED:.0f} s)"
        charts = f", charts drawn after {seen['drawn']:.0f} ms" if seen["drawn"] else ""
        print(
            f"{path}: interactive after {seen['interactive']:.0f} ms{late}, first byte {seen['first']:.0f} ms{charts}; "
            f"{seen['cpu']:.0f} ms of the main thread, longest task {seen['longest']:.0f} ms"
        )


def _logged_in(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(f"{url}/login/")
    page.get_by_label("Name").fill(LOGIN[0])
    page.get_by_label("Password").fill(LOGIN[1])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{url}/")
    return page


def _paths(page: Page, url: str) -> Iterator[str]:
    yield from OTHERS
    yield from page.evaluate(RAIL)
    for path, link in FIRST.items():
        page.goto(url + path)
        first = page.locator(link)
        if first.count():
            yield (first.first.get_attribute("href") or "").split("#")[0]


def _measured(browser: Browser, page: Page, address: str) -> dict[str, float]:
    """The medians of some visits, each in a browser that has seen nothing yet."""
    visits = [_visit(browser, page, address) for _ in range(ASKED)]
    return {name: statistics.median(visit[name] for visit in visits) for name in visits[0]}


def _visit(browser: Browser, page: Page, address: str) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, storage_state=page.context.storage_state())
    try:
        visitor = context.new_page()
        tools = context.new_cdp_session(visitor)
        tools.send("Performance.enable", {"timeDomain": "threadTicks"})
        visitor.goto(address, wait_until="load")
        seen: dict[str, float] = visitor.evaluate(OBSERVED)
        metrics: list[dict[str, Any]] = tools.send("Performance.getMetrics")["metrics"]
        busy = next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")
        return seen | {"cpu": 1e3 * float(busy)}
    finally:
        context.close()
