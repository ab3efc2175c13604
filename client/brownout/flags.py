"""The flags as last heard, kept up to date by threads of their own; reading them is a look into a dictionary."""

import logging
import os
import random
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urljoin

from brownout import keep
from brownout.events import events
from brownout.http import Request, TroubleError, ask
from brownout.snapshot import Snapshot, UnbelievableError, believed

log = logging.getLogger("brownout")
BULK = "ofrep/v1/evaluate/flags"
# Dimmers are evaluated here, for each user; the server wants to hear of somebody all the same.
BODY = b'{"context": {"targetingKey": "brownout-client"}}'
LONGEST_PAUSE, LONGEST_RETRY = 60.0, 3_600.0
# Between an event and the question: many listeners hear it at once, and a stream may say far too much.
AFTER_EVENT = (0.05, 0.2)


@dataclass(frozen=True)
class Settings:
    """How to ask. Times are in seconds.

    `interval` between two questions, spread by a fifth; with `listen` that is only for the time no stream is open, and
    the flags are asked for again every `backstop`. `stale_after` that long without an answer the safe values hold.
    An answer may take `timeout` in all; a stream may be silent for `silence`. `file` keeps the last good answer.
    """

    url: str
    token: str
    interval: float = 10.0
    listen: bool = True
    backstop: float = 60.0
    stale_after: float = 300.0
    timeout: float = 5.0
    silence: float = 35.0
    file: Path | None = None
    context: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"the address of Brownout must begin with http:// or https://, not {self.url[:40]!r}")
        positive = (self.interval, self.backstop, self.stale_after, self.timeout, self.silence)
        if not all(0 < value < float("inf") for value in positive):
            raise ValueError("interval, backstop, stale_after, timeout and silence are seconds above 0")


