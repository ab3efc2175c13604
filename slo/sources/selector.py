"""Bare selectors of counters, as Prometheus writes them: `name{label="value", code=~"5.."}`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from slo.errors import QueryError

_NAME = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*")
_MATCHER = re.compile(
    r"""\s*(?P<label>[a-zA-Z_][a-zA-Z0-9_]*)\s*(?P<operator>=~|!~|!=|=)\s*
        (?:"(?P<double>(?:[^"\\\n]|\\.)*)"|'(?P<single>(?:[^'\\\n]|\\.)*)'|`(?P<raw>[^`]*)`)\s*""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)")
_SHORT = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"', "'": "'"}


@dataclass(frozen=True)
class Matcher:
    """A condition on one label; an absent label has the empty value. Regular expressions match the whole value."""

    label: str
    operator: str
    value: str

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        try:
            return re.compile(self.value, re.DOTALL)
        except re.error as error:
            raise QueryError(f"{self.value!r} is no regular expression: {error}") from None

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Does the series with these labels fulfil the condition? Raises QueryError for a broken expression."""
        value = labels.get(self.label, "")
        if self.operator in ("=", "!="):
            return (value == self.value) == (self.operator == "=")
        return (self._pattern.fullmatch(value) is not None) == (self.operator == "=~")


@dataclass(frozen=True, slots=True)
class Selector:
    """The series of one metric whose labels fulfil every matcher."""

    name: str
    matchers: tuple[Matcher, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Is the series of this metric with these labels selected?"""
        return all(matcher.matches(labels) for matcher in self.matchers)


def parse(text: str) -> Selector:
    """The selector a text stands for. Raises QueryError for anything that is not a metric name with matchers."""
    if not (named := _NAME.match(text)):
        raise _no_selector(text)
    name, position = named.group(1), named.end()
    matchers: list[Matcher] = []
    if position < len(text):
        matchers, position = _matchers(text, position)
    if position < len(text.rstrip()):
        raise _no_selector(text)
    return Selector(name, tuple(matchers))


def written(selector: Selector) -> str:
    """The selector as Prometheus reads it."""
    if not selector.matchers:
        return selector.name
    return f"{selector.name}{{{','.join(f'{m.label}{m.operator}{_quoted(m.value)}' for m in selector.matchers)}}}"


def _quoted(value: str) -> str:
    for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        value = value.replace(character, escape)
    return f'"{value}"'


def _matchers(text: str, position: int) -> tuple[list[Matcher], int]:
    if text[position] != "{":
        raise _no_selector(text)
    found, position = [], position + 1
    while match := _MATCHER.match(text, position):
        found.append(Matcher(match["label"], match["operator"], _value(match)))
        position = match.end()
        if text[position : position + 1] != ",":
            break
        position += 1
    rest = text[position:].lstrip()
    if not rest.startswith("}"):
        raise _no_selector(text)
    return found, len(text) - len(rest) + 1


def _value(match: re.Match[str]) -> str:
    if (raw := match["raw"]) is not None:
        return raw
    quoted = match["double"] if match["double"] is not None else match["single"]
    return _ESCAPE.sub(_unescape, quoted)


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1)
    if code in _SHORT:
        return _SHORT[code]
    if code[0] in "xuU" and len(code) > 1:
        return chr(int(code[1:], 16))
    if len(code) == 3:
        return chr(int(code, 8))
    raise QueryError(f"\\{code} is no escape that Prometheus knows; a backslash itself is written \\\\")


def _no_selector(text: str) -> QueryError:
    return QueryError(
        f'{text!r} is no selector of a counter, such as name{{label="value"}}; any other query needs counter: false'
    )
