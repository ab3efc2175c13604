"""History is put before what was measured, and changes none of it."""

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from slo import selectors_ledger
from slo.errors import BackfillError
from slo.maths.windows import from_epoch, to_epoch
from slo.models import Objective, Watermark
from slo.services.backfill import backfill
from slo.services.collect import collect
from slo.sources.fake import Fake, standing_in
from tests import factories
from tests.factories import NOW

START = to_epoch(NOW)
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _tick(settings: Settings) -> None:
    settings.TICK_SECONDS = 30


@pytest.fixture
def fake() -> Iterator[Fake]:
    """Ten events a minute for ten hours, one of them bad."""
    with standing_in("prometheus") as made:
        for minute in range(-600, 30):
            made.count("hits", START + 60 * minute, 10, bad=1)
        yield made


def objective(counter: str = "hits", **fields: Any) -> Objective:
    return factories.objective(sli={"bad": f"{counter}_bad", "total": counter, "counter": True}, **fields)


def window(item: Objective, start: datetime, end: datetime) -> tuple[float, float, float]:
    sums = selectors_ledger.History(item, to_epoch(start), to_epoch(end)).window(to_epoch(start), to_epoch(end)).sums
    return sums.good, sums.total, sums.observed


def test_windows_reach_back_into_the_history(fake: Fake) -> None:
    item = objective()
    collect(NOW)
    collect(NOW + timedelta(minutes=5))
    measured = list(factories.sums(item))
    outcome = backfill([item], NOW - 3 * HOUR, NOW + HOUR, NOW + HOUR)[0]
    assert from_epoch(outcome.start) == NOW - 3 * HOUR
    assert "measurements from 2026-03-02 12:00:00 UTC on; these stay" in outcome.note
    assert list(factories.sums(item))[-len(measured) :] == measured
    assert window(item, NOW - 3 * HOUR, NOW + timedelta(minutes=5)) == (185 * 9, 185 * 10, 185 * 60)
    assert window(item, NOW - HOUR, NOW) == (540, 600, 3600)


def test_measuring_goes_on_after_a_backfill(fake: Fake) -> None:
    item = objective()
    collect(NOW)
    backfill([item], NOW - HOUR, NOW, NOW)
    collect(NOW + timedelta(minutes=10))
    assert window(item, NOW - HOUR, NOW + timedelta(minutes=10)) == (630, 700, 4200)


def test_a_ledger_that_has_not_begun_begins_now(fake: Fake) -> None:
    item = objective()
    backfill([item], NOW - HOUR, NOW, NOW)
    assert window(item, NOW - HOUR, NOW) == (540, 600, 3600)
    assert Watermark.objects.get(pk=item.pk).at == START


def test_older_history_gets_fewer_rows(fake: Fake) -> None:
    item = objective()
    backfill([item], NOW - 10 * HOUR, NOW, NOW)
    rows = [at for at, *_ in factories.sums(item)]
    assert len([at for at in rows if START - at <= 6 * 3600]) == 721
    assert {at % 60 for at in rows if START - at > 6 * 3600} == {0}
    assert window(item, NOW - 10 * HOUR, NOW) == (5400, 6000, 36_000)


def test_history_that_ends_earlier_leaves_a_span_without_data(fake: Fake) -> None:
    item = objective()
    collect(NOW)
    backfill([item], NOW - 2 * HOUR, NOW - HOUR, NOW)
    assert window(item, NOW - 2 * HOUR, NOW) == (540, 600, 3600)
    assert window(item, NOW - HOUR, NOW) == (0, 0, 0)


def test_filling_again_goes_on_before_what_is_there(fake: Fake) -> None:
    item = objective()
    collect(NOW)
    backfill([item], NOW - HOUR, NOW, NOW)
    again = backfill([item], NOW - HOUR, NOW, NOW)[0]
    assert from_epoch(again.start) == NOW - HOUR
    backfill([item], NOW - 2 * HOUR, NOW, NOW)
    assert window(item, NOW - 2 * HOUR, NOW) == (1080, 1200, 7200)