class Flags:
    """`start`, then read `snapshot` as often as needed: it never waits. `on_change` is called with the changed keys."""

    def __init__(
        self,
        settings: Settings,
        on_change: Callable[[frozenset[str]], None] = lambda _: None,
        chance: random.Random | None = None,
    ) -> None:
        self.settings = settings
        self.snapshot: Snapshot | None = None
        self.listening = False
        self._on_change = on_change
        self._chance = chance or random.Random()  # noqa: S311 - spreads load, hides nothing
        self._running = False
        self._body = b""
        self._saved_at = self._retry_at = 0.0
        self._pause = 1.0
        self._trouble = self._unsaved = False
        self._stream: Request | None = None
        self._stopped, self._wanted, self._asked = threading.Event(), threading.Event(), threading.Event()
        _all.add(self)

    def start(self, wait: float = 0.0) -> None:
        """Read the file, begin to ask, and wait at most so long for the first answer. Starting twice is once.

        Raises RuntimeError after `stop`: make another one.
        """
        if self._stopped.is_set():
            raise RuntimeError("these flags were stopped; make new ones")
        if self._running:
            return
        self._running = True
        kept = keep.load(self.settings.file) if self.settings.file else None
        if kept is not None:
            self.snapshot, self._body = kept
        self._run()
        if wait > 0:
            self._asked.wait(wait)

    def stop(self) -> None:
        """End the threads, at the latest when their present request is over."""
        self._running = False
        self._stopped.set()
        self._wanted.set()
        request = self._stream
        if request is not None:
            request.abort()

    def age(self) -> float:
        """Seconds since the server was last heard; infinite if it never was."""
        snapshot = self.snapshot
        return float("inf") if snapshot is None else max(0.0, time.time() - snapshot.heard_at)

    @property
    def stale(self) -> bool:
        """Is what is known too old to act by?"""
        return self.age() > self.settings.stale_after

    def refresh(self) -> bool:
        """Ask now, in this thread. True when the server was heard; no failure is raised."""
        try:
            self._refresh()
        except (TroubleError, UnbelievableError, OSError) as error:
            self._tell(f"No flags from {self.settings.url} ({error}); what was heard last holds", bad=True)
            return False
        self._tell(f"Flags from {self.settings.url} again", bad=False)
        return True

    def _refresh(self) -> None:
        before = self.snapshot
        headers = self._headers() | {"Content-Type": "application/json"}
        if before is not None and before.etag:
            headers["If-None-Match"] = before.etag
        url = urljoin(self._base(), BULK)
        answer = ask("POST", url, headers, BODY, deadline=self.settings.timeout, context=self.settings.context)
        self._retry_at = 0.0
        if answer.status == 304 and before is not None:
            self.snapshot = replace(before, heard_at=time.time())
            self._save(before.etag)
            return
        if answer.status != 200:
            self._retry_at = time.monotonic() + _retry_after(answer.headers.get("retry-after", ""))
            raise TroubleError(f"status {answer.status}")
        found = believed(answer.body, time.time(), answer.headers.get("etag", ""))
        self.snapshot, self._body = found, answer.body
        self._save(found.etag, changed=True)
        changed = _changed(before, found)
        if changed:
            self._on_change(changed)

    def _run(self) -> None:
        threading.Thread(target=self._poll, name="brownout-flags", daemon=True).start()
        if self.settings.listen:
            threading.Thread(target=self._listen, name="brownout-events", daemon=True).start()

    def _poll(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            self._wanted.clear()
            try:
                failures = 0 if self.refresh() else failures + 1
            except Exception:
                # Whatever it is, this thread must not end of it.
                log.exception("Asking for flags failed in a way that was not foreseen")
                failures += 1
            self._asked.set()
            self._wait(failures)

    def _wait(self, failures: int) -> None:
        held = self._retry_at - time.monotonic()
        if held > 0:
            # Told to wait: not even an event makes us ask earlier.
            self._stopped.wait(held)
        elif failures:
            self._stopped.wait(self._backoff(failures))
        else:
            pause = self.settings.backstop if self.listening else self.settings.interval
            if self._wanted.wait(pause * self._chance.uniform(0.8, 1.2)):
                self._stopped.wait(self._chance.uniform(*AFTER_EVENT))

    def _backoff(self, failures: int) -> float:
        most = float(min(LONGEST_PAUSE, self.settings.interval * 2 ** min(failures - 1, 10)))
        return most * self._chance.uniform(0.5, 1.0)

    def _listen(self) -> None:
        failures, last_id = 0, ""
        while not self._stopped.is_set():
            snapshot = self.snapshot
            if snapshot is None or not snapshot.stream:
                self._stopped.wait(0.2 if snapshot is None else self.settings.interval)
                continue
            begun = time.monotonic()
            try:
                last_id = self._follow(urljoin(self._base(), snapshot.stream), last_id)
            except Exception as error:  # noqa: BLE001 - polling goes on, whatever happens to the stream
                log.debug("The stream of flags ended: %s", error)
            self.listening, self._stream = False, None
            # While no stream is open we may have missed something.
            self._wanted.set()
            failures = 0 if time.monotonic() - begun > 10 else failures + 1
            self._stopped.wait(min(30.0, self._pause * 2 ** min(failures, 5)) * self._chance.uniform(0.5, 1.0))

    def _follow(self, url: str, last_id: str) -> str:
        """Listen until the stream ends; gives the last event's id."""
        if not _same_origin(url, self._base()):
            raise TroubleError("the stream is at another server, which is not for our token")
        headers = self._headers() | {"Accept": "text/event-stream", "Cache-Control": "no-cache"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        settings = self.settings
        with Request("GET", url, headers, silence=settings.silence, deadline=None, context=settings.context) as request:
            self._stream = request
            response = request.send()
            if response.status != 200 or response.headers.get_content_type() != "text/event-stream":
                self._stopped.wait(_retry_after(response.headers.get("retry-after", "")))
                raise TroubleError(f"status {response.status} instead of events")
            self.listening = True
            # What changed before the stream was open is asked for once more.
            self._wanted.set()
            for event in events(response):
                last_id = event.id or last_id
                if event.retry is not None:
                    self._pause = max(0.1, event.retry)
                if event.refetch:
                    self._wanted.set()
                if self._stopped.is_set():
                    break
        return last_id

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.settings.token}", "User-Agent": "brownout-client"}

    def _base(self) -> str:
        return self.settings.url.rstrip("/") + "/"

    def _save(self, etag: str, *, changed: bool = False) -> None:
        """Keep it, but write it again for its date alone only now and then."""
        snapshot, path = self.snapshot, self.settings.file
        due = time.monotonic() - self._saved_at > self.settings.stale_after / 4
        if path is None or snapshot is None or not self._body or not (changed or due):
            return
        try:
            keep.save(path, self._body, snapshot.heard_at, etag)
            self._saved_at, self._unsaved = time.monotonic(), False
        except (OSError, ValueError) as error:
            if not self._unsaved:
                log.warning("The flags cannot be kept in %s: %s", path, error)
            self._unsaved = True

    def _tell(self, words: str, *, bad: bool) -> None:
        """Say once that something is wrong, and once that it is over."""
        if bad != self._trouble:
            (log.warning if bad else log.info)(words)
        self._trouble = bad

    def _after_fork(self) -> None:
        # A child has the values of its parent, but none of its threads; the locks may be held for ever.
        self._stopped, self._wanted, self._asked = threading.Event(), threading.Event(), threading.Event()
        self._stream, self.listening = None, False
        if self._running:
            self._run()


_all: "weakref.WeakSet[Flags]" = weakref.WeakSet()


def _restart_all() -> None:
    for flags in list(_all):
        flags._after_fork()  # noqa: SLF001 - of this module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_restart_all)


def _changed(before: Snapshot | None, after: Snapshot) -> frozenset[str]:
    old: Mapping[str, object] = before.flags if before else {}
    return frozenset(key for key in {*old, *after.flags} if old.get(key) != after.flags.get(key))


def _same_origin(url: str, base: str) -> bool:
    return url.startswith("/".join(base.split("/", 3)[:3]) + "/")


def _retry_after(text: str) -> float:
    """Seconds to wait, at most an hour; 0 where nothing usable is said."""
    if text.strip().isdigit():
        return min(float(text), LONGEST_RETRY)
    with suppress(ValueError, TypeError, OverflowError):
        at: datetime = parsedate_to_datetime(text)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max(0.0, (at - datetime.now(UTC)).total_seconds()), LONGEST_RETRY)
    return 0.0
