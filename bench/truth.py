"""How far figures are from what happened: Brownout's beside those of recording rules, from the same Prometheus.

A fleet of three replicas is scraped every 15 s for a day; every event up to the last scrape of each process is known.
As in life, the counter of errors is not there before the first one. The rules are those that generators write: the
error ratio over 5 minutes, recorded every 30 s, averaged over the period.
"""

import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.cost import loaded
from slo.maths.windows import floor_to
from slo.sources.base import Query
from slo.sources.prometheus import Prometheus as Source
from tests.servers import Prometheus

SCRAPE, TICK, REPLICAS, DAY, TARGET = 15, 30, 3, 86_400, 0.99
# What is collected in one go, as the collector does.
SPAN = 7_200

Rate = Callable[[int, random.Random], tuple[int, int]]
"""Good and bad events of a replica in the 15 s up to an instant (seconds into the day)."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How much happens; `restarts` and `gaps` are seconds between processes, and between absences of 20 minutes."""

    rate: Rate
    restarts: int = 0
    gaps: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """An SLI, and what it leaves of the error budget as a share; NaN where a tool has no figure."""

    sli: float
    remaining: float


@dataclass(frozen=True, slots=True)
class Compared:
    truth: Figures
    brownout: Figures
    rules: Figures


def _steady(_: int, numbers: random.Random) -> tuple[int, int]:
    return 60, int(numbers.random() < 0.3)


def _bursty(moment: int, numbers: random.Random) -> tuple[int, int]:
    return (5_400, 600) if 36_000 < moment <= 39_600 else (60, int(numbers.random() < 0.05))


def _low(_: int, numbers: random.Random) -> tuple[int, int]:
    return (0, 0) if numbers.random() > SCRAPE / 900 else (int(bad := numbers.random() > 0.05), 1 - int(bad))


TRAFFIC = {
    "steady": Traffic(_steady),
    "bursty": Traffic(_bursty),
    "low-traffic": Traffic(_low),
    "resetting": Traffic(_steady, restarts=1_800),
    "gappy": Traffic(lambda moment, n: (60, int(3_600 < moment % 14_400 < 4_800) * 6 or _steady(0, n)[1]), gaps=14_400),
}


def run() -> dict[str, Compared]:
    """Print and return the figures for each kind of traffic."""
    end = floor_to(int(time.time()), 7_200) - 7_200
    truth: dict[str, tuple[int, int]] = {}
    with loaded(_history(end, truth)) as server:
        found = {
            name: Compared(_figures(*truth[name]), _figures(*_counted(server, name, end)), _averaged(server, name, end))
            for name in TRAFFIC
        }
    for name, each in found.items():
        print(
            f"{name:>12}: SLI {each.truth.sli:.4%}, off by {_off(each.brownout.sli, each.truth.sli)} with Brownout and "
            f"{_off(each.rules.sli, each.truth.sli)} with rules; remaining budget {each.truth.remaining:.1%}, off by "
            f"{_off(each.brownout.remaining, each.truth.remaining)} and "
            f"{_off(each.rules.remaining, each.truth.remaining)}"
        )
    return found


def _history(end: int, truth: dict[str, tuple[int, int]]) -> Iterator[str]:
    lines: dict[str, list[str]] = {"requests_total": [], "errors_total": [], "process_start_time_seconds": []}
    for name, traffic in TRAFFIC.items():
        counted = [_live(name, replica, traffic, end - DAY, lines) for replica in range(REPLICAS)]
        truth[name] = sum(total for total, _ in counted), sum(bad for _, bad in counted)
    for family in lines.values():
        yield from family


def _live(name: str, replica: int, traffic: Traffic, start: int, lines: dict[str, list[str]]) -> tuple[int, int]:
    """Write down what is scraped from a replica; all and bad events up to its last scrape, less those at the first."""
    numbers = random.Random(f"{name} {replica}")
    labels, phase = f'job="{name}",instance="{replica}"', numbers.uniform(0, SCRAPE - 1)
    process, began, shown, sums = -1, -1, (0, 0), (0, 0)
    for moment in range(SCRAPE, DAY - SCRAPE, SCRAPE):
        life = (moment + 600 * replica) // traffic.restarts if traffic.restarts else 0
        if life != process:
            process, shown, began = life, (0, 0), moment - 5 if moment > SCRAPE else -DAY
        good, bad = traffic.rate(moment, numbers)
        shown = shown[0] + good + bad, shown[1] + bad
        if moment > SCRAPE:  # Nobody knows what a process counted before it was first looked at.
            sums = sums[0] + good + bad, sums[1] + bad
        if traffic.gaps and 3_600 < moment % traffic.gaps < 4_800:
            continue
        at = f"{start + moment + phase:.3f}"
        lines["requests_total"].append(f"requests_total{{{labels}}} {shown[0]} {at}")
        if shown[1]:
            lines["errors_total"].append(f"errors_total{{{labels}}} {shown[1]} {at}")
        lines["process_start_time_seconds"].append(f"process_start_time_seconds{{{labels}}} {start + began} {at}")
    return sums


def _counted(server: Prometheus, name: str, end: int) -> tuple[float, float]:
    query = Query(1, total=f'requests_total{{job="{name}"}}', bad=f'errors_total{{job="{name}"}}')
    source = Source(server.url, SCRAPE)
    readings = [source.collect([query], at, at + SPAN, TICK)[0] for at in range(end - DAY, end, SPAN)]
    samples = [sample for reading in readings for sample in reading.samples]
    total = math.fsum(sample.total for sample in samples)
    return total, total - math.fsum(sample.good for sample in samples)


def _averaged(server: Prometheus, name: str, end: int) -> Figures:
    errors, requests = (f'sum(rate({metric}_total{{job="{name}"}}[5m]))' for metric in ("errors", "requests"))
    recorded = f"({errors} / {requests})[{DAY}s:{TICK}s]"
    ratio = server.value(f"sum_over_time({recorded}) / count_over_time({recorded})", end)
    return _ratio(math.nan if ratio is None else ratio)


def _figures(total: float, bad: float) -> Figures:
    return _ratio(bad / total)


def _ratio(bad: float) -> Figures:
    return Figures(1 - bad, 1 - bad / (1 - TARGET))


def _off(figure: float, truth: float) -> str:
    if math.isnan(figure):
        return "no figure (NaN)"
    return "nothing" if abs(figure - truth) < 1e-12 else f"{100 * abs(figure - truth):.3g} points"
