"""The loop, end to end: a service fails, people are told, a feature is dimmed; it recovers, and all of it is undone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.catalog import FLAG, OBJECTIVE, RUNBOOK, TITLE
from tests.journeys.stage import Stage
from tests.servers import until

TICK = 1
# From the first error: 4 s until the window of 12 s is above its factor, two evaluations in a row, one delivery.
TOLD_WITHIN = 15 * TICK
# From the last error: 10 s until the window of 12 s is calm again, 6 s of calm, one step.
UNDONE_WITHIN = 30 * TICK
# From a worker's or a Prometheus's return: a lost lease ends after 30 s; the rest is patience with slow machines.
RECOVERED_WITHIN = 60
# An open page refreshes itself; milliseconds.
REFRESHED_WITHIN = 15_000

pytestmark = pytest.mark.timeout(400)


def expect_one_story(during: list[tuple[str, str]], after: tuple[str, str]) -> None:
    """One message that it burns, perhaps one whether shedding helped, and one that it is over; none twice."""
    assert [status for status, _ in during] in (["firing"], ["firing", "firing"])
    assert after[0] == "resolved"
    keys = [key for _, key in (*during, after)]
    assert len(set(keys)) == len(keys)


def test_errors_are_told_and_shed_and_everything_is_undone_after_them(stage: Stage, page: Page) -> None:
    page.goto(stage.brownout.url)
    stage.traffic.flow(good=10)
    stage.traffic.await_scrapes(3)
    assert stage.alerts() == []

    stage.traffic.flow(good=5, bad=5)
    until(stage.alerts, TOLD_WITHIN, what="an alert in Alertmanager")
    until(lambda: not stage.application.sees(FLAG), TOLD_WITHIN, what=f"{FLAG} to be off for the application")
    assert stage.application.sees("card-payments"), "tier 1 is never shed by itself"
    [alert] = stage.alerts()
    assert alert["labels"]["severity"] == "page"
    address = f"{stage.brownout.url}/runbooks/{RUNBOOK}/?alert="
    assert re.fullmatch(rf"{re.escape(address)}\d+", alert["annotations"]["runbook_url"])
    burning = page.get_by_role("region", name="Firing alerts").get_by_role("link", name=TITLE)
    runbook = page.locator(f'main a[href^="/runbooks/{RUNBOOK}/?alert="]')
    shed = page.locator(f'main a[href="/flags/#flag-{FLAG}"]')
    for seen in (burning, runbook, shed):
        expect(seen.first).to_be_visible(timeout=REFRESHED_WITHIN)

    stage.traffic.flow(good=10)
    until(lambda: stage.alerts() == [], UNDONE_WITHIN, what="Alertmanager to have it resolved")
    until(lambda: stage.application.sees(FLAG), UNDONE_WITHIN, what=f"{FLAG} to be on again")
    for gone in (burning, runbook, shed):
        expect(gone).to_have_count(0, timeout=REFRESHED_WITHIN)

    stage.traffic.pause()
    stage.await_equality()
    *during, after = stage.messages()
    expect_one_story(during, after)
    [told] = stage.pager.requests[0].json["alerts"]
    assert TITLE in told["brownout"]["title"]
    assert told["labels"]["objective"] == OBJECTIVE


def test_a_killed_worker_and_a_lost_prometheus_lose_nothing_and_double_nothing(stage: Stage) -> None:
    stage.traffic.flow(good=10)
    stage.traffic.await_scrapes(3)

    # The pager is slow: the worker dies after the request went out and before its answer was written down.
    stage.pager.answer(200, delay=4)
    stage.traffic.flow(good=5, bad=5)
    stage.pager.wait(1, RECOVERED_WITHIN)
    stage.brownout.worker.kill()

    stage.prometheus.kill()
    stage.traffic.await_silence(3)
    stage.brownout.worker.start()
    stage.prometheus.start()
    stage.prometheus.await_scrape(stage.service.url)
    until(lambda: not stage.application.sees(FLAG), RECOVERED_WITHIN, what=f"{FLAG} to be off for the application")
    until(stage.alerts, RECOVERED_WITHIN, what="the alert in Alertmanager")

    # Once more while it calms down: what was counted before must not be counted again.
    stage.traffic.flow(good=10)
    stage.brownout.worker.kill()
    stage.traffic.await_scrapes(4)
    stage.brownout.worker.start()
    until(lambda: stage.application.sees(FLAG), RECOVERED_WITHIN, what=f"{FLAG} to be on again")
    until(lambda: stage.alerts() == [], RECOVERED_WITHIN, what="Alertmanager to have it resolved")
    until(lambda: "resolved" in dict(stage.messages()), RECOVERED_WITHIN, what="the pager to be told of the end")
    stage.traffic.pause()
    stage.await_equality()

    began, again, *rest = stage.messages()
    assert began[1] == again[1], "the message whose answer was lost comes again, under its key"
    expect_one_story([began, *rest[:-1]], rest[-1])
    changes = stage.brownout.get(f"/api/v1/flags/{FLAG}/changes")["changes"]
    # It comes back for a tenth, a quarter and half of the users before all have it.
    assert [change["cause"] for change in changes] == ["restored", "ramped", "ramped", "ramped", "shed"]
