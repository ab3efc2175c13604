"""Load on a simulated service: so many requests a second, so many of them failing."""

import threading
import time
from types import TracebackType
from typing import Self

from tests.servers import SimulatedService

BEAT = 0.1


class Traffic:
    """Serves `good` and `bad` requests every tenth of a second from a thread, until it is paused or left."""

    def __init__(self, service: SimulatedService) -> None:
        self._service = service
        self._mix = (0, 0)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def flow(self, *, good: int, bad: int = 0) -> None:
        """From now on, so many good and bad requests every tenth of a second."""
        with self._lock:
            self._mix = (good, bad)

    def pause(self) -> None:
        """No request any more. When this returns, the last one is in the service's truth."""
        self.flow(good=0)

    def await_scrapes(self, count: int = 2, timeout: float = 30) -> None:
        """Wait until the service was scraped so many times more."""
        wanted, deadline = self._service.scrapes + count, time.monotonic() + timeout
        while self._service.scrapes < wanted:
            assert time.monotonic() < deadline, f"nobody scraped {self._service.url} for {timeout:g} s"
            time.sleep(0.05)

    def await_silence(self, seconds: float) -> None:
        """Go on until nobody has scraped the service for so long."""
        seen, since = self._service.scrapes, time.monotonic()
        while time.monotonic() - since < seconds:
            if self._service.scrapes != seen:
                seen, since = self._service.scrapes, time.monotonic()
            time.sleep(0.05)

    def _run(self) -> None:
        while not self._over.wait(BEAT):
            with self._lock:
                good, bad = self._mix
                self._service.serve(good=good, bad=bad)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
