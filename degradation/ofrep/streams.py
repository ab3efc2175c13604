"""Event streams: whoever listens is told at once that something has changed, and asks for it by itself.

Server-sent events as OFREP's `eventStreams` wants them. Each stream takes a thread of the web server, so there is a
limit, and there are none until a server that has the threads opens them (`config.gunicorn`).
"""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator

STREAM = "events"
# A comment so often: proxies do not take the stream for idle, and a listener that is gone is noticed.
HEARTBEAT = 10.0
# How soon a listener that has gone, or may listen no longer, gives its place back.
LOOK = 0.5
# A stream ends after so many seconds, up to a fifth earlier, so that listeners spread over new servers; they return.
LONGEST = 900.0
# What a listener should wait before it returns, in milliseconds.
RETRY = 1_000


class Streams:
    """The streams of a process: `tell` wakes all of them."""

    def __init__(self) -> None:
        self.limit = 0
        self.count = 0
        self._serving: Callable[[], bool] = lambda: True
        self._version = ""
        self._news = threading.Condition()

    def open(self, limit: int, serving: Callable[[], bool] = lambda: True) -> None:
        """Allow so many streams at once; they all end once `serving` says no."""
        self.limit, self._serving = limit, serving

    def tell(self, version: str) -> bool:
        """Wake the listeners if the version is a new one, or the end has come. Are there any?"""
        with self._news:
            if version != self._version or not self._serving():
                self._version = version
                self._news.notify_all()
            return self.count > 0

    def take(self) -> bool:
        """Take a place for a stream; False when none is left."""
        with self._news:
            taken = self.count < self.limit
            self.count += taken
            return taken

    def leave(self) -> None:
        """Give the place back."""
        with self._news:
            self.count -= 1

    def listen(self, known: str, allowed: Callable[[], bool]) -> Iterator[bytes]:
        """The events of one stream; `known` is the version the listener has. Ends when it is no longer `allowed`.

        However many changes there were, only the newest is told: a slow listener is behind by one event at most.
        """
        end = time.monotonic() + LONGEST * random.uniform(0.8, 1)  # noqa: S311 - nothing secret
        said = time.monotonic()
        yield f"retry: {RETRY}\n\n".encode()
        while self._serving() and time.monotonic() < end and allowed():
            version = self._next(known)
            if version != known and self._serving():
                known, said = version, time.monotonic()
                yield _event(version)
            elif time.monotonic() - said >= HEARTBEAT:
                said = time.monotonic()
                yield b": nothing new\n\n"

    def _next(self, known: str) -> str:
        with self._news:
            self._news.wait_for(lambda: self._version not in ("", known) or not self._serving(), min(LOOK, HEARTBEAT))
            return self._version or known


def _event(version: str) -> bytes:
    told = {"type": "refetchEvaluation", "etag": version, "lastModified": int(time.time())}
    return f"id: {version}\nevent: message\ndata: {json.dumps(told)}\n\n".encode()


streams = Streams()
