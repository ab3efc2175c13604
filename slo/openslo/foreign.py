"""What translating the documents of other tools takes: every field is read, or told in the end as not carried over."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slo.errors import DefinitionError
from slo.maths.burn import BurnWindow
from slo.maths.windows import format_duration
from slo.openslo.nodes import Tree, join
from slo.openslo.sentences import shown

T = TypeVar("T")

OPENSLO, BROWNOUT = "openslo/v1", "brownout/v1"


@dataclass(frozen=True, slots=True)
class Setting:
    """What is there already: the DataSource to measure at, and the names of runbooks."""

    source: str
    runbooks: frozenset[str] = frozenset()


@dataclass(slots=True)
class Translation:
    """A document of another tool and what became of it: trees of our kinds, mistakes, and what is lost."""

    tree: Tree
    file: str
    trees: list[Tree] = field(default_factory=list)
    errors: list[DefinitionError] = field(default_factory=list)
    warnings: list[DefinitionError] = field(default_factory=list)
    parts: dict[str, "Part"] = field(default_factory=dict)
    asked: dict[str, set[str]] = field(default_factory=dict)

    def root(self) -> "Part":
        """The document itself."""
        return Part(self, self.tree.value, "")

    def refuse(self, message: str, path: str) -> None:
        """Note a mistake at a field."""
        self.errors.append(self._at(message, path))

    def warn(self, message: str, path: str) -> None:
        """Note something that cannot be carried over."""
        self.warnings.append(self._at(message, path))

    def line(self, path: str) -> int:
        """The line of a field, or of the nearest of its parents that is written."""
        while path and path not in self.tree.lines:
            path = path.rpartition(".")[0]
        return self.tree.lines.get(path, self.tree.line)

    def add(
        self,
        kind: str,
        name: str,
        spec: dict[str, Any],
        written: Mapping[str, str],
        *,
        annotations: Mapping[str, str] | None = None,
        implied: bool = False,
    ) -> None:
        """Add a document. `written` tells from which field each of its fields comes, "" for the document."""
        metadata: dict[str, Any] = {"name": name}
        if annotations:
            metadata["annotations"] = dict(annotations)
        api = BROWNOUT if kind == "BurnPolicy" else OPENSLO
        value = {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec}
        lines = {ours: self.line(theirs) for ours, theirs in written.items()}
        self.trees.append(Tree(value, lines.pop("", self.tree.line), lines, implied))

    def finish(self) -> None:
        """Tell of every field that nobody has asked for."""
        for part in self.parts.values():
            left = part.left()
            if left:
                self.warn(f"not carried over: {', '.join(left)}", part.path)

    def _at(self, message: str, path: str) -> DefinitionError:
        return DefinitionError(message, file=self.file, line=self.line(path), field=path)


class Part:
    """A mapping of the document, by its path. What is asked of it is carried over."""

    def __init__(self, translation: Translation, value: Mapping[str, Any], path: str) -> None:
        self.path = path
        self._translation, self._value = translation, value
        self._asked = translation.asked.setdefault(path, set())
        translation.parts[path] = self

    def place(self, name: str) -> str:
        """The path of a field."""
        return join(self.path, name)

    def has(self, name: str) -> bool:
        """Is there anything in the field? It still has to be asked for."""
        return self._value.get(name) not in (None, "", [], {})

    def text(self, name: str, *, needed: bool = False) -> str:
        """The text of a field; empty when it is not there."""
        found = self._get(name, str, "text", "")
        if needed and not found and name not in self._mistaken():
            self._translation.refuse("is required", self.place(name))
        return found

    def number(self, name: str) -> float | None:
        """The number of a field."""
        value = self._value.get(name)
        self._asked.add(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        self._translation.refuse(
            "is required" if value is None else f"must be a number, not {shown(value)}", self.place(name)
        )
        return None

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Whether a field is true."""
        return self._get(name, bool, "true or false", default)

    def part(self, name: str) -> "Part":
        """The mapping in a field; an empty one when it is not there."""
        return Part(self._translation, self._get(name, dict, "a mapping", {}), self.place(name))

    def each(self, name: str) -> "Iterator[Part]":
        """The mappings of a list."""
        for position, item in enumerate(self._get(name, list, "a list", [])):
            path = join(self.place(name), str(position))
            if isinstance(item, dict):
                yield Part(self._translation, item, path)
            else:
                self._translation.refuse(f"must be a mapping, not {shown(item)}", path)

    def texts(self, name: str) -> list[str]:
        """The texts of a list."""
        found = self._get(name, list, "a list", [])
        for position, item in enumerate(found):
            if not isinstance(item, str):
                self._translation.refuse(f"must be text, not {shown(item)}", join(self.place(name), str(position)))
        return [item for item in found if isinstance(item, str)]

    def skip(self, *names: str) -> None:
        """These fields mean nothing here, or have been looked at."""
        self._asked |= set(names)

    def left(self) -> list[str]:
        """What holds something and was never asked for."""
        return [name for name in self._value if name not in self._asked and self.has(name)]

    def _get(self, name: str, kind: type[T], words: str, default: T) -> T:
        self._asked.add(name)
        value = self._value.get(name)
        if value is None or isinstance(value, kind):
            return default if value is None else value
        self._translation.refuse(f"must be {words}, not {shown(value)}", self.place(name))
        return default

    def _mistaken(self) -> set[str]:
        return {name for name, value in self._value.items() if value is not None and not isinstance(value, str)}


def slug(part: Part, name: str, text: str, translation: Translation) -> str:
    """The text as one of our names; told when it had to be changed."""
    made = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")
    if made != text and text:
        translation.warn(f"{text[:60]!r} is named {made} here", part.place(name))
    return made


def known_runbook(text: str, runbooks: frozenset[str]) -> str:
    """The runbook that a name, or the end of an address, stands for; empty when there is none."""
    last = re.split(r"[?#]", text)[0].rstrip("/").rpartition("/")[2].removesuffix(".md")
    return last if last in runbooks else ""


def alerting(
    translation: Translation, name: str, windows: Iterable[BurnWindow], target: float, shared: str, path: str
) -> str:
    """Add the BurnPolicy of these windows and give its name: `shared`, or the objective's own when not all can fire.

    Empty when none can, or when `shared` is: then the windows are ours by default.
    """
    wanted = list(windows)
    able = [window for window in wanted if window.short < window.long and window.factor * (1 - target) < 1 - 1e-9]
    if len(able) < len(wanted):
        lost = ", ".join(str(window) for window in wanted if window not in able)
        translation.warn(f"can never fire at this target and window, and is left out: {lost}", path)
    elif not shared:
        return ""
    if not able:
        return ""
    own = len(able) < len(wanted)
    spec = [
        {"severity": w.severity, "long": format_duration(w.long), "short": format_duration(w.short), "factor": w.factor}
        for w in able
    ]
    policy = name if own else shared
    translation.add("BurnPolicy", policy, {"windows": spec}, {"": path}, implied=not own)
    return policy
