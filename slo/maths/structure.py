"""Structure expressions: what needs what, as `web`, `all(…)`, `any(…)`, `at_least(2, a, b, c)`.

A name is a component; letters, digits, hyphens and underscores. Groups nest. `all` and `any` are `at_least` with
every part and with one part needed, so there is one rule of evaluation.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from slo.errors import ExpressionError

LONGEST, DEEPEST = 2_000, 20
LONGEST_NAME = 100

_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z0-9_-]+)|(?P<mark>[(),]))")
_GROUPS = ("all", "any", "at_least")
_EXPECTED = "a component name, all(…), any(…) or at_least(k, …)"


@dataclass(frozen=True, slots=True)
class Part:
    """A component by its name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Group:
    """Holds when at least `need` of its parts hold."""

    need: int
    parts: tuple["Expression", ...]

    def __str__(self) -> str:
        inside = ", ".join(str(part) for part in self.parts)
        if self.need == len(self.parts):
            return f"all({inside})"
        return f"any({inside})" if self.need == 1 else f"at_least({self.need}, {inside})"


Expression = Part | Group


def parse(text: str) -> Expression:
    """The expression a text means; `str` of it reads back as the same.

    Raises ExpressionError with the position (from 1) of what is wrong.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"the expression has {len(text)} characters; at most {LONGEST} are read")
    reader = _Reader(text)
    found = reader.expression(depth=1)
    reader.end()
    return found


def names(expression: Expression) -> frozenset[str]:
    """Every component the expression speaks of."""
    if isinstance(expression, Part):
        return frozenset({expression.name})
    return frozenset().union(*(names(part) for part in expression.parts))


def holds(expression: Expression, up: AbstractSet[str]) -> bool:
    """Does it hold while exactly the components in `up` are up?"""
    if isinstance(expression, Part):
        return expression.name in up
    return sum(holds(part, up) for part in expression.parts) >= expression.need


def missing(expression: Expression, up: AbstractSet[str]) -> frozenset[str]:
    """The components whose absence keeps it from holding; none when it holds."""
    if holds(expression, up):
        return frozenset()
    if isinstance(expression, Part):
        return frozenset({expression.name})
    return frozenset().union(*(missing(part, up) for part in expression.parts))


class _Reader:
    """Walks over the tokens of a text; each is (word or mark, position from 1)."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next = 0

    def expression(self, depth: int) -> Expression:
        word, position = self._take(_EXPECTED)
        if word in "(),":
            raise _error(position, f"{word!r} stands where {_EXPECTED} is needed")
        if self._peek() != "(":
            return _part(word, position)
        if word not in _GROUPS:
            raise _error(position, f"{word!r} is no group; there are all(…), any(…) and at_least(k, …)")
        if depth >= DEEPEST:
            raise _error(position, f"groups are nested more than {DEEPEST - 1} deep")
        return self._group(word, position, depth)

    def end(self) -> None:
        if self._next < len(self._tokens):
            word, position = self._tokens[self._next]
            raise _error(position, f"{word!r} comes after the end; join several parts with all(…) or any(…)")

    def _group(self, word: str, position: int, depth: int) -> Group:
        self._expect("(")
        count = self._count() if word == "at_least" else 0
        parts = [self.expression(depth + 1)]
        while self._peek() == ",":
            self._expect(",")
            parts.append(self.expression(depth + 1))
        self._expect(")")
        twice = next((part for i, part in enumerate(parts) if part in parts[:i]), None)
        if twice is not None:
            raise _error(position, f"{word}(…) lists {twice} twice; once is enough")
        need = {"all": len(parts), "any": 1}.get(word, count)
        if need > len(parts):
            raise _error(position, f"at_least({need}, …) can never hold with {len(parts)} parts")
        return Group(need, tuple(parts))

    def _count(self) -> int:
        word, position = self._take("a whole number")
        if not re.fullmatch(r"[1-9][0-9]{0,2}", word):
            raise _error(position, f"at_least(k, …) starts with a whole number from 1 on, not {word!r}")
        self._expect(",")
        return int(word)

    def _peek(self) -> str:
        return self._tokens[self._next][0] if self._next < len(self._tokens) else ""

    def _take(self, expected: str) -> tuple[str, int]:
        if self._next == len(self._tokens):
            raise ExpressionError(f"the expression ends where {expected} is needed")
        self._next += 1
        return self._tokens[self._next - 1]

    def _expect(self, mark: str) -> None:
        expected = "',' or ')'" if mark == ")" else repr(mark)
        word, position = self._take(expected)
        if word != mark:
            raise _error(position, f"{word!r} stands where {expected} is needed")


def _tokens(text: str) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    end, position = len(text.rstrip()), 0
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            raise _error(start + 1, f"{text[start]!r} is not of the language; {_EXPECTED} is")
        word = match["name"] or match["mark"]
        found.append((word, match.end() - len(word) + 1))
        position = match.end()
    return found


def _part(word: str, position: int) -> Part:
    if len(word) > LONGEST_NAME:
        raise _error(position, f"a name has at most {LONGEST_NAME} characters, this one {len(word)}")
    return Part(word)


def _error(position: int, message: str) -> ExpressionError:
    return ExpressionError(f"position {position}: {message}")
