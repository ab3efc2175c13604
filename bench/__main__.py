"""`make bench`: what a tick, a status and a chart cost on this machine.

The source is a fake that answers at once, so the figures are Brownout's own: the network and the server that counts
come on top. Everything happens in a temporary database; set DATABASE_URL to measure another one (it is migrated).
"""

import argparse
import os
import platform
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

TICK = 30
RUNS = 5


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--objectives", type=int, nargs="*", default=[100, 1_000], help="how many to measure with")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _prepare(Path(folder))
        print(_machine())
        for count in arguments.objectives:
            _measure(count)
        _chart()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process: {peak:.0f} MiB")


def _prepare(folder: Path) -> None:
    os.environ.update(DJANGO_SETTINGS_MODULE="config.settings", DEBUG="0", SECRET_KEY="x" * 60, LOG_LEVEL="ERROR")
    os.environ.update(HTTPS="0", BROKER_URL="memory://", TICK_SECONDS=str(TICK))
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder / 'bench.sqlite3'}")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _machine() -> str:
    from django.db import connection

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    database = f"SQLite {sqlite3.sqlite_version}" if connection.vendor == "sqlite" else connection.vendor
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {database}; medians of {RUNS}"
    )


def _measure(count: int) -> None:
    from config.pipeline import tick
    from slo import selectors
    from slo.models import Objective, Service, Source
    from slo.sources.fake import standing_in

    Service.objects.all().delete()
    service = Service.objects.create(name="bench")
    source, _ = Source.objects.get_or_create(name="bench", kind="prometheus")
    Objective.objects.bulk_create(
        Objective(
            name=f"objective-{number}",
            service=service,
            source=source,
            target=0.999,
            period={"rolling": 30 * 86_400},
            sli={"good": "good", "total": f"total_{number}", "counter": True},
        )
        for number in range(count)
    )
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with standing_in():
        for number in range(20):
            tick(start + timedelta(seconds=TICK * number))
        steps = iter(range(20, 20 + RUNS))
        ticks = _times(lambda: tick(start + timedelta(seconds=TICK * next(steps))))
    now = start + timedelta(seconds=TICK * (20 + RUNS))
    print(f"{count:>6} objectives: tick {_figures(ticks)}")
    print(f"{count:>6} objectives: status {_figures(_times(lambda: selectors.statuses(now)))}")


def _chart() -> None:
    from slo import selectors
    from slo.maths.windows import to_epoch
    from slo.models import Measurement, Objective

    item = Objective.objects.all()[0]
    Measurement.objects.filter(objective=item).delete()
    now = to_epoch(datetime(2026, 6, 1, tzinfo=UTC))
    # As thinning leaves it: 5 minutes for 35 days, an hour before that.
    instants = sorted({*range(now - 90 * 86_400, now, 3_600), *range(now - 35 * 86_400, now + 1, 300)})
    Measurement.objects.bulk_create(
        Measurement(objective=item, at=at, good=at, total=at, observed=at) for at in instants
    )
    for days in (30, 90):
        grid = list(range(now - days * 86_400, now + 1, days * 86_400 // 400))
        times = _times(lambda grid=grid: selectors.cumulative(item, grid[0], grid))  # type: ignore[misc]
        print(f"chart of {days} days, 400 points: {_figures(times)}")


def _times(run: Callable[[], object]) -> list[tuple[float, float]]:
    """Wall and CPU seconds of each run."""
    found = []
    for _ in range(RUNS):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        found.append((time.perf_counter() - wall, time.process_time() - cpu))
    return found


def _figures(times: list[tuple[float, float]]) -> str:
    wall, cpu = (statistics.median(kind) * 1000 for kind in zip(*times, strict=True))
    return f"{wall:.0f} ms wall, {cpu:.0f} ms CPU"


if __name__ == "__main__":
    main()
