"""What a process remembers of everything that is served, so that no evaluation waits for the database.

A thread of its own reads again several times a second while anybody asks. When the database is away the last values
hold, and say since when they are old; beyond a limit the safe values do.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar

from django.conf import settings
from django.db import connection, transaction

from degradation.selectors.served import PARTS, Part, Served
from slo.services.access import roles

log = logging.getLogger(__name__)

# Nobody asked for so long: the thread ends, and the next request starts it again.
IDLE_SECONDS = 60.0
# How long a request waits for the first reading, and for one after a pause.
FIRST_SECONDS, AGAIN_SECONDS = 5.0, 1.0
# A reading may be so late before its values are called stale.
GRACE = timedelta(seconds=3)

Found = TypeVar("Found")
Age = Literal["fresh", "stale", "lost"]


class NothingKnownError(Exception):
    """Nothing has ever been read by this process, so nobody can be told anything."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a part said, and at which instant it was last read; `every` is how many seconds apart that is meant."""

    items: tuple[Served, ...]
    at: datetime
    every: float = 0.0

    def age(self, at: datetime) -> Age:
        """How far the values can be trusted at `at`."""
        old = at - self.at
        if old > timedelta(seconds=settings.FLAG_STALE_SECONDS):
            return "lost"
        return "stale" if old > GRACE + timedelta(seconds=self.every) else "fresh"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one reading: parts by name, items by key, and the role of every token by its digest."""

    parts: Mapping[str, Kept] = field(default_factory=dict)
    items: Mapping[str, tuple[Served, Kept]] = field(default_factory=dict)
    roles: Mapping[str, str] | None = None

    def version(self, at: datetime) -> str:
        """Changes whenever any answer may have changed."""
        told = [(kept.age(at), [item.now(at) for item in kept.items]) for kept in self.parts.values()]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


class Memory:
    """The snapshot of a process. With FLAG_POLL_SECONDS of 0 every request reads for itself."""

    def __init__(self, parts: Callable[[], Sequence[Part]] = lambda: PARTS) -> None:
        self._parts = parts
        self._snapshot = Snapshot()
        self._thread: threading.Thread | None = None
        self._starting, self._looking = threading.Lock(), threading.Lock()
        self._looked, self._wanted = threading.Event(), threading.Event()
        self._asked = 0.0
        self._broken: set[str] = set()
        # Called after each reading, in the thread that read; true keeps the thread at work though nobody asks.
        self.after: Callable[[Snapshot], bool] = lambda _: False

    def snapshot(self) -> Snapshot:
        """What is known now. Raises NothingKnownError."""
        self._asked = time.monotonic()
        if not settings.FLAG_POLL_SECONDS:
            self.look()
        elif self._thread is None or not self._thread.is_alive():
            self._start()
        if not self._looked.is_set() and settings.FLAG_POLL_SECONDS:
            self._looked.wait(FIRST_SECONDS if self._snapshot.roles is None else AGAIN_SECONDS)
        if self._snapshot.roles is None:
            raise NothingKnownError
        return self._snapshot

    def look(self) -> None:
        """Read what is due. A part that cannot be read keeps what it said last."""
        with self._looking:
            at = datetime.now(UTC)
            before = self._snapshot
            kept = {part.name: self._part(part, before.parts.get(part.name), at) for part in self._parts()}
            known = {name: part for name, part in kept.items() if part is not None}
            items = {item.key: (item, part) for part in known.values() for item in part.items}
            found = self._read("tokens", roles)
            self._snapshot = Snapshot(known, items, before.roles if found is None else found)

    def forget(self) -> None:
        """Forget everything, as a new process would."""
        self._snapshot = Snapshot()

    def rest(self) -> None:
        """End the thread, as if nobody had asked for long; the next request starts it again."""
        self._asked = float("-inf")
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(10)

    def wake(self) -> None:
        """Something was changed by this very process: read again before anything else is answered."""
        self._looked.clear()
        self._wanted.set()

    def _part(self, part: Part, kept: Kept | None, at: datetime) -> Kept | None:
        polled = bool(settings.FLAG_POLL_SECONDS)
        if polled and kept is not None and (at - kept.at).total_seconds() < part.every:
            return kept
        items = self._read(part.name, lambda: tuple(part.read(at)))
        return kept if items is None else Kept(items, at, part.every)

    def _read(self, what: str, read: Callable[[], Found]) -> Found | None:
        """What is read, or None when it cannot be; that is told once, and once that it is over."""
        try:
            found = read()
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the last values hold
            if what not in self._broken:
                log.warning("%s cannot be read (%s): the last values hold", what.capitalize(), type(error).__name__)
            self._broken.add(what)
            if not connection.in_atomic_block:
                with suppress(Exception):
                    connection.close()
            return None
        if what in self._broken:
            self._broken.discard(what)
            log.info("%s can be read again", what.capitalize())
        return found

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._looked.clear()
                self._thread = threading.Thread(target=self._watch, name="flags", daemon=True)
                self._thread.start()

    def _watch(self) -> None:
        try:
            busy = True
            while busy or time.monotonic() - self._asked < IDLE_SECONDS:
                self._wanted.clear()
                self.look()
                if not self._wanted.is_set():
                    self._looked.set()
                busy = self.after(self._snapshot)
                self._wanted.wait(settings.FLAG_POLL_SECONDS)
        except Exception:
            log.exception("The thread that keeps the flags in memory broke; the next request starts it again")
        finally:
            connection.close()


memory = Memory()


def changed(**_: object) -> None:
    """A change was written by this process: once it is committed, answers here know of it."""
    transaction.on_commit(memory.wake)