def test_an_interrupted_run_keeps_what_it_has(fake: Fake) -> None:
    item = objective()
    collect(NOW)
    fake.outage(START - 3 * 3600 - 1, START - 2 * 3600)
    outcome = backfill([item], NOW - 4 * HOUR, NOW, NOW)[0]
    assert outcome.failed
    assert outcome.note == "the fake source is out of order"
    assert from_epoch(outcome.start) == NOW - 2 * HOUR
    fake._outages.clear()
    backfill([item], NOW - 4 * HOUR, NOW, NOW)
    assert window(item, NOW - 4 * HOUR, NOW) == (2160, 2400, 14_400)


def test_a_broken_objective_is_told_and_the_others_are_filled(fake: Fake) -> None:
    item = objective()
    broken = objective("broken", source=item.source)
    fake.broken["broken"] = "no such thing"
    outcomes = backfill([item, broken], NOW - HOUR, NOW, NOW)
    assert [(outcome.failed, outcome.note) for outcome in outcomes] == [(False, ""), (True, "no such thing")]
    assert window(item, NOW - HOUR, NOW) == (540, 600, 3600)


def test_progress_is_told_up_to_the_end(fake: Fake) -> None:
    shares: list[float] = []
    backfill([objective()], NOW - 4 * HOUR, NOW, NOW, shares.append)
    assert shares == [0.25, 0.5, 0.75, 1.0]


def test_a_source_that_knows_only_the_present_is_refused() -> None:
    spec = {"targets": ["http://127.0.0.1:1/metrics"]}
    item = objective(source=factories.source("pages", kind="scrape", spec=spec))
    with pytest.raises(BackfillError, match="pages, which knows only the present"):
        backfill([item], NOW - HOUR, NOW, NOW)
    assert not Watermark.objects.exists()


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        (NOW, NOW, "--since must be before --until"),
        (NOW, NOW - HOUR, "--since must be before --until"),
        (NOW - timedelta(days=400), NOW, "history is kept from 2025-01-30 on"),
    ],
)
def test_spans_that_make_no_sense_are_refused(fake: Fake, since: datetime, until: datetime, message: str) -> None:
    with pytest.raises(BackfillError, match=message):
        backfill([objective()], since, until, NOW)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("backfill", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_how_far_back_each_objective_reaches(fake: Fake) -> None:
    objective(), factories.objective("checkout")
    since = (datetime.now(NOW.tzinfo) - HOUR).replace(microsecond=0, second=0)
    told = run("--since", since.isoformat(), "checkout")
    assert told == f"checkout: measured since {since:%Y-%m-%d %H:%M:%S} UTC\n"
    assert len(run("--since", since.isoformat()).splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--since", "yesterday"], "--since 'yesterday' is no time"),
        (["--since", "2026-03-01T00:00"], "has no time zone"),
        (["--since", "2026-03-01T00:00Z", "--until", "2026-02-01T00:00Z"], "--since must be before --until"),
        (["--since", "2026-03-01T00:00Z", "nothing"], "no objective named 'nothing'"),
        (["--since", "2026-03-01T00:00Z"], "no objective whose source remembers"),
    ],
)
def test_the_command_explains_what_it_cannot_do(arguments: list[str], message: str) -> None:
    if "--until" in arguments:
        objective()
        with standing_in("prometheus"), pytest.raises(CommandError, match=message):
            run(*arguments)
        return
    with pytest.raises(CommandError, match=message):
        run(*arguments)


def test_the_command_fails_when_an_objective_could_not_be_filled(fake: Fake) -> None:
    objective("broken")
    fake.broken["broken"] = "no such thing"
    since = (datetime.now(NOW.tzinfo) - HOUR).isoformat()
    with pytest.raises(CommandError, match="1 of 1 objectives could not be filled"):
        run("--since", since)
