"""Boolean terms as one shared binary decision diagram: exact probabilities, each shared event counted once.

R. E. Bryant, "Graph-Based Algorithms for Boolean Function Manipulation" (1986); probabilities and sensitivities by one
pass over the nodes: A. Rauzy, "New algorithms for fault trees analysis" (1993). The diagram is kept by the library dd.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dd.bdd import BDD

from slo.errors import TooLargeError
from slo.maths.composite.terms import AtLeast, Event, Opposite, Term, events

# A diagram of so many nodes takes seconds and some hundred megabytes; what needs more is answered with bounds.
NODES = 200_000
_TRUE = 1


@dataclass(frozen=True, slots=True)
class Function:
    """One root of a diagram as flat rows, children before parents: (event, where it fails, where it holds).

    References count rows from 2; 1 is the constant true, a negative reference is the opposite of what it names.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[int, int, int], ...]
    root: int

    def probability(self, of: Mapping[str, float]) -> float:
        """How likely it holds, with `of` the probability of each event."""
        return _read(self._values(of), self.root)

    def sensitivities(self, of: Mapping[str, float]) -> dict[str, float]:
        """By how much its probability grows with that of each event: the derivatives, Birnbaum's importance."""
        values = self._values(of)
        # How likely a row is reached from the root, opposites counted negative.
        reach = [0.0] * len(values)
        found = dict.fromkeys(self.names, 0.0)
        reach[abs(self.root)] = 1.0 if self.root > 0 else -1.0
        for number in range(len(self.rows) + 1, 1, -1):
            event, fails, holds = self.rows[number - 2]
            name, weight = self.names[event], reach[number]
            found[name] += weight * (_read(values, holds) - _read(values, fails))
            reach[abs(fails)] += weight * (1.0 - of[name]) * (1 if fails > 0 else -1)
            reach[abs(holds)] += weight * of[name] * (1 if holds > 0 else -1)
        return found

    def _values(self, of: Mapping[str, float]) -> list[float]:
        chances = [of[name] for name in self.names]
        values = [0.0, 1.0]
        for event, fails, holds in self.rows:
            low, high, chance = _read(values, fails), _read(values, holds), chances[event]
            values.append(low + chance * (high - low))
        return values


class _Limited(BDD):
    """A diagram that stops growing before it takes all memory and time."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def find_or_add(self, i: int, v: int, w: int) -> int:
        if len(self) > self._limit:
            raise TooLargeError(f"the structure needs a diagram of more than {self._limit} nodes")
        return int(super().find_or_add(i, v, w))


class Diagram:
    """Turns terms into functions that share their nodes; more than `limit` of them raise TooLargeError."""

    def __init__(self, limit: int = NODES) -> None:
        self._bdd = _Limited(limit)  # type: ignore[abstract]
        self._made: dict[int, tuple[Term, int]] = {}

    def function(self, term: Term) -> Function:
        """The function of a term. Raises TooLargeError."""
        # Events that stand together stay together: the order in which they are met keeps diagrams small.
        for name in events(term):
            self._bdd.add_var(name)
        try:
            return self._flat(self._edge(term))
        except RecursionError:
            raise TooLargeError("the structure is nested too deep for a diagram") from None

    def _edge(self, term: Term) -> int:
        # Terms share their parts, so each is known by its identity; holding it keeps the identity its own.
        known = self._made.get(id(term))
        if known is None:
            known = self._made[id(term)] = (term, self._make(term))
        return known[1]

    def _make(self, term: Term) -> int:
        if isinstance(term, Event):
            return int(self._bdd.var(term.name))
        if isinstance(term, Opposite):
            return -self._edge(term.part)
        return self._at_least(term)

    def _at_least(self, term: AtLeast) -> int:
        """`row[m]` holds when m of the parts from here on do; only those that can still matter are made."""
        row = {0: _TRUE}
        left = len(term.parts)
        for rest, part in enumerate(reversed(term.parts), start=1):
            left -= 1
            edge = self._edge(part)
            wanted = range(max(0, term.need - left), min(term.need, rest) + 1)
            row = {m: self._bdd.ite(edge, row[m - 1], row.get(m, -_TRUE)) if m else _TRUE for m in wanted}
        return row[term.need]

    def _flat(self, root: int) -> Function:
        found: dict[int, tuple[int, int, int]] = {}
        waiting = [abs(root)]
        while waiting:
            node = waiting.pop()
            if node != _TRUE and node not in found:
                found[node] = self._successors(node)
                waiting += map(abs, found[node][1:])
        order = sorted(found, key=lambda node: found[node][0], reverse=True)
        places = {node: number for number, node in enumerate(order, start=2)} | {_TRUE: 1}
        levels = sorted({level for level, _, _ in found.values()})
        names = tuple(str(self._bdd.var_at_level(level)) for level in levels)
        number_of = {level: number for number, level in enumerate(levels)}
        rows = (found[node] for node in order)
        flat = tuple((number_of[level], _place(places, low), _place(places, high)) for level, low, high in rows)
        return Function(names, flat, _place(places, root))

    def _successors(self, node: int) -> tuple[int, int, int]:
        level, low, high = self._bdd.succ(node)
        # Only the constant has none.
        assert low is not None  # noqa: S101
        assert high is not None  # noqa: S101
        return level, low, high


def _place(places: Mapping[int, int], edge: int) -> int:
    return places[abs(edge)] * (1 if edge > 0 else -1)


def _read(values: list[float], reference: int) -> float:
    return values[reference] if reference > 0 else 1.0 - values[-reference]
