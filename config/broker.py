"""A folder as broker, safe to read while it is written: what is read there is whole, or not there yet.

kombu writes messages and the tables of who is bound where in place. A process that reads in between finds half of one,
and ends (celery/kombu issue 1551). Here both appear by renaming, and tables are changed by one process at a time.
"""

import fcntl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic_ns
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.transport.filesystem import exchange_queue_t
from kombu.utils.json import dumps

Table = list[exchange_queue_t]


class Channel(filesystem.Channel):
    """kombu's, with other writes."""

    def _put(self, queue: str, message: Any, **_: Any) -> None:  # type: ignore[override]  # the stubs differ among themselves
        name = f"{monotonic_ns() // 1_000_000}_{uuid4()}.{queue}.msg"
        _write(Path(self.data_folder_out) / name, message)

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None) -> None:
        bound = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        if bound not in self.get_table(exchange):
            self._change(exchange, lambda table: [bound, *(other for other in table if other != bound)])

    def _delete(self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **kwargs: Any) -> None:
        self._purge(queue)
        bound = exchange_queue_t(routing_key or "", pattern or "", queue or "")
        if bound in self.get_table(exchange):
            self._change(exchange, lambda table: [other for other in table if other != bound])

    def _change(self, exchange: str, change: Callable[[Table], Table]) -> None:
        path = self.control_folder / f"{exchange}.exchange"
        path.parent.mkdir(exist_ok=True)
        with path.with_suffix(".lock").open("w") as held:
            # Let go of when it is closed.
            fcntl.flock(held, fcntl.LOCK_EX)
            _write(path, change(self.get_table(exchange)))


class Transport(filesystem.Transport):
    """What `filesystem://` means here."""

    Channel = Channel


def _write(path: Path, content: object) -> None:
    """Make the file, or make it anew, whole. Raises ChannelError where the folder cannot take it."""
    aside = path.with_name(f"{path.name}.{uuid4().hex}")
    try:
        aside.write_text(dumps(content), encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        raise ChannelError(f"Cannot write {path}: {error.strerror}") from error
