"""A simulated service whose every event is known."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from tests.servers.http import Answer, LocalHTTP, Request

FAST, SLOW = 0.02, 1.5
BUCKETS = (0.05, 0.1, 0.3, 1.0, 2.5)


@dataclass(frozen=True, slots=True)
class Truth:
    """Events since the service was made, over all restarts: `good` and `slow` answered 200, `bad` 500."""

    good: int = 0
    slow: int = 0
    bad: int = 0

    @property
    def total(self) -> int:
        return self.good + self.slow + self.bad

    @property
    def available(self) -> int:
        """Answered without error, however slowly."""
        return self.good + self.slow

    @property
    def fast(self) -> int:
        """Answered within 50 ms: errors are fast."""
        return self.good + self.bad


class SimulatedService(LocalHTTP):
    """Exposes /metrics as prometheus_client writes them:

    - `requests_total{code="200"|"500"}`: a code appears with its first event, as in real services;
    - `request_duration_seconds` (histogram, buckets BUCKETS): 0.02 s, slow events 1.5 s;
    - `process_start_time_seconds`.

    A scrape sees all of a `serve` or nothing of it. Events that were never scraped before a `restart` are lost to
    any observer, as they are in life: wait for a scrape (`scrapes`) first where the truth is compared.
    """

    def __init__(self) -> None:
        super().__init__()
        self.truth = Truth()
        self.scrapes = 0
        self._lock = threading.Lock()
        self._fresh(time.time())

    def serve(self, *, good: int = 0, slow: int = 0, bad: int = 0) -> None:
        """Count exactly these events, at once."""
        with self._lock:
            for count, code, seconds in ((good, "200", FAST), (slow, "200", SLOW), (bad, "500", FAST)):
                if count:
                    self._requests.labels(code).inc(count)
                for _ in range(count):
                    self._duration.observe(seconds)
            truth = self.truth
            self.truth = Truth(truth.good + good, truth.slow + slow, truth.bad + bad)

    def restart(self, at: datetime | None = None) -> None:
        """Begin again with empty counters, as a process that starts now (or at `at`)."""
        with self._lock:
            self._fresh(at.timestamp() if at else time.time())

    def go_away(self) -> None:
        """Close the port; counters stay."""
        self.stop()

    def come_back(self) -> None:
        """Open the port again."""
        self.start()

    def text(self) -> str:
        """The /metrics page of this moment, without counting as a scrape."""
        with self._lock:
            return generate_latest(self._registry).decode()

    def answer_to(self, request: Request) -> Answer:
        if request.path.split("?")[0] != "/metrics":
            return Answer(404)
        with self._lock:
            body = generate_latest(self._registry)
            self.scrapes += 1
        return Answer(200, body, {"Content-Type": CONTENT_TYPE_LATEST})

    def _fresh(self, started: float) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter("requests", "Requests answered.", ["code"], registry=self._registry)
        self._duration = Histogram(
            "request_duration_seconds", "Seconds to the answer.", buckets=BUCKETS, registry=self._registry
        )
        start = Gauge("process_start_time_seconds", "When the process started.", registry=self._registry)
        start.set(started)
