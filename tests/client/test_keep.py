"""The last good answer in a file: whole or not there, and never trusted blindly."""

import errno
import json
import os
import stat
import time
from pathlib import Path

import pytest

from brownout import keep

BODY = b'{"flags": [{"key": "nudges", "value": false, "metadata": {"cause": "\xc3\xbc"}}]}'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "flags.json"
    keep.save(path, BODY, 1_000.0, '"tag"')
    return path


def test_what_was_saved_is_loaded(file: Path) -> None:
    found = keep.load(file)
    assert found is not None
    snapshot, body = found
    assert (snapshot.flags["nudges"].value, snapshot.heard_at, snapshot.etag, body) == (False, 1_000.0, '"tag"', BODY)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_a_truncated_file_is_no_file(file: Path) -> None:
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert keep.load(file) is None, length


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"\x00" * 5_000, b"[]", b"{}", b"[" * 100_000, b'{"format": 1, "digest": ""}']
)
def test_garbage_is_no_file(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert keep.load(file) is None


def test_a_value_that_somebody_changed_is_not_believed(file: Path) -> None:
    file.write_text(file.read_text().replace("false", "true"))
    assert keep.load(file) is None


def test_a_huge_file_is_not_even_read_whole(file: Path) -> None:
    with file.open("ab") as grown:
        grown.truncate(keep.LARGEST + 2)
    assert keep.load(file) is None


def test_a_file_from_the_future_is_not_believed(tmp_path: Path) -> None:
    keep.save(tmp_path / "flags.json", BODY, time.time() + 3_600, "")
    assert keep.load(tmp_path / "flags.json") is None


def test_a_folder_or_a_missing_file_is_no_file(tmp_path: Path) -> None:
    assert keep.load(tmp_path) is None
    assert keep.load(tmp_path / "none") is None


def test_a_full_disk_leaves_the_last_file_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        keep.save(file, b'{"flags": []}', 2_000.0, "")
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_the_digest_covers_all_that_is_believed(file: Path) -> None:
    whole = json.loads(file.read_text())
    for name, other in (("heard_at", 2_000.0), ("etag", '"other"'), ("answer", '{"flags": []}')):
        file.write_text(json.dumps({**whole, name: other}))
        assert keep.load(file) is None, name
