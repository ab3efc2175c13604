"""An objective written in a real browser: by keyboard alone, with its preview beside it, on a phone too."""

import re
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from django.db import connections
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from slo.maths.windows import to_epoch
from slo.models import Objective, Source
from slo.services import survey
from slo.sources.fake import Fake, standing_in
from tests.dashboards.conftest import log_in, stop_clocks, tab_to
from tests.dashboards.world import trouble
from tests.factories import NOW
from tests.servers import Console

DAY = 86_400


@pytest.fixture
def fake(
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
    settings: LazySettings,
    live_server: LiveServer,
    page: Page,
) -> Iterator[Fake]:
    """The world in trouble and a Prometheus with 30 days of history, seen by somebody with every right."""
    stop_clocks(monkeypatch, NOW)
    survey.forget()
    trouble()
    Source.objects.create(name="prometheus", kind="prometheus", spec={"url": "http://prometheus.example"})
    log_in(page, live_server, "admin")
    end = to_epoch(NOW)
    with standing_in() as source:
        for at in range(end - 29 * DAY, end + 1, 21_600):
            source.count("requests_total", at, 1_000, bad=at // 21_600 % 4 == 1)
        for at in range(end - 3 * DAY, end - 3 * DAY + 1_800, 300):
            source.count("requests_total", at, 1_000, bad=400)
        yield source
    connections.close_all()


def test_an_objective_is_created_by_keyboard_alone_with_its_preview_beside(
    page: Page, live_server: LiveServer, fake: Fake
) -> None:
    expect.set_options(timeout=15_000)
    page.goto(f"{live_server.url}/objectives/")
    tab_to(page, "a[href='/objectives/new/']")
    page.keyboard.press("Enter")
    preview, yaml = page.locator("#preview-body"), page.locator("#yaml")
    expect(preview).to_contain_text("Fill in the form")
    for field, words in {
        "name": "checkout",
        "title": "Checkout answers",
        "source": "prometheus",
        "total": "requests_total",
        "part": 'requests_total{code="500"}',
        "service": "The shop",
    }.items():
        tab_to(page, f"#f-{field}")
        page.keyboard.type(words)
    expect(page.locator("#f-service")).to_be_focused()
    expect(yaml).to_have_value(re.compile("displayName: Checkout answers\n"))
    expect(preview).to_contain_text("There would have been 1 page")
    expect(page.locator("#f-service")).to_be_focused()
    tab_to(page, "#preview summary")
    page.keyboard.press("Enter")
    tab_to(page, "#f-target")
    page.keyboard.press("Control+A")
    page.keyboard.type("9x")
    expect(page.locator("#marks")).to_contain_text("target")
    expect(page.locator("#e-target")).not_to_be_empty()
    expect(page.locator("#f-target")).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Control+A")
    page.keyboard.type("95")
    expect(preview).to_contain_text("target 95")
    expect(page.locator("#preview details")).to_have_attribute("open", "")
    expect(page.locator("#f-target")).to_be_focused()
    expect(page.locator("#marks")).to_be_empty()
    expect(page.locator("#f-target")).not_to_have_attribute("aria-invalid", "true")
    tab_to(page, "#yaml")
    page.keyboard.press("Control+Home")
    lines = yaml.input_value().split("\n")
    for _ in range(next(number for number, line in enumerate(lines) if line.endswith("target: 0.95"))):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("Backspace")
    page.keyboard.type("98")
    expect(page.locator("#f-target")).to_have_value("99.8")
    expect(yaml).to_be_focused()
    tab_to(page, "button[value='save']")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/objectives/checkout/$"))
    assert Objective.objects.get(name="checkout").target == 0.998
    page.goto(f"{live_server.url}/objectives/")
    expect(page.locator(".objectives")).to_contain_text("Checkout answers")


def test_a_server_that_is_away_is_told_and_nothing_is_lost(
    page: Page, live_server: LiveServer, fake: Fake, console: Console
) -> None:
    console.allow("ERR_FAILED|htmx:")
    page.goto(f"{live_server.url}/objectives/new/")
    page.route("**/objectives/new/**", lambda route: route.abort())
    page.fill("#f-name", "checkout")
    expect(page.locator("#preview-body")).to_contain_text("What you have written is still here")
    page.unroute_all()
    page.fill("#f-title", "Checkout")
    expect(page.locator("#preview-body")).to_contain_text("What is missing")
    expect(page.locator("#f-name")).to_have_value("checkout")
