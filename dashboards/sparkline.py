"""Geometry of the small drawings in tables. PURE: numbers in, SVG attributes out; colours are classes.

The page's security policy forbids style attributes, so every length is an attribute of the drawing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log1p

# Burn rates are drawn on a logarithmic scale up to the fastest page of the SRE table.
CEILING = 14.4


@dataclass(frozen=True, slots=True)
class Stroke:
    """Bars of one tone as a single path."""

    tone: str
    path: str


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Bars of a burn rate over time, oldest first. `allowed` is the height of a burn rate of 1."""

    width: int
    height: int
    allowed: float
    strokes: tuple[Stroke, ...]
    label: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A budget as a bar of 100 units: `start` and `width` of the filled part."""

    start: float
    width: float
    tone: str


def sparkline(burns: Sequence[float | None], label: str = "", *, step: int = 3, height: int = 20) -> Sparkline:
    """One bar a burn rate; a dot on the base line where nothing is known."""
    paths: dict[str, list[str]] = {}
    for index, burn in enumerate(burns):
        tall = 1.0 if burn is None else max(1.0, _height(burn, height))
        paths.setdefault(_tone(burn), []).append(_bar(index * step, height, tall, step - 1))
    strokes = tuple(Stroke(tone, "".join(parts)) for tone, parts in paths.items())
    return Sparkline(max(1, len(burns) * step - 1), height, height - _height(1, height), strokes, label)


def day_strip(burns: Sequence[float | None], label: str = "", *, step: int = 4, height: int = 20) -> Sparkline:
    """One bar a day: one that spends just its share of the budget reaches the line at half height."""
    paths: dict[str, list[str]] = {}
    for index, burn in enumerate(burns):
        tall = 1.0 if burn is None else max(1.0, height * min(1.0, burn / 2))
        tone = "none" if burn is None else "bad" if burn > 2 else "warn" if burn > 1 else "ok"
        paths.setdefault(tone, []).append(_bar(index * step, height, tall, step - 1))
    strokes = tuple(Stroke(tone, "".join(parts)) for tone, parts in paths.items())
    return Sparkline(max(1, len(burns) * step - 1), height, height / 2, strokes, label)


def budget_bar(remaining: float | None) -> Bar:
    """The part of a budget that is left; an overspent one is a full bar in the tone of failure."""
    if remaining is None:
        return Bar(0, 0, "none")
    if remaining <= 0:
        return Bar(0, 100, "bad")
    return Bar(0, round(min(1.0, remaining) * 100, 2), "warn" if remaining < 0.25 else "ok")


def spent_bar(spent: float | None) -> Bar:
    """The part of a budget that is gone, in the tones of what is left."""
    return replace(
        budget_bar(None if spent is None else 1 - spent), width=round(max(0.0, min(1.0, spent or 0)) * 100, 2)
    )


def _bar(left: int, base: int, tall: float, width: int) -> str:
    return f"M{left} {base}h{width}v-{tall:.4g}h-{width}z"


def _height(burn: float, height: int) -> float:
    return height * min(1.0, log1p(burn) / log1p(CEILING))


def _tone(burn: float | None) -> str:
    if burn is None:
        return "none"
    if burn > 6:
        return "bad"
    return "warn" if burn > 1 else "ok"
