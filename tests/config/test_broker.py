"""The folder as broker: nobody reads half of what is being written, and no binding is lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty
from threading import Event

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError

from config import broker
from config.celery import app

QUEUE = "celery"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A connection to a folder of its own, by the name that the settings know."""
    folders = {name: str(tmp_path / name) for name in ("queue", "control", "processed")}
    for folder in folders.values():
        Path(folder).mkdir()
    options = {
        "data_folder_in": folders["queue"],
        "data_folder_out": folders["queue"],
        "control_folder": folders["control"],
        "processed_folder": folders["processed"],
    }
    assert app.conf.broker_url
    with Connection("filesystem://", transport_options=options) as connection:
        assert isinstance(connection.transport, broker.Transport)
        yield connection


def channel(connection: Connection) -> broker.Channel:
    found = connection.channel()
    assert isinstance(found, broker.Channel)
    return found


def test_whoever_reads_while_another_writes_gets_whole_messages(connection: Connection) -> None:
    writer, reader, over = channel(connection), channel(connection), Event()
    sent = [{"body": str(number) * 50_000} for number in range(60)]

    def read() -> list[object]:
        found: list[object] = []
        while True:
            last = over.is_set()
            try:
                found.append(reader._get(QUEUE))
            except Empty:
                if last:
                    return found

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        for payload in sent:
            writer._put(QUEUE, payload)
        over.set()
    found = reading.result()
    assert len(found) == len(sent)
    assert all(payload in sent for payload in found)


def test_bindings_made_and_undone_at_once_are_all_kept(connection: Connection) -> None:
    channels = [channel(connection) for _ in range(8)]

    def bind(number: int) -> None:
        own = channels[number % 8]
        own._queue_bind("control", "", "", f"queue-{number}")
        own._queue_bind("control", "", "", f"passing-{number}")
        own._delete(f"passing-{number}", "control", "", "")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bind, range(64)))
    table = channels[0].get_table("control")
    assert sorted(entry.queue for entry in table) == sorted(f"queue-{number}" for number in range(64))


def test_a_folder_that_takes_nothing_is_said_and_keeps_nothing_half(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    own = channel(connection)
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ChannelError, match="No space left on device"):
        own._put(QUEUE, {"body": "x"})
    assert list((tmp_path / "queue").iterdir()) == []
