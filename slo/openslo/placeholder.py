"""Queries over `{{.window}}`, as Sloth and OpenSLO write them: a tool fills in the window it evaluates."""

import re
from typing import Literal

from slo.openslo.selector import is_bare

Gives = Literal["rate", "amount"]
"""Does a query give events a second, or those of the whole window?"""

_WINDOW = re.compile(r"\{\{-?\s*\.window\s*-?\}\}")
_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`")
_RANGE = re.compile(r"\[\s*\{\{-?\s*\.window\s*-?\}\}\s*\]")
_SUMMED = re.compile(
    r"\s*sum\s*(?:by\s*\(\s*\)\s*)?\(\s*(?:rate|increase)\s*\((?P<selector>.*)\[\s*\{\{-?\s*\.window\s*-?\}\}\s*\]\s*\)\s*\)\s*",
    re.DOTALL,
)
_FUNCTION = re.compile(r"(\w+)\s*\(\s*[^()\[\]]*\[\s*\{\{")
_RATES = {"rate", "irate", "deriv"}


def has_window(query: str) -> bool:
    """Does the query leave its window open?"""
    return bool(_WINDOW.search(query))


def over(query: str, window: str) -> str:
    """The query with its window filled in, such as 5m."""
    return _WINDOW.sub(window, query)


def counter_of(query: str) -> str | None:
    """The selector whose events `sum(rate(…[{{.window}}]))`, or increase, stands for; None for any other query."""
    while query.strip().startswith("(") and query.strip().endswith(")") and _SUMMED.fullmatch(query.strip()[1:-1]):
        query = query.strip()[1:-1]
    found = _SUMMED.fullmatch(query)
    selector = found["selector"].strip() if found else ""
    return selector if is_bare(selector) else None


def gives(query: str) -> Gives:
    """What a query with an open window gives. Raises ValueError when it mixes both kinds, which no factor mends."""
    names = set(_FUNCTION.findall(_RANGE.sub("[{{.window}}]", _STRING.sub('""', query))))
    rates = sorted(names & _RATES)
    if rates and names - _RATES:
        raise ValueError(
            f"mixes {rates[0]}, which is by the second, with {min(names - _RATES)}, which is by the window; use one"
        )
    return "rate" if rates else "amount"
