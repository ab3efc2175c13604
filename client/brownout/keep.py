"""The last answer in a file, so that a process that starts while the server is away knows what was true."""

import hashlib
import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from brownout.snapshot import Snapshot, UnbelievableError, believed

FORMAT = 1
LARGEST = 4 * 2**20
# A clock may be a little ahead of the one that wrote the file.
AHEAD_SECONDS = 60.0


def save(path: Path, body: bytes, heard_at: float, etag: str) -> None:
    """Put the answer in the place of the last one: whole, or not at all. Raises OSError."""
    answer = body.decode()
    whole = {"format": FORMAT, "heard_at": heard_at, "etag": etag, "answer": answer}
    text = json.dumps({**whole, "digest": _digest(whole)})
    path.parent.mkdir(parents=True, exist_ok=True)
    # Readable for the owner only, as mkstemp makes it.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def load(path: Path) -> tuple[Snapshot, bytes] | None:
    """What the file holds, or None when it is not there or is not as it was written."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST + 1)
        whole = json.loads(text) if len(text) <= LARGEST else None
        if not isinstance(whole, dict) or whole.get("format") != FORMAT or whole.pop("digest", "") != _digest(whole):
            return None
        heard_at, body = float(whole["heard_at"]), str(whole["answer"]).encode()
        if heard_at > time.time() + AHEAD_SECONDS:
            return None
        return believed(body, min(heard_at, time.time()), str(whole["etag"])), body
    except (OSError, ValueError, KeyError, TypeError, RecursionError, UnbelievableError):
        return None


def _digest(whole: dict[str, object]) -> str:
    told = {name: whole.get(name) for name in ("format", "heard_at", "etag", "answer")}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
