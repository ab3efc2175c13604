"""The web server as the project runs it, for the measurements that ask it from outside."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.servers.process import MORTAL, free_port, until

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Web:
    """A server that answers on a port of this machine; `pid` is its first process."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """User and system time of the processes that answer, which does not depend on what else the machine does."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        fields = [Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split() for child in children]
        return sum(int(found[11]) + int(found[12]) for found in fields) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(database: str, **environment: str) -> Iterator[Web]:
    """One worker on the first core, this process on the others."""
    port = free_port()
    serve = ["-m", "gunicorn", "--config", "python:config.gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"]
    quiet = ["--log-level", "error", "--workers", "1"]
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:1])
    told = {**os.environ, "DATABASE_URL": database, **environment}
    process = subprocess.Popen([*MORTAL, sys.executable, *serve, *quiet], cwd=ROOT, env=told)
    os.sched_setaffinity(0, cores[1:] or cores)
    try:
        until(lambda: _alive(port), 30, what="the web server")
        yield Web(port, process.pid)
    finally:
        os.sched_setaffinity(0, cores)
        process.terminate()
        process.wait(30)


def _alive(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/health/live", timeout=2).ok
    except requests.RequestException:
        return False
