"""`make bench`: how true the figures are and what they cost, measured on this machine with real servers.

Parts can be named: truth (against recording rules), cost (CPU of a real Prometheus), loop (tick, status and charts on
SQLite and PostgreSQL), pages (how long they let people wait and what 200 open ones cost, on both), interactive (how
soon a browser is ready for people on the demo's pages), flags (evaluations a second, and how long they take),
availability (exact composites). Only CPU times and figures of one run can be compared: machines are noisy.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import availability, cost, flags, interactive, truth
from tests.servers import MissingServerError, running
from tests.servers.postgres import Postgres

PARTS = ("truth", "cost", "loop", "pages", "interactive", "flags", "availability")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all by default")
    parser.add_argument("--objectives", type=int, nargs="+", default=[1_000, 10_000], help="of the loop")
    parser.add_argument("--url", default="", help="of a demo that runs, for interactive; without it one is started")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    chosen = arguments.parts or PARTS
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    print(f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}")
    parts: dict[str, Callable[[], object]] = {
        "truth": truth.run,
        "cost": lambda: [cost.run(objectives) for objectives in (100, 1_000)],
        "loop": lambda: _measure("bench.loop", [[str(count)] for count in arguments.objectives]),
        "pages": lambda: _measure("bench.pages", [[]]),
        "interactive": lambda: interactive.run(arguments.url),
        "flags": flags.run,
        "availability": availability.run,
    }
    for name in PARTS:
        if name in chosen:
            parts[name]()


def _databases() -> Iterator[str]:
    """An empty SQLite, then an empty PostgreSQL where it is installed."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
    try:
        with running(Postgres) as server:
            yield server.database()
    except MissingServerError as error:
        print(f"PostgreSQL is left out: {error}")


def _measure(module: str, runs: list[list[str]]) -> None:
    """Each run in a process of its own, so that memory is that of one measurement on one database."""
    for database in _databases():
        for arguments in runs:
            command = [sys.executable, "-m", module, *arguments]
            subprocess.run(command, env={**os.environ, "DATABASE_URL": database}, check=True)


if __name__ == "__main__":
    main()
