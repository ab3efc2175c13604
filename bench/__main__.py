"""`make bench`: how true the figures are and what they cost, measured on this machine with real servers.

Parts can be named: truth (against recording rules), cost (CPU of a real Prometheus), loop (tick, status and charts on
SQLite and PostgreSQL), flags (evaluations a second, and how long they take), availability (exact composites). Only CPU
times and figures of one run can be compared: machines are noisy.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import availability, cost, flags, truth
from tests.servers import MissingServerError, running
from tests.servers.postgres import Postgres

PARTS = ("truth", "cost", "loop", "flags", "availability")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all by default")
    parser.add_argument("--objectives", type=int, nargs="+", default=[1_000, 10_000], help="of the loop")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    chosen = arguments.parts or PARTS
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    print(f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}")
    if "truth" in chosen:
        truth.run()
    if "cost" in chosen:
        for objectives in (100, 1_000):
            cost.run(objectives)
    if "loop" in chosen:
        _loop(arguments.objectives)
    if "flags" in chosen:
        flags.run()
    if "availability" in chosen:
        availability.run()


def _loop(objectives: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _measure(f"sqlite:///{Path(folder) / 'bench.sqlite3'}", objectives)
    try:
        with running(Postgres) as server:
            _measure(server.database(), objectives)
    except MissingServerError as error:
        print(f"PostgreSQL is left out: {error}")


def _measure(database: str, objectives: list[int]) -> None:
    """In a process of its own, so that memory is that of one database's loop."""
    for count in objectives:
        command = [sys.executable, "-m", "bench.loop", str(count)]
        subprocess.run(command, env={**os.environ, "DATABASE_URL": database}, check=True)


if __name__ == "__main__":
    main()
