"""Where no observer can count to the event, the figure stays within a bound that is known; and what comes late counts.

| case | counted |
| --- | --- |
| a counter that a restart brings beyond its old value, without start times | less, by at most the old value |
| so many of these at once that not each is looked into | the same |
| a long-running process found only now, without start times | more, by at most what it had counted already |
| a target that was away for more than a day | less, by at most what it counted meanwhile |
| a process found more than ten minutes after its start, though its job was seen | less, by at most its first value |
"""

import random
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from slo.maths.windows import floor_to, from_epoch
from slo.models import Watermark
from slo.services.collect import TAIL, collect
from slo.sources import restarts
from slo.sources.base import Query
from slo.sources.prometheus import Prometheus as Source
from tests import factories
from tests.conftest import PrometheusFactory
from tests.servers import Prometheus, running
from tests.slo.fleet import SCRAPE, Process, openmetrics, scrapes, steady

pytestmark = pytest.mark.integration

TICK, DAY = 30, 86_400
START = floor_to(int(time.time()), 7200) - 34 * 3600
END = START + DAY + 6 * 3600

BEFORE, AFTER = scrapes(3, 100), scrapes(1803, 2403)
LEAP = [Process("r0", BEFORE, steady), Process("r0", AFTER, lambda _: (500, 10))]
FLEETS = {
    "leaps": LEAP,
    "leaps without start times": [Process(p.instance, p.seen, p.rate, tells_start=False) for p in LEAP],
    "found without start times": [
        Process("r0", scrapes(2, 3000), steady, tells_start=False),
        Process("old", scrapes(2000, 3000), steady, already=70_000, tells_start=False),
    ],
    "away for more than a day": [
        Process("r0", [*scrapes(4, 600), *scrapes(DAY + 9000, DAY + 9600)], steady, started=-90_000, already=5000)
    ],
    "found late": [
        Process("r0", scrapes(5, 3000), steady),
        Process("r1", scrapes(2000, 3000), steady, started=1300),
    ],
}


@pytest.fixture(scope="module")
def server() -> Iterator[Prometheus]:
    for name, processes in FLEETS.items():
        for process in processes:
            process.live(name, random.Random(name), START)

    def make() -> Prometheus:
        made = Prometheus()
        made.load(openmetrics(process for processes in FLEETS.values() for process in processes))
        return made

    with running(make) as started:
        yield started


def counted(server: Prometheus, job: str) -> tuple[float, float]:
    """All and bad events, collected in spans as after an outage."""
    query = Query(1, total=f'requests_total{{job="{job}"}}', bad=f'errors_total{{job="{job}"}}')
    source = Source(server.url, SCRAPE)
    readings = [source.collect([query], at, at + 7200, TICK)[0] for at in range(START, END, 7200)]
    samples = [sample for reading in readings for sample in reading.samples]
    assert {reading.problem for reading in readings} == {""}
    return sum(s.total for s in samples), sum(s.total - s.good for s in samples)


def truth(job: str) -> tuple[int, int]:
    return sum(process.total for process in FLEETS[job]), sum(process.bad for process in FLEETS[job])


def test_with_start_times_a_leap_is_counted_to_the_event(server: Prometheus) -> None:
    assert counted(server, "leaps") == truth("leaps")


def test_without_start_times_a_leap_lacks_at_most_the_old_value(server: Prometheus) -> None:
    total, bad = truth("leaps without start times")
    old = FLEETS["leaps without start times"][0]
    assert counted(server, "leaps without start times") == (total - old.total, bad - old.bad)


def test_more_leaps_at_once_than_are_looked_into_lack_at_most_the_old_value(
    server: Prometheus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarts, "MOST", 0)
    total, bad = truth("leaps")
    old = FLEETS["leaps"][0]
    assert counted(server, "leaps") == (total - old.total, bad - old.bad)


def test_without_start_times_a_target_found_now_brings_what_it_had_counted(server: Prometheus) -> None:
    total, bad = truth("found without start times")
    assert counted(server, "found without start times") == (total + 70_000, bad)


def test_a_target_away_for_more_than_a_day_lacks_at_most_what_it_counted_meanwhile(server: Prometheus) -> None:
    # Both times it is found it gives its baseline: 41 events at the first scrape, of which one is bad.
    total, bad = truth("away for more than a day")
    assert counted(server, "away for more than a day") == (total - 2 * 41, bad - 2 * 1)


def test_a_process_found_late_lacks_at_most_its_first_value(server: Prometheus) -> None:
    total, bad = truth("found late")
    assert counted(server, "found late") == (total - 41, bad - 1)


# Late and twice -------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_late_and_repeated_samples_are_counted_once(prometheus: PrometheusFactory, settings: Settings) -> None:
    settings.TICK_SECONDS = TICK
    whole = [Process(f"r{n}", scrapes(3 + n, 3600), steady, started=-50) for n in range(2)]
    for process in whole:
        process.live("late", random.Random(1), START)
    known = START + 3000

    def until(at: int, *, but: int = 0) -> str:
        """What is there at an instant; of one target, what is younger than `but` seconds is not."""
        shown = [Process(process.instance, (), steady) for process in whole]
        for process, copy, late in zip(whole, shown, (0, but), strict=True):
            copy.lines = [line for line in process.lines if float(line.split()[-1]) <= at - late]
        return openmetrics(shown)

    server = prometheus(history=until(known, but=TAIL - TICK))
    item = factories.objective(
        sli={"counter": True, "bad": 'errors_total{job="late"}', "total": 'requests_total{job="late"}'},
        source=factories.source(spec={"url": server.url, "scrape_interval": SCRAPE}),
    )
    for ago in (1200, 600, 0):
        collect(from_epoch(known) - timedelta(seconds=ago))
    *_, before = factories.sums(item)
    server.stop()
    # All of it comes again, and with it what was late.
    server.load(until(known + TICK))
    server.start()
    collect(from_epoch(known + TICK))
    *_, (_, good, total, observed) = factories.sums(item)
    scraped = [m for p in whole for m in p.seen if known - 1200 < START + m <= known + TICK]
    assert (total, total - good) == (41 * len(scraped), len(scraped))
    assert before[2] < total
    assert observed == 1200 + TICK
    assert Watermark.objects.get().problem == ""
