"""Secrets by reference: looked up when they are used, kept no longer than that, and hidden in every text."""

import json
import os
from base64 import b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from slo.errors import SourceError

HIDDEN = "•••"
# A file larger than this is no secret but a mistake in a path.
LARGEST = 65_536


def resolve(reference: Mapping[str, str]) -> str:
    """The secret that {"from_env": NAME} or {"from_file": path} stands for, surrounding white space left out.

    Raises SourceError, which names the reference and never the value.
    """
    name = reference.get("from_env")
    if name:
        where, text = f"the environment variable {name}", os.environ.get(name)
        if text is None:
            raise SourceError(f"{where} is not set; a secret is expected there")
    else:
        where = f"the file {reference.get('from_file')}"
        text = _read(Path(reference.get("from_file") or "/"), where)
    secret = text.strip()
    if not secret:
        raise SourceError(f"{where} is empty; a secret is expected there")
    if not secret.isprintable():
        raise SourceError(f"{where} holds more than one line of plain text; a secret is one line")
    return secret


def _read(path: Path, where: str) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise SourceError(f"{where} cannot be read: {error.strerror}; a secret is expected there") from None
    if len(data) > LARGEST:
        raise SourceError(f"{where} is too large to be a secret")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise SourceError(f"{where} holds no text; a secret is expected there") from None


class Veil:
    """Hides these secrets, in every spelling they may come back in."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
        self._spellings = sorted(spellings, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without any of the secrets."""
        for spelling in self._spellings:
            text = text.replace(spelling, HIDDEN)
        return text


def _spellings(secret: str) -> Iterable[str]:
    yield secret
    yield quote(secret, safe="")
    yield quote(secret)
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    yield b64encode(secret.encode()).decode()
