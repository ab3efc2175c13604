"""Single evaluations a second, and how long they take, through the web server as the project runs it, on one core.

Latencies at a given rate count from the instant a request was due, so that a server that stalls is not spared those
that had to wait for it.
"""

import os
import re
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.server import ROOT, Web, serving

FLAGS, CONNECTIONS, SECONDS = 30, 16, 10
WANTED = 1_000
SEED = f"""
from datetime import UTC, datetime
from degradation.models import Flag
from slo.models import Service
from slo.services.access import issue_token
service = Service.objects.create(name="bench")
for number in range({FLAGS}):
    Flag.objects.create(key=f"flag-{{number}}", service=service, tier=4, description="measured")
print(issue_token("bench", "viewer", datetime.now(UTC)))
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What a run measured: answers a second, and their latencies in seconds, ascending."""

    rate: float
    latencies: list[float]
    failed: int

    def __str__(self) -> str:
        cuts = statistics.quantiles(self.latencies, n=1000)
        named = (("p50", 499), ("p99", 989), ("p99.9", 998))
        shown = ", ".join(f"{name} {cuts[at] * 1e3:.1f} ms" for name, at in named)
        return f"{self.rate:,.0f} evaluations a second, {shown}, {self.failed} failed"


def run() -> None:
    """Print the figures at full speed and at half of what is wanted."""
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)) as (web, token):
        port, request = web.port, _request(web.port, token)
        drive(port, request, rate=200, seconds=1)
        spent, full = web.cpu_seconds(), drive(port, request, rate=None, seconds=SECONDS)
        each = (web.cpu_seconds() - spent) / len(full.latencies)
        print(f"flags, full speed on one core: {full}; {each * 1e6:.0f} µs CPU each")
        print(f"flags, at half of {WANTED:,} a second: {drive(port, request, rate=WANTED / 2, seconds=SECONDS)}")


def drive(port: int, request: bytes, *, rate: float | None, seconds: float) -> Load:
    """Send the request over and over on kept connections: `rate` a second, or as fast as answers come."""
    with selectors.DefaultSelector() as waiting:
        idle = deque(socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS))
        for connection in idle:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begun: dict[socket.socket, float] = {}
        received: dict[socket.socket, bytes] = {}
        latencies: list[float] = []
        failed = sent = 0
        start = time.perf_counter()
        while (now := time.perf_counter()) < start + seconds or begun:
            while idle and now < start + seconds and (rate is None or start + sent / rate <= now):
                connection = idle.popleft()
                begun[connection] = now if rate is None else start + sent / rate
                connection.sendall(request)
                waiting.register(connection, selectors.EVENT_READ)
                sent += 1
            pause = 1.0 if rate is None or not idle else max(0.0, start + sent / rate - time.perf_counter())
            for key, _ in waiting.select(min(pause, 1.0)):
                answered: socket.socket = key.fileobj  # type: ignore[assignment]
                # Head and body may come apart.
                answer = received.pop(answered, b"") + answered.recv(65_536)
                if not _whole(answer):
                    received[answered] = answer
                    continue
                failed += not answer.startswith(b"HTTP/1.1 200 ")
                latencies.append(time.perf_counter() - begun.pop(answered))
                waiting.unregister(answered)
                idle.append(answered)
        took = time.perf_counter() - start
        for connection in idle:
            connection.close()
    return Load(len(latencies) / took, sorted(latencies), failed)


def _whole(answer: bytes) -> bool:
    head, parted, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    return bool(parted) and length is not None and len(body) >= int(length[1])


def _request(port: int, token: str) -> bytes:
    body = b'{"context": {"targetingKey": "user-1234"}}'
    lines = (
        "POST /ofrep/v1/evaluate/flags/flag-7 HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def _server(folder: Path) -> Iterator[tuple[Web, str]]:
    """A web server with flags, and a token that may evaluate them."""
    database = f"sqlite:///{folder / 'flags.sqlite3'}"
    environment = {**os.environ, "DATABASE_URL": database, "HOME": str(folder)}
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    seed = [sys.executable, "manage.py", "shell", "--no-imports", "-c", SEED]
    token = subprocess.run(seed, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    with serving(database, HOME=str(folder)) as web:
        yield web, token
