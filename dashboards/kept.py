"""The last good public status: answered from memory, and still there while the database is away.

A process reads again every few seconds while anybody asks, one request at a time; the others are given what is there.
When the database is away, what was read last holds, from memory or, in a process that has just begun, from the file
that every process writes. It says from when it is.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from pydantic import TypeAdapter, ValidationError

from degradation import selectors
from degradation.rules.public import PublicStatus

log = logging.getLogger(__name__)
FORMAT = TypeAdapter(PublicStatus)
# After a failure nobody waits for the database again for so long.
REST_SECONDS = 5.0
# The file is written no more often, as long as only the time has changed.
FILE_SECONDS = 60.0


class NothingKnownError(Exception):
    """The database is away, and nothing was kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The public status; `stale`: it could not be read again."""

    status: PublicStatus
    stale: bool


class Keeper:
    def __init__(self, read: Callable[[datetime], PublicStatus]) -> None:
        self._read = read
        self._guard = threading.Lock()
        self.forget()

    def get(self, at: datetime) -> Kept:
        """The public status at `at`, as far as it can be known. Raises NothingKnownError."""
        kept = self._kept
        if kept is not None and time.monotonic() < self._fresh_for:
            return Kept(kept, stale=self._failing)
        # One asks; who comes meanwhile is given what there is, and waits only if there is nothing.
        if kept is None:
            with self._guard:
                return Kept(self._kept, stale=self._failing) if self._kept else self._look(at)
        if not self._guard.acquire(blocking=False):
            return Kept(kept, stale=self._failing)
        try:
            return self._look(at)
        finally:
            self._guard.release()

    def forget(self) -> None:
        """Forget everything, as a new process would."""
        self._kept: PublicStatus | None = None
        self._failing = False
        self._fresh_for = self._written = float("-inf")

    def _look(self, at: datetime) -> Kept:
        try:
            found = self._read(at)
        except Error as error:
            return self._fall_back(error)
        if self._failing:
            log.info("The public status can be read again")
        self._failing, self._fresh_for = False, time.monotonic() + settings.STATUS_SECONDS
        self._write(found)
        self._kept = found
        return Kept(found, stale=False)

    def _fall_back(self, error: Error) -> Kept:
        if not self._failing:
            log.warning("The public status cannot be read (%s): the last one holds", type(error).__name__)
        self._failing, self._fresh_for = True, time.monotonic() + min(REST_SECONDS, settings.STATUS_SECONDS)
        if not connection.in_atomic_block:
            with suppress(Exception):
                connection.close()
        self._kept = self._kept or self._from_file()
        if self._kept is None:
            raise NothingKnownError
        return Kept(self._kept, stale=True)

    def _from_file(self) -> PublicStatus | None:
        if not settings.STATUS_FILE:
            return None
        try:
            return FORMAT.validate_json(Path(settings.STATUS_FILE).read_bytes())
        except (OSError, ValidationError):
            # Missing, or of another version.
            return None

    def _write(self, found: PublicStatus) -> None:
        """Keep it in the file. Where that cannot be, memory alone has it: a page is not to fail for its spare."""
        if not settings.STATUS_FILE or (time.monotonic() - self._written < FILE_SECONDS and self._alike(found)):
            return
        file = Path(settings.STATUS_FILE)
        part = file.with_name(f"{file.name}.{os.getpid()}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(FORMAT.dump_json(found))
            part.replace(file)
        except OSError as error:
            if self._written == float("-inf"):
                log.warning("The status page is kept in memory only: %s cannot be written (%s)", file, error.strerror)
        self._written = time.monotonic()

    def _alike(self, found: PublicStatus) -> bool:
        kept = self._kept
        return kept is not None and (kept.indicator, kept.banners, kept.incidents) == (
            found.indicator,
            found.banners,
            found.incidents,
        )


keeper = Keeper(selectors.public_status)
