"""What tests of several workers start from."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection


@pytest.fixture
def shared_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """A database that threads share as processes do: SQLite in memory cannot wait for locks, so it moves to a file."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    memory, name = connection.connection, connection.settings_dict["NAME"]
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as file:
        memory.backup(file)
    connection.connection, connection.settings_dict["NAME"] = None, str(tmp_path / "ledger.sqlite3")
    yield
    connection.close()
    connection.connection, connection.settings_dict["NAME"] = memory, name
