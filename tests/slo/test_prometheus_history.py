"""What Prometheus remembers is counted to the event: whole fleets over hours, made up without waiting."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from slo.maths.windows import floor_to
from slo.sources.base import Query, Reading
from slo.sources.prometheus import PATIENCE
from slo.sources.prometheus import Prometheus as Source
from tests.servers import Prometheus, running
from tests.slo.fleet import SCRAPE, Process, openmetrics, scrapes, steady

pytestmark = pytest.mark.integration

TICK = 30
LENGTH = 3 * 3600
START = floor_to(int(time.time()), 7200) - 8 * 3600
END = START + LENGTH + 600


def fleet(name: str) -> list[Process]:
    """The processes of a story, by its name."""
    numbers = random.Random(name)
    phases = [numbers.uniform(0, SCRAPE) for _ in range(3)]
    whole = [(f"r{n}", scrapes(phase, LENGTH)) for n, phase in enumerate(phases)]

    def bursts(moment: float) -> tuple[int, int]:
        return (4000, 100) if moment % 3600 < 60 else (numbers.randrange(3), 0)

    def rare(_: float) -> tuple[int, int]:
        return (0, 0) if numbers.random() > SCRAPE / 300 else (0, 1)

    def silent(_: float) -> tuple[int, int]:
        return 0, 0

    def late(moment: float) -> tuple[int, int]:
        return (700, 9) if LENGTH - 615 < moment < LENGTH - 590 else (40, 1)

    def cut(moments: list[float], *at: float) -> list[list[float]]:
        edges = [0.0, *sorted(at), LENGTH + 1.0]
        parts = [[moment for moment in moments if low <= moment < high] for low, high in pairwise(edges)]
        return [part for part in parts if part]

    stories: dict[str, Callable[[], list[Process]]] = {
        "steady": lambda: [Process(i, seen, steady) for i, seen in whole],
        "bursts": lambda: [Process(i, seen, bursts) for i, seen in whole],
        "rare": lambda: [Process(i, seen, rare) for i, seen in whole],
        "idle": lambda: [Process(i, seen, silent) for i, seen in whole],
        "restarts": lambda: [
            Process(i, part, steady) for i, seen in whole for part in cut(seen, *numbers.sample(range(LENGTH), 6))
        ],
        "restarts at low traffic": lambda: [
            Process(i, part, rare) for i, seen in whole for part in cut(seen, *numbers.sample(range(LENGTH), 6))
        ],
        "restarts that look like progress": lambda: [
            Process("r0", whole[0][1][:3], steady),
            Process("r0", whole[0][1][3:], lambda _: (400, 10)),
        ],
        "a counter born long after a restart": lambda: [
            Process("r0", whole[0][1][:100], lambda m: (0, int(m < 30))),
            Process("r0", whole[0][1][100:], lambda m: (0, int(m > 4000))),
        ],
        "rolling deploys": lambda: [
            Process(f"{i}-{n}", part, steady)
            for i, seen in whole
            for n, part in enumerate(cut(seen, *numbers.sample(range(LENGTH), 5)))
        ],
        "twenty minutes away": lambda: [
            Process(i, [m for m in seen if not 4000 < m < 5200], steady) for i, seen in whole
        ],
        "restarted while away": lambda: [
            Process(i, [m for m in part if not 4000 < m < 5200], steady)
            for i, seen in whole
            for part in cut(seen, 4600)
        ],
        "born while nobody looked": lambda: [
            Process("r0", [m for m in whole[0][1] if not 4000 < m < 6000], steady),
            Process("r9", [m for m in whole[1][1] if m >= 6000], steady, started=4100),
        ],
        "long running when first seen": lambda: [
            Process("r0", whole[0][1], steady),
            Process("old", [m for m in whole[1][1] if m > 5000], steady, started=-90_000, already=1_000_000),
        ],
        "away for longer than the horizon": lambda: [
            Process("r0", whole[0][1], steady),
            Process("r1", [m for m in whole[1][1] if not 600 < m < LENGTH - 600], late, started=-90_000, already=5000),
        ],
        "replaced while away for longer than the horizon": lambda: [
            Process("r0", whole[0][1], steady),
            Process("r1", whole[1][1][:40], steady, started=-90_000, already=5000),
            Process("r1", whole[1][1][-40:], late, started=LENGTH - 4000),
        ],
        "known by other labels": lambda: [
            Process("r0", whole[0][1], steady),
            Process("r1", whole[1][1], steady, started=-90_000, already=5000, renamed=5000),
        ],
        "rolling restarts at different times": lambda: [
            Process(i, part, steady)
            for n, (i, seen) in enumerate(whole)
            for part in cut(seen, *range(1500 + 37 * n, LENGTH, 1800))
        ],
        "restarts with a moment of silence": lambda: [
            Process(i, [m for m in part if not part[0] + 100 < m < part[0] + 190], rare)
            for i, seen in whole
            for part in cut(seen, *numbers.sample(range(LENGTH), 4))
        ],
    }
    return stories[name]()


STORIES = (
    "steady",
    "bursts",
    "rare",
    "idle",
    "restarts",
    "restarts at low traffic",
    "restarts that look like progress",
    "a counter born long after a restart",
    "rolling deploys",
    "twenty minutes away",
    "restarted while away",
    "born while nobody looked",
    "long running when first seen",
    "away for longer than the horizon",
    "replaced while away for longer than the horizon",
    "known by other labels",
    "rolling restarts at different times",
    "restarts with a moment of silence",
)


def baselines(processes: Sequence[Process]) -> tuple[int, int]:
    """What was counted by the first scrape of a process that had been running for long: not new events."""
    old = [process for process in processes if process.already]
    first = [process.rate(0) for process in old]
    return sum(good + bad for good, bad in first), sum(bad for _, bad in first)


@pytest.fixture(scope="module")
def told() -> dict[str, list[Process]]:
    fleets = {name: fleet(name) for name in STORIES}
    for name, processes in fleets.items():
        for process in processes:
            process.live(name, random.Random(name), START)
    return fleets


@pytest.fixture(scope="module")
def server(told: dict[str, list[Process]]) -> Iterator[Prometheus]:
    text = openmetrics(process for processes in told.values() for process in processes)

    def make() -> Prometheus:
        made = Prometheus()
        made.load(text)
        return made

    with running(make) as started:
        yield started


def ask(server: Prometheus, story: str, start: int = START, end: int = END, tick: int = TICK) -> Reading:
    selector = f'{{job="{story}"}}'
    query = Query(1, total=f"requests_total{selector}", bad=f"errors_total{selector}")
    return Source(server.url, SCRAPE).collect([query], start, end, tick)[0]


def sums(reading: Reading) -> tuple[float, float]:
    return sum(s.total for s in reading.samples), sum(s.total - s.good for s in reading.samples)


@pytest.mark.parametrize("story", STORIES)
def test_every_event_is_counted_once(server: Prometheus, told: dict[str, list[Process]], story: str) -> None:
    reading = ask(server, story)
    total, bad = baselines(told[story])
    truth: tuple[float, float] = sum(p.total for p in told[story]) - total, sum(p.bad for p in told[story]) - bad
    assert reading.problem == ""
    assert sums(reading) == truth
    assert all(float(s.total).is_integer() and s.good >= 0 for s in reading.samples)


@pytest.mark.parametrize("story", ["steady", "restarts", "rolling deploys", "long running when first seen"])
def test_a_span_gives_the_same_however_it_is_cut(server: Prometheus, story: str) -> None:
    whole = ask(server, story)
    half = START + 5010
    assert ask(server, story, START, half).samples + ask(server, story, half, END).samples == whole.samples
    assert ask(server, story, half - 180, half).samples == tuple(s for s in whole.samples if half - 180 < s.at <= half)


@pytest.mark.parametrize("tick", [5, 12, 20, 60])
def test_any_tick_counts_the_same(server: Prometheus, tick: int) -> None:
    end = START + floor_to(LENGTH, 60)
    assert sums(ask(server, "restarts", START, end, tick)) == sums(ask(server, "restarts", START, end))


def test_what_prometheus_does_not_know_is_not_observed(server: Prometheus) -> None:
    samples = ask(server, "twenty minutes away").samples
    # Some scrapes may fail before nothing is taken for known any more.
    gap = [sample for sample in samples if START + 4000 + PATIENCE * SCRAPE + TICK < sample.at <= START + 5190]
    assert gap
    assert all((sample.total, sample.observed) == (0, 0) for sample in gap)
    assert {sample.observed for sample in samples if START + 60 < sample.at <= START + 4000} == {TICK}


def test_objectives_asked_together_get_what_each_gets_alone(server: Prometheus) -> None:
    asked = [
        Query(number, total=f'requests_total{{job="{story}"}}', bad=f'errors_total{{job="{story}",instance!="x"}}')
        for number, story in enumerate(STORIES)
    ]
    odd = [
        replace(asked[0], objective=100),  # the same again
        Query(101, total='requests_total{job="steady"}', bad='errors_total{job="steady",instance=~"(?<!x)r0"}'),
        Query(102, total='requests_total{job="gone"}', bad='errors_total{job="gone"}'),
    ]
    readings = Source(server.url, SCRAPE).collect([*asked, *odd], START, END, TICK)
    assert [reading.samples for reading in readings[: len(asked)]] == [ask(server, story).samples for story in STORIES]
    same, refused, gone = readings[len(asked) :]
    assert same.samples == readings[0].samples
    assert "the bad query is refused" in refused.problem
    assert not any(sample.observed for sample in gone.samples)
