"""`python -m bench.loop OBJECTIVES`: the whole loop at that many objectives, on the database of DATABASE_URL.

A real Prometheus holds two replicas an objective, loaded as history; a tick asks it, records and evaluates.
"""

import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from django.core.management import call_command
from django.db import connection

from alerts.services.evaluate import evaluate
from bench.cost import TICK, Fleet, history, loaded
from bench.fleet import declare
from config.pipeline import tick
from slo import selectors
from slo.maths.windows import floor_to, from_epoch
from slo.models import Measurement, Objective
from tests.servers import Prometheus

RUNS = 3
# Enough to look back to from every tick, and small enough to load ten thousand objectives in a minute.
LOADED = 600


def main() -> None:
    count = int(sys.argv[1])
    call_command("migrate", verbosity=0)
    end = floor_to(int(time.time()), 7_200) - 7_200
    with loaded(history(count, end, Fleet("steady"), LOADED)) as server:
        declare(count, server.url)
        _tick(count, server, end)
    _read(count, end)
    print(f"{_where(count)}: peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def _where(count: int) -> str:
    return f"{count:>6} objectives, {connection.vendor}"


def _tick(count: int, server: Prometheus, end: int) -> None:
    instants = iter(from_epoch(end - TICK * back) for back in range(RUNS + 7, -1, -1))
    for _ in range(7):
        tick(next(instants))
    asked = server.cpu_seconds()
    times = _times(lambda: tick(next(instants)))
    print(
        f"{_where(count)}: tick (fetch from Prometheus, record, evaluate) {_figures(times)}, "
        f"and {(server.cpu_seconds() - asked) / RUNS:.1f} s CPU of Prometheus; {Measurement.objects.count()} rows"
    )


def _read(count: int, end: int) -> None:
    at = from_epoch(end)
    print(f"{_where(count)}: status of all {_figures(_times(lambda: selectors.statuses(at)))}")
    later = iter(at + timedelta(seconds=second) for second in range(1, RUNS + 1))
    print(f"{_where(count)}: evaluation from the ledger {_figures(_times(lambda: evaluate(next(later))))}")
    for days in (30, 90):
        print(f"{_where(count)}: chart of {days} days {_figures(_chart(days, end))}")


def _chart(days: int, end: int) -> list[tuple[float, float]]:
    item = Objective.objects.all()[0]
    Measurement.objects.filter(objective=item).delete()
    # As thinning leaves it: 5 minutes for 35 days, an hour before that.
    instants = sorted({*range(end - 90 * 86_400, end, 3_600), *range(end - 35 * 86_400, end + 1, 300)})
    Measurement.objects.bulk_create(
        Measurement(objective=item, at=at, good=at, total=at, observed=at) for at in instants
    )
    points = list(range(end - days * 86_400, end + 1, days * 86_400 // 400))
    return _times(lambda: selectors.cumulative(item, points[0], points))


def _times(run: Callable[[], object]) -> list[tuple[float, float]]:
    """Wall and CPU seconds of each run."""
    found = []
    for _ in range(RUNS):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        found.append((time.perf_counter() - wall, time.process_time() - cpu))
    return found


def _figures(times: list[tuple[float, float]]) -> str:
    wall, cpu = (statistics.median(kind) for kind in zip(*times, strict=True))
    return f"{wall:.3f} s wall, {cpu:.3f} s CPU"


if __name__ == "__main__":
    main()
