"""What open pages cost the server: clients that refresh their regions as a browser does, measured in CPU time.

Each client shows a page and asks for its region at every refresh, spread over the interval, with the connection kept
and what it shows said. CPU seconds of the server's processes for each second are the cores it needs; they do not
depend on what else the machine does, waiting does.
"""

import gzip
import http.client
import itertools
import re
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.server import Web

CLIENTS, REFRESH, ROUNDS = 200, 5.0, 8
OVERVIEW = ("/",)
# What people keep open in an incident.
MIX = ("/", "/", "/objectives/", "/alerts/", "/flags/", "/objectives/objective-0/", "/alerts/1/", "/wallboard/")
SHOWN = re.compile(rb'<time id="as-of"[^>]*\sdatetime="([^"]+)"')


@dataclass(slots=True)
class Client:
    """One open page."""

    port: int
    cookie: str
    path: str
    first: float
    waited: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def look(self, begin: float) -> None:
        """Refresh it, from the instant `begin` on, for all rounds."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        shown = ""
        for number in range(ROUNDS):
            time.sleep(max(0.0, begin + self.first + number * REFRESH - time.monotonic()))
            try:
                shown = self._refresh(connection, shown)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{self.path}: {error!r}")
                connection.close()
        connection.close()

    def _refresh(self, connection: http.client.HTTPConnection, shown: str) -> str:
        """Ask for the region, and return the instant it shows."""
        headers = {"Cookie": self.cookie, "HX-Request": "true", "Accept-Encoding": "gzip", "Brownout-Seen": shown}
        began = time.perf_counter()
        connection.request("GET", self.path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        self.waited.append(time.perf_counter() - began)
        found = SHOWN.search(gzip.decompress(body)) if answer.headers["Content-Encoding"] == "gzip" else None
        if answer.status != http.client.OK or not found:
            self.failures.append(f"{self.path} answers {answer.status}")
        return found[1].decode() if found else ""


def run(web: Web, cookie: str, tick: Callable[[], None], what: str) -> None:
    """Print what overviews alone and a mix of pages cost. `tick` is called at every tick."""
    for name, paths in (("overviews", OVERVIEW), ("pages of an incident", MIX)):
        cores, waited = measure(web, cookie, paths, tick)
        p50, p95 = statistics.median(waited) * 1e3, statistics.quantiles(waited, n=20)[-1] * 1e3
        print(
            f"{what}, {CLIENTS} open {name}, refreshed every {REFRESH:.0f} s: "
            f"{cores:.2f} cores; answered within p50 {p50:.0f} ms, p95 {p95:.0f} ms"
        )


def measure(web: Web, cookie: str, paths: Sequence[str], tick: Callable[[], None]) -> tuple[float, list[float]]:
    """Cores of the server, and the seconds each answer took. Raises SystemExit where a page does not answer."""
    clients = [
        Client(web.port, cookie, path, REFRESH * number / CLIENTS)
        for number, path in zip(range(CLIENTS), itertools.cycle(paths), strict=False)
    ]
    begin = time.monotonic() + 1
    threads = [threading.Thread(target=client.look, args=(begin,)) for client in clients]
    for thread in threads:
        thread.start()
    time.sleep(begin + REFRESH - time.monotonic())  # the first round warms up
    before, since = web.cpu_seconds(), time.monotonic()
    for number in range(1, ROUNDS):
        tick()
        time.sleep(max(0.0, begin + (number + 1) * REFRESH - time.monotonic()))
    cores = (web.cpu_seconds() - before) / (time.monotonic() - since)
    for thread in threads:
        thread.join()
    for failure in [failure for client in clients for failure in client.failures][:1]:
        raise SystemExit(failure)
    return cores, [seconds for client in clients for seconds in client.waited[1:]]
