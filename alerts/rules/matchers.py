"""Conditions on the labels of alerts, as Alertmanager writes them: `service="orders", severity=~"page|ticket"`.

An absent label has the empty value, and a regular expression has to match the whole value. Expressions are RE2's, as
in Alertmanager: time grows with the length of a value and no faster, whatever the expression.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast

import re2

from alerts.errors import MatcherError

Operator = Literal["=", "!=", "=~", "!~"]

LONGEST_TEXT, LONGEST_VALUE, MOST_MATCHERS = 4_000, 500, 20

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_OPERATOR = re.compile(r"=~|!~|!=|=")
_QUOTED = re.compile(r"\"(?P<double>(?:[^\"\\]|\\.)*)\"|'(?P<single>(?:[^'\\]|\\.)*)'", re.DOTALL)
_BARE = re.compile(r"[^\s,{}\"'=~!\\]+")
_SPACE = re.compile(r"\s*")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "\\": "\\", '"': '"', "'": "'"}
# What an expression may take while it is compiled and matched, in bytes.
_MEMORY = 1 << 20


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on one label. Raises MatcherError for a value that is too long or no regular expression."""

    label: str
    op: Operator
    value: str

    def __post_init__(self) -> None:
        if len(self.value) > LONGEST_VALUE:
            raise MatcherError(f"{self.label}: a value has at most {LONGEST_VALUE} characters")
        if "\0" in self.value or any("\ud800" <= character <= "\udfff" for character in self.value):
            raise MatcherError(f"{self.label}: {self.value[:60]!r} holds a character that is no text")
        if self.op in {"=~", "!~"}:
            _expression(self.label, self.value)

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.op}"{escaped}"'

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Do labels fulfil the condition?"""
        value = labels.get(self.label, "")
        if self.op in {"=", "!="}:
            return (value == self.value) == (self.op == "=")
        found = _expression(self.label, self.value).fullmatch(value.encode(errors="replace"))
        return (found is not None) == (self.op == "=~")


def matches_all(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Do labels fulfil every condition? No condition is fulfilled by all."""
    return all(matcher.matches(labels) for matcher in matchers)


def is_empty(matchers: Iterable[Matcher]) -> bool:
    """Would a thing without any label fulfil every condition, so that they pick out nothing in particular?"""
    return matches_all(matchers, {})


def written(matchers: Iterable[Matcher]) -> str:
    """Conditions as `parse` reads them."""
    return ", ".join(str(matcher) for matcher in matchers)


def parse(text: str) -> tuple[Matcher, ...]:
    """The conditions a text stands for, with braces around them or without; none for an empty text.

    A value without quotes may have no space, comma, brace or operator. Raises MatcherError naming the part at fault.
    """
    if len(text) > LONGEST_TEXT:
        raise MatcherError(f"matchers have at most {LONGEST_TEXT} characters together")
    inside = _unbraced(text.strip())
    found: list[Matcher] = []
    position = 0
    while position < len(inside):
        matcher, position = _matcher(inside, position)
        found.append(matcher)
        if len(found) > MOST_MATCHERS:
            raise MatcherError(f"there can be at most {MOST_MATCHERS} matchers")
        position = _after_comma(inside, position)
    return tuple(found)


def parse_all(texts: Iterable[str]) -> tuple[Matcher, ...]:
    """The conditions of several texts together."""
    return tuple(matcher for text in texts for matcher in parse(text))


def _unbraced(text: str) -> str:
    if not text.startswith("{"):
        return text
    if not text.endswith("}"):
        raise MatcherError(f"{_part(text, 0)} opens a brace that nothing closes")
    return text[1:-1].strip()


def _matcher(text: str, start: int) -> tuple[Matcher, int]:
    label = _LABEL.match(text, start)
    if label is None:
        raise MatcherError(f'{_part(text, start)} does not begin with a label; write label="value"')
    operator = _OPERATOR.match(text, _skip(text, label.end()))
    if operator is None:
        raise MatcherError(f"{_part(text, start)}: after {label[0]} comes =, !=, =~ or !~ and a value")
    begin = _skip(text, operator.end())
    value = _QUOTED.match(text, begin) or _BARE.match(text, begin)
    if value is None:
        raise MatcherError(f'{_part(text, start)}: write the value of {label[0]} in quotes, as in {label[0]}="value"')
    return Matcher(label[0], cast("Operator", operator[0]), _value(label[0], value)), value.end()


def _value(label: str, found: re.Match[str]) -> str:
    if found.re is _BARE:
        return found[0]
    inner = found["double"] if found["double"] is not None else found["single"]
    # Another escape than these stays as it is, so that a regular expression can be written with one backslash.
    return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[0]), inner)


def _after_comma(text: str, position: int) -> int:
    end = _skip(text, position)
    if end < len(text) and text[end] != ",":
        raise MatcherError(f"{_part(text, end)}: matchers are parted by commas")
    return _skip(text, end + 1)


def _skip(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _part(text: str, start: int) -> str:
    return repr(text[start : start + 60])


@lru_cache(maxsize=1_024)
def _expression(label: str, value: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(value.encode(), options=options)
    except re2.error as error:
        why = error.args[0].decode(errors="replace") if error.args else "not understood"
        raise MatcherError(f"{label}: {value[:60]!r} is no regular expression of RE2: {why}") from None
