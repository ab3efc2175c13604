"""What changed between two versions of a text, line by line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

CONTEXT = 3


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference, with its numbers in the older and the newer text; `gap` stands for lines left out."""

    kind: Literal["same", "removed", "added", "gap"]
    before: int | None
    after: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """A field beside the text that differs."""

    field: str
    before: str
    after: str


def lines(before: str, after: str) -> tuple[Line, ...]:
    """The lines that differ, with three lines around each place; empty if nothing does."""
    old, new = before.splitlines(), after.splitlines()
    groups = list(SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT))
    found: list[Line] = []
    for group in groups:
        if group[0][1] or group[0][3]:
            found.append(Line("gap", None, None, ""))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                found += [Line("same", i1 + n + 1, j1 + n + 1, old[i1 + n]) for n in range(i2 - i1)]
            else:
                found += [Line("removed", n + 1, None, old[n]) for n in range(i1, i2)]
                found += [Line("added", None, n + 1, new[n]) for n in range(j1, j2)]
    if groups and groups[-1][-1][2] < len(old):
        found.append(Line("gap", None, None, ""))
    return tuple(found)


def fields(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[Change, ...]:
    """The fields that differ, by name."""
    return tuple(_changes(before, after))


def _changes(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        old, new = (_shown(side.get(name, "")) for side in (before, after))
        if old != new:
            yield Change(name, old, new)


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
