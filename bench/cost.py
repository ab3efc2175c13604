"""What counting costs a real Prometheus: Brownout's queries beside those of a generated rule set, in CPU time.

A made-up fleet is loaded as history: two replicas an objective, scraped every 15 s. The same Prometheus answers what
Brownout asks each tick, and the seven error ratios (5 m … 3 d) that rule generators record for each objective. CPU time
is that of the Prometheus process, user and system; what Brownout itself spends on the answers is told beside it.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from slo.maths.windows import floor_to
from slo.services.collect import TAIL
from slo.sources.base import Query
from slo.sources.prometheus import Prometheus as Source
from tests.servers import Prometheus

SCRAPE, TICK, REPLICAS, TICKS = 15, 30, 2, 10
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
# Objectives with history for the longest window; the others have what Brownout looks back to.
LONG, SHORT, RULED = 3 * 86_400, 9_000, 4


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds an objective and tick: of Prometheus, and of Brownout's own reading of the answers."""

    prometheus: float
    brownout: float = 0.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """How processes live: `restarts` seconds apart each in its place, `deploys` seconds apart under new names."""

    name: str
    restarts: float = 0
    deploys: float = 0


FLEETS = (Fleet("steady"), Fleet("restarting every 30 min", restarts=1800), Fleet("deployed every 10 min", deploys=600))


def run(objectives: int) -> dict[str, Cost]:
    """Print and return the cost an objective and tick, by fleet, and of the rule set ("rules")."""
    costs: dict[str, Cost] = {}
    for fleet in FLEETS:
        end = floor_to(int(time.time()), 7200) - 7200
        with loaded(history(objectives, end, fleet)) as server:
            costs[fleet.name] = _brownout(server, objectives, end)
            if not fleet.restarts and not fleet.deploys:
                costs["rules"] = _rules(server, end)
        cost, rules = costs[fleet.name], costs["rules"]
        print(
            f"{objectives:>6} objectives, fleet {fleet.name}: {cost.prometheus:.2f} ms Prometheus and "
            f"{cost.brownout:.2f} ms Brownout an objective and tick; rule set {rules.prometheus:.2f} ms "
            f"({rules.prometheus / (cost.prometheus + cost.brownout):.0f} times)"
        )
    return costs


@contextmanager
def loaded(lines: Iterator[str]) -> Iterator[Prometheus]:
    """A Prometheus that remembers these lines of OpenMetrics, sorted by metric."""
    server = Prometheus(arguments=["--query.max-samples=500000000"])
    try:
        server.load("\n".join([*lines, "# EOF\n"]))
        yield server.start()
    finally:
        server.remove()


def history(objectives: int, end: int, fleet: Fleet, seconds: int = SHORT) -> Iterator[str]:
    """What the fleet counted in the `seconds` up to `end`, as lines of OpenMetrics."""
    for metric in ("requests_total", "errors_total", "process_start_time_seconds"):
        for number in range(objectives):
            length = (
                LONG if seconds == SHORT and number < RULED and not fleet.restarts and not fleet.deploys else seconds
            )
            for replica in range(REPLICAS):
                yield from _replica(metric, number, replica, range(end - length, end + 1, SCRAPE), fleet)


def _replica(metric: str, number: int, replica: int, instants: range, fleet: Fleet) -> Iterator[str]:
    numbers = random.Random(f"{number} {replica}")
    phase, shift = numbers.uniform(0, SCRAPE - 1), numbers.uniform(0, fleet.restarts or fleet.deploys or 1)
    life, value, rate = fleet.restarts or fleet.deploys, 1000.0, numbers.randrange(1, 50)
    lived = -1
    for at in instants:
        age = int((at + shift) // life) if life else 0
        if age != lived:
            lived, value, started = age, 0.0, at - 5 if life else at - 90_000
        value += rate if metric == "requests_total" else numbers.random() < 0.05
        shown = started if metric.startswith("process") else value
        name = f"{replica}-{age}" if fleet.deploys else f"{replica}"
        labels = f'job="shop",instance="{number}-{name}",service="s{number}"'
        yield f"{metric}{{{labels}}} {shown:.0f} {at + phase:.3f}"


def queries(objectives: int) -> list[Query]:
    return [
        Query(number, total=f'requests_total{{service="s{number}"}}', bad=f'errors_total{{service="s{number}"}}')
        for number in range(objectives)
    ]


def _brownout(server: Prometheus, objectives: int, end: int) -> Cost:
    asked = queries(objectives)
    Source(server.url, SCRAPE).collect(asked, end - TICK, end, TICK)
    with _spent(server) as spent:
        for number in range(TICKS):
            at = end - (TICKS - number) * TICK
            Source(server.url, SCRAPE).collect(asked, floor_to(at - TICK - TAIL, 60), at, TICK)
    return Cost(*(1000 * seconds / TICKS / objectives for seconds in spent()))


def _rules(server: Prometheus, end: int) -> Cost:
    ruled = [_error_ratio(number, window) for number in range(RULED) for window in WINDOWS]
    with _spent(server) as spent:
        for number in range(TICKS):
            for expression in ruled:
                server.query(expression, end - number * TICK)
    return Cost(1000 * spent()[0] / TICKS / RULED)


def _error_ratio(number: int, window: str) -> str:
    errors, requests = (f'sum(rate({name}_total{{service="s{number}"}}[{window}]))' for name in ("errors", "requests"))
    return f"{errors} / {requests}"


@contextmanager
def _spent(server: Prometheus) -> Iterator[Callable[[], tuple[float, float]]]:
    """CPU seconds of the server, and of this process, while the context lasts."""
    before, own = server.cpu_seconds(), time.process_time()
    after: list[tuple[float, float]] = []
    yield lambda: after[0]
    after.append((server.cpu_seconds() - before, time.process_time() - own))
