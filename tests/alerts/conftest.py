"""What several of these tests share."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar

import pytest
from django.db import connection

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.models import Transition

T = TypeVar("T")


@pytest.fixture
def in_threads() -> Callable[[int, Callable[[], T]], list[T]]:
    """Call a function in several threads at the same moment, each with a database connection of its own."""

    def call(count: int, function: Callable[[], T]) -> list[T]:
        barrier = Barrier(count)

        def one() -> T:
            try:
                barrier.wait(10)
                return function()
            finally:
                connection.close()

        with ThreadPoolExecutor(count) as pool:
            return [future.result() for future in [pool.submit(one) for _ in range(count)]]

    return call


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[Transition]:
    """What people are told of, as it is announced, whoever hears it; it still is announced."""
    from alerts.services import tell

    heard: list[Transition] = []

    def announce(changes: Sequence[Transition], at: datetime) -> None:
        heard.extend(changes)
        whole(changes, at)

    whole = tell.announce
    for module in ("acknowledge", "follow_up", "settle", "silences"):
        monkeypatch.setattr(f"alerts.services.{module}.announce", announce, raising=False)
    return heard


@pytest.fixture
def file_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """SQLite in a file, as in production: threads cannot share a database in memory. PostgreSQL stays as it is."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    name, memory = connection.settings_dict["NAME"], connection.connection
    with sqlite3.connect(tmp_path / "test.sqlite3") as copy:
        memory.backup(copy)
    copy.close()
    connection.settings_dict["NAME"], connection.connection = str(tmp_path / "test.sqlite3"), None
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"], connection.connection = name, memory
