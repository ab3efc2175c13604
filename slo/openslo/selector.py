"""Bare selectors of counters, `name{label="value"}`, and the counters a histogram is made of."""

import re
from collections.abc import Mapping
from decimal import Decimal

from slo.errors import DefinitionError

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_STRING = r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`"
_MATCHER = rf"(?:{_NAME}|{_STRING})\s*(?:=~|!~|!=|=)\s*(?:{_STRING})"
_BRACES = rf"\{{\s*(?P<matchers>(?:{_MATCHER}(?:\s*,\s*{_MATCHER})*\s*,?\s*)?)\}}"
_SELECTOR = re.compile(rf"\s*(?:(?P<name>{_NAME})\s*(?:{_BRACES})?)\s*\Z")
_NAMELESS = re.compile(rf"\s*{_BRACES}\s*\Z")
_LE = re.compile(rf"(?:{_STRING})|(?P<le>\ble\b\s*[=!])")


def is_bare(text: str) -> bool:
    """Is it a selector and nothing else: no function, range, offset or arithmetic?"""
    if _SELECTOR.match(text):
        return True
    nameless = _NAMELESS.match(text)
    return bool(nameless and nameless["matchers"].strip())


def bucket(selector: str, threshold: float) -> str:
    """The counter of a histogram's events within `threshold` (in its own unit, mostly seconds).

    The bound is matched by value, as exporters write the same bound as 1, 1.0 or 1e+00.
    Raises DefinitionError when the selector does not name a histogram.
    """
    name, matchers = _parts(selector)
    own = f'le=~"{_bounds(threshold)}"'
    return f"{name}_bucket{{{f'{matchers},{own}' if matchers else own}}}"


def count(selector: str) -> str:
    """The counter of all of a histogram's events. Raises DefinitionError when it does not name a histogram."""
    name, matchers = _parts(selector)
    return f"{name}_count{{{matchers}}}" if matchers else f"{name}_count"


def buckets(selector: str) -> str:
    """The counters of all of a histogram's buckets. Raises DefinitionError when it does not name a histogram."""
    name, matchers = _parts(selector)
    return f"{name}_bucket{{{matchers}}}" if matchers else f"{name}_bucket"


def narrowed(selector: str, labels: Mapping[str, str]) -> str:
    """The selector of only those series that have these labels; an absent label has the empty value."""
    own = ",".join(f"{name}={quoted(value)}" for name, value in labels.items())
    text = selector.strip()
    if not text.endswith("}"):
        return f"{text}{{{own}}}"
    present = text[:-1].rstrip().removesuffix(",").rstrip()
    return f"{present}{'' if present.endswith('{') else ','}{own}}}"


def quoted(value: str) -> str:
    """A value as text of PromQL."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _parts(selector: str) -> tuple[str, str]:
    found = _SELECTOR.match(selector)
    if found is None:
        raise DefinitionError(
            f"{selector!r} does not name a histogram; write its base name with its labels, "
            'such as http_request_duration_seconds{job="shop"}'
        )
    name, matchers = found["name"], (found["matchers"] or "").strip().rstrip(",").rstrip()
    base, _, suffix = name.rpartition("_")
    if suffix in {"bucket", "count", "sum"}:
        raise DefinitionError(f"write the histogram's base name, {base}, without _{suffix}")
    if any(hit["le"] for hit in _LE.finditer(matchers)):
        raise DefinitionError("leave the label le out; the bucket is chosen by threshold")
    return name, matchers


def _bounds(threshold: float) -> str:
    """A regular expression for every spelling of the number: 0.3 → `0[.]30*`, 1 → `1([.]0+)?`."""
    number = Decimal(repr(threshold))
    patterns = [_decimals(format(number, "f"))]
    power = number.adjusted()
    # Go and the client libraries switch to exponents here.
    if power < -4 or power >= 6:
        sign = "-" if power < 0 else "[+]?"
        patterns.append(f"{_decimals(format(number.scaleb(-power), 'f'))}e{sign}0*{abs(power)}")
    return "|".join(patterns)


def _decimals(text: str) -> str:
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}[.]{fraction}0*" if fraction else f"{whole}([.]0+)?"
