"""The files that paths stand for, and their text."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from slo.errors import DefinitionError

YAML, MARKDOWN = (".yaml", ".yml"), (".md",)
MAX_BYTES = 5_000_000


def find(paths: Iterable[str | Path]) -> Iterator[Path | DefinitionError]:
    """Every file meant, once, in the order given; folders are searched, in the order of names.

    Hidden files and a folder's README.md are passed over. What is no usable path comes as its error.
    """
    seen: set[str] = set()
    for path in map(Path, paths):
        for found in _find(path):
            if isinstance(found, DefinitionError):
                yield found
            elif (real := os.path.realpath(found)) not in seen:
                seen.add(real)
                yield found


def shown(path: Path) -> str:
    """A file as people know it: seen from the folder one is in, if it lies below that."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _find(path: Path) -> Iterator[Path | DefinitionError]:
    try:
        if path.is_dir():
            found = list(_walk(path))
            yield from found or [DefinitionError("the folder holds no *.yaml, *.yml or *.md files", file=str(path))]
        elif not path.exists():
            yield DefinitionError("there is no such file or folder", file=str(path))
        elif not path.is_file():
            yield DefinitionError("this is neither a file nor a folder", file=str(path))
        elif path.suffix.lower() not in YAML + MARKDOWN:
            yield DefinitionError("documents are *.yaml, *.yml or *.md files; rename this one", file=str(path))
        else:
            yield path
    except OSError as error:
        yield DefinitionError(f"cannot be read: {_reason(error)}", file=str(path))


def _walk(folder: Path) -> Iterator[Path | DefinitionError]:
    troubles: list[OSError] = []
    for root, folders, names in os.walk(folder, onerror=troubles.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(root, name)
            wanted = path.suffix.lower() in YAML + MARKDOWN and name.lower() != "readme.md"
            if wanted and not name.startswith("."):
                yield path
    for trouble in troubles:
        yield DefinitionError(f"cannot be read: {_reason(trouble)}", file=str(trouble.filename))


def read(path: Path) -> str:
    """The text of a file, lines ended by \\n. Raises DefinitionError when it is too large, or no UTF-8 text."""
    file = str(path)
    try:
        if not path.is_file():
            raise DefinitionError("this is no regular file", file=file)
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise DefinitionError(f"cannot be read: {_reason(error)}", file=file) from None
    if len(data) > MAX_BYTES:
        raise DefinitionError(f"larger than {MAX_BYTES // 1_000_000} MB; split it", file=file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DefinitionError("this is no UTF-8 text; save the file as UTF-8", file=file, line=line) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
