"""YAML text as plain data with the line of every field, safe against any input.

Stricter than YAML on purpose: scalars are JSON's (`yes` and `1:30` stay text, dates too), keys are unique text,
tags other than the core ones, merge keys and NaN are refused. The tree is built from parser events, so nesting
and alias expansion are bounded here and not by the stack.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml import CBaseLoader
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from slo.errors import DefinitionError

MAX_DEPTH = 40
MAX_COPIES = 10_000  # nodes that aliases may repeat in a file

NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
FLOAT = re.compile(
    r"(?:[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)
_CORE = "tag:yaml.org,2002:"
_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Tree:
    """One document: its data, its first line, and the line of every field by dotted path (`spec.windows.0.long`).

    An `implied` one stands for what another document takes for granted: what is there already stays as it is.
    """

    value: Any
    line: int
    lines: dict[str, int]
    implied: bool = False


@dataclass(slots=True)
class Content:
    """What a text holds: the trees that could be read, and everything wrong with it.

    `whole` tells whether the text was read to its end.
    """

    trees: list[Tree] = field(default_factory=list)
    errors: list[DefinitionError] = field(default_factory=list)
    whole: bool = True


@dataclass(slots=True)
class _Node:
    """A parsed node: text for a scalar, nodes for a sequence, pairs of nodes for a mapping."""

    line: int
    tag: str
    plain: bool
    content: "str | list[_Node] | list[tuple[_Node, _Node]]"
    mapping: bool = False


class _Fault(Exception):  # noqa: N818 caught in this module only
    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message, self.line = message, line


def parse(text: str, file: str, offset: int = 0) -> Content:
    """Every document of a YAML text whose first line is line `offset` + 1 of the file. Never raises."""
    content = Content()
    control = next((line for line, chars in enumerate(text.split("\n"), 1) if _CONTROL.search(chars)), 0)
    if control:
        content.errors.append(DefinitionError(BINARY, file=file, line=control + offset))
        return Content(errors=content.errors, whole=False)
    try:
        for root in _documents(text):
            tree = _Builder(file, offset, content.errors).tree(root)
            if tree.value is not None:
                content.trees.append(tree)
    except (yaml.YAMLError, _Fault) as fault:
        content.errors.append(DefinitionError(_explain(fault), file=file, line=_line(fault) + offset))
        content.whole = False
    return content


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
BINARY = "this is no text: it holds control characters"


def _explain(fault: yaml.YAMLError | _Fault) -> str:
    if isinstance(fault, _Fault):
        return fault.message
    problem = str(getattr(fault, "problem", "") or getattr(fault, "context", "") or "it cannot be read")
    if "cannot start any token" in problem or "tab character" in problem:
        problem += "; a tab cannot indent, and text that starts with @, ` or % needs quotes"
    elif "mapping values are not allowed" in problem:
        problem += "; check the indentation, and quote text that holds ': '"
    elif "expected ',' or" in problem:
        problem += "; check brackets, quotes and commas"
    elif "expected key" in problem:
        problem += "; check the indentation of this line"
    return f"not valid YAML: {problem}"


def _line(fault: yaml.YAMLError | _Fault) -> int:
    if isinstance(fault, _Fault):
        return fault.line
    mark = getattr(fault, "problem_mark", None) or getattr(fault, "context_mark", None)
    return mark.line + 1 if mark else 1


def _documents(text: str) -> Iterator[_Node]:
    events = _events(text)
    for event in events:
        if isinstance(event, DocumentStartEvent):
            yield _Composer().compose(events)


def _events(text: str) -> Iterator[Event]:
    parser = CBaseLoader(text)
    try:
        while parser.check_event():
            event = parser.get_event()
            if event is not None:
                yield event
    finally:
        parser.dispose()


class _Composer:
    """Nodes of one document; an alias is the same node again."""

    def __init__(self) -> None:
        self._anchors: dict[str, _Node] = {}
        self._open: list[_Node] = []

    def compose(self, events: Iterator[Event]) -> _Node:
        parents: list[list[_Node]] = [[]]
        for event in events:
            if isinstance(event, CollectionEndEvent):
                children, node = parents.pop(), self._open.pop()
                node.content = list(zip(children[::2], children[1::2], strict=True)) if node.mapping else children
            elif isinstance(event, NodeEvent):
                node = self._node(event)
                parents[-1].append(node)
                if isinstance(event, SequenceStartEvent | MappingStartEvent):
                    self._enter(node)
                    parents.append([])
            if not self._open:
                return parents[0][0]
        raise _Fault("not valid YAML: the document has no end", 1)

    def _enter(self, node: _Node) -> None:
        self._open.append(node)
        if len(self._open) > MAX_DEPTH:
            raise _Fault(f"nested more than {MAX_DEPTH} deep", node.line)

    def _node(self, event: NodeEvent) -> _Node:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, AliasEvent):
            return self._aliased(event.anchor or "", line)
        tag: str = getattr(event, "tag", None) or ""
        if isinstance(event, ScalarEvent):
            node = _Node(line, tag, bool(event.implicit[0]), str(event.value))
        else:
            node = _Node(line, tag, True, [], isinstance(event, MappingStartEvent))
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _aliased(self, anchor: str, line: int) -> _Node:
        node = self._anchors.get(anchor)
        if node is None:
            raise _Fault(f"the alias *{anchor} has no anchor &{anchor} before it", line)
        if any(parent is node for parent in self._open):
            raise _Fault(f"the alias *{anchor} contains itself", line)
        return node


class _Builder:
    """Plain data out of nodes; what is wrong inside is noted, and the rest goes on."""

    def __init__(self, file: str, offset: int, errors: list[DefinitionError]) -> None:
        self._file, self._offset, self._errors = file, offset, errors
        self._lines: dict[str, int] = {}
        self._seen: set[int] = set()
        self._copies = 0

    def tree(self, root: _Node) -> Tree:
        value = self._value(root, "")
        return Tree(value, root.line + self._offset, self._lines)

    def _note(self, message: str, line: int, path: str) -> None:
        self._errors.append(DefinitionError(message, file=self._file, line=line + self._offset, field=path))

    def _value(self, node: _Node, path: str) -> Any:
        if id(node) in self._seen:
            self._copies += 1
            if self._copies > MAX_COPIES:
                raise _Fault(f"aliases repeat more than {MAX_COPIES} values; write them out", node.line)
        self._seen.add(id(node))
        if path:
            self._lines.setdefault(path, node.line + self._offset)
        if isinstance(node.content, str):
            return self._scalar(node, node.content, path)
        self._check_tag(node, "map" if node.mapping else "seq", path)
        return self._mapping(node, path) if node.mapping else self._sequence(node, path)

    def _sequence(self, node: _Node, path: str) -> list[Any]:
        return [self._value(item, join(path, str(i))) for i, item in enumerate(node.content) if isinstance(item, _Node)]

    def _mapping(self, node: _Node, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for pair in node.content:
            if not isinstance(pair, tuple):
                continue
            key, item = pair
            name = self._key(key, path)
            if name is None:
                continue
            place = join(path, name)
            if name in found:
                self._note(f"is given twice, first on line {lines[name] + self._offset}", key.line, place)
                continue
            self._lines[place] = key.line + self._offset
            lines[name], found[name] = key.line, self._value(item, place)
        return found

    def _key(self, key: _Node, path: str) -> str | None:
        if not isinstance(key.content, str):
            self._note("a name must be text, not a list or a mapping", key.line, path)
            return None
        name = self._scalar(key, key.content, path)
        if key.plain and name == "<<":
            self._note("merge keys (<<) are not supported; write the fields out", key.line, path)
            return None
        if not isinstance(name, str):
            self._note(f"a name must be text; put {key.content or 'it'} in quotes", key.line, path)
            return None
        return name

    def _check_tag(self, node: _Node, kind: str, path: str) -> None:
        if node.tag not in ("", "!", _CORE + kind):
            self._note(f"the tag {node.tag.replace(_CORE, '!!')} is not supported; leave it out", node.line, path)

    def _scalar(self, node: _Node, text: str, path: str) -> Any:
        if not node.plain or node.tag:
            self._check_tag(node, "str", path)
            return self._text(node, text, path)
        if NULL.match(text):
            return None
        if BOOL.match(text):
            return text.lower() == "true"
        if INT.match(text) and len(text) <= _DIGITS:
            return int(text)
        if FLOAT.match(text):
            return self._number(node, text, path)
        return self._text(node, text, path)

    def _number(self, node: _Node, text: str, path: str) -> float:
        number = float(re.sub(r"\.(?=[iInN])", "", text))
        if abs(number) < float("inf"):
            return number
        self._note(f"{text} is not a number one can count with", node.line, path)
        return 0.0

    def _text(self, node: _Node, text: str, path: str) -> str:
        if _CONTROL.search(text):
            self._note("text must not hold control characters", node.line, path)
        return text


def join(path: str, part: str) -> str:
    """The dotted path of a field within another."""
    return f"{path}.{part}" if path else part
