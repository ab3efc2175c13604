"""Bounds of a term's probability where an exact answer would take too long.

Parts that share no event are independent and combined exactly. Monotone parts that share events are associated (Esary,
Proschan and Walkup, 1967): holding together is at least as likely as the product of their probabilities; of others only
Fréchet's inequalities hold. Both get narrower by asking what if the most shared events held, and what if they did not.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from slo.maths.composite.terms import AtLeast, Event, Opposite, Term, events, is_monotone

# Cases told apart: 2 to the power of this.
SPLITS = 8


@dataclass(frozen=True, slots=True)
class Bounds:
    """The probability is from `low` to `high`."""

    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low


def bounds(term: Term, of: Mapping[str, float], splits: int = SPLITS) -> Bounds:
    """Bounds of the probability that the term holds, with `of` the probability of each event."""
    shared = [name for name, times in Counter(events(term)).most_common(splits) if times > 1 and 0 < of[name] < 1]
    low = high = 0.0
    for case in product((0.0, 1.0), repeat=len(shared)):
        weight = 1.0
        for name, held in zip(shared, case, strict=True):
            weight *= of[name] if held else 1.0 - of[name]
        found = _Estimate({**of, **dict(zip(shared, case, strict=True))}).of(term)
        low, high = low + weight * found.low, high + weight * found.high
    return Bounds(max(0.0, low), min(1.0, high))


@dataclass(frozen=True, slots=True)
class _Known:
    """Bounds of a part, the undecided events in it, and whether more of them can only help."""

    low: float
    high: float
    events: frozenset[str]
    monotone: bool


class _Estimate:
    """One case: the events told apart have the probability 0 or 1 and so are shared by nobody any more."""

    def __init__(self, of: Mapping[str, float]) -> None:
        self._of = of
        self._found: dict[int, _Known] = {}

    def of(self, term: Term) -> _Known:
        if id(term) not in self._found:
            self._found[id(term)] = self._estimate(term)
        return self._found[id(term)]

    def _estimate(self, term: Term) -> _Known:
        if isinstance(term, Event):
            chance = self._of[term.name]
            return _Known(chance, chance, frozenset({term.name} if 0 < chance < 1 else ()), monotone=True)
        if isinstance(term, Opposite):
            part = self.of(term.part)
            return _Known(1.0 - part.high, 1.0 - part.low, part.events, is_monotone(term))
        return _at_least(term, [self.of(part) for part in term.parts])


def _at_least(term: AtLeast, parts: Sequence[_Known]) -> _Known:
    """`row[m]`: bounds of m of the parts met so far holding, from the last to the first."""
    nothing, certain = _Known(0.0, 0.0, frozenset(), monotone=True), _Known(1.0, 1.0, frozenset(), monotone=True)
    if _independent(parts):
        everything = frozenset[str]().union(*(part.events for part in parts))
        low, high = (_count(term.need, chances) for chances in ([p.low for p in parts], [p.high for p in parts]))
        return _Known(low, high, everything, all(part.monotone for part in parts))
    row = {0: certain}
    left = len(parts)
    for rest, part in enumerate(reversed(parts), start=1):
        left -= 1
        wanted = range(max(0, term.need - left), min(term.need, rest) + 1)
        row = {m: _either(_both(part, row[m - 1]), row.get(m, nothing)) if m else certain for m in wanted}
    return row[term.need]


def _independent(parts: Iterable[_Known]) -> bool:
    met: set[str] = set()
    for part in parts:
        if met & part.events:
            return False
        met |= part.events
    return True


def _count(need: int, chances: Sequence[float]) -> float:
    """P_j(m) = A_j P_{j-1}(m-1) + (1 - A_j) P_{j-1}(m): how likely at least `need` of independent parts hold."""
    row = [1.0] + [0.0] * need
    for chance in chances:
        row = [1.0, *(chance * row[m - 1] + (1.0 - chance) * row[m] for m in range(1, need + 1))]
    return row[need]


def _both(a: _Known, b: _Known) -> _Known:
    together, monotone = a.events | b.events, a.monotone and b.monotone
    if not a.events & b.events:
        return _Known(a.low * b.low, a.high * b.high, together, monotone)
    low = a.low * b.low if monotone else max(0.0, a.low + b.low - 1.0)
    return _Known(low, min(a.high, b.high), together, monotone)


def _either(a: _Known, b: _Known) -> _Known:
    together, monotone = a.events | b.events, a.monotone and b.monotone
    if not a.events & b.events:
        return _Known(_or(a.low, b.low), _or(a.high, b.high), together, monotone)
    high = _or(a.high, b.high) if monotone else min(1.0, a.high + b.high)
    return _Known(max(a.low, b.low), high, together, monotone)


def _or(a: float, b: float) -> float:
    return a + b - a * b
