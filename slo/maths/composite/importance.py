"""What matters: the importance of each component, and the smallest sets of failures that take everything down.

With q a component's unavailability and Q the system's: Birnbaum I = Q(q=1) - Q(q=0); criticality I·q/Q; Fussell-Vesely
in its diagnostic form q·Q(1)/Q; risk achievement worth Q(1)/Q; risk reduction worth Q/Q(0).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slo.maths.composite.diagram import Function

# So many minimal cut sets are kept; a structure has more of them than anybody reads.
MOST_CUTS = 1_000


@dataclass(frozen=True, slots=True)
class Importance:
    """A component's weight. Ratios to an unavailability that is 0 are None."""

    name: str
    birnbaum: float
    criticality: float | None
    fussell_vesely: float | None
    raw: float | None
    rrw: float | None


@dataclass(frozen=True, slots=True)
class CutSets:
    """Sets of events whose failures together take everything down, the smallest first; all of them if `complete`."""

    sets: tuple[frozenset[str], ...]
    complete: bool


def importances(function: Function, of: Mapping[str, float], components: Iterable[str]) -> list[Importance]:
    """The importance of each component in the function, the greatest Birnbaum first. One that is not in it has none."""
    lost = 1.0 - function.probability(of)
    slopes = function.sensitivities(of)
    found = [_importance(name, slopes.get(name, 0.0), 1.0 - of[name], lost) for name in components]
    return sorted(found, key=lambda item: (-item.birnbaum, item.name))


def _importance(name: str, slope: float, q: float, lost: float) -> Importance:
    # The system's unavailability is linear in that of each component.
    worst, best = lost + (1.0 - q) * slope, max(0.0, lost - q * slope)
    if lost <= 0:
        return Importance(name, slope, None, None, None, None)
    return Importance(name, slope, slope * q / lost, q * worst / lost, worst / lost, lost / best if best > 0 else None)


def cut_sets(function: Function, most: int = MOST_CUTS) -> CutSets:
    """The minimal cut sets of a monotone function; of more than `most` on the way only the smallest are kept."""
    finder = _Cuts(function, most)
    found = finder.of(function.root)
    return CutSets(tuple(sorted(found, key=lambda cut: (len(cut), sorted(cut)))), finder.complete)


class _Cuts:
    """Cut sets from the bottom up: where it holds with an event, those of the upper branch; else with that event."""

    def __init__(self, function: Function, most: int) -> None:
        self._function, self._most = function, most
        self.complete = True
        self._found: dict[int, list[frozenset[str]]] = {1: [], -1: [frozenset()]}

    def of(self, root: int) -> list[frozenset[str]]:
        for reference in self._below(root):
            event, fails, holds = self._function.rows[abs(reference) - 2]
            sign = 1 if reference > 0 else -1
            upper, lower = self._found[sign * holds], self._found[sign * fails]
            name = self._function.names[event]
            with_it = [cut | {name} for cut in lower if not any(other <= cut for other in upper)]
            self._found[reference] = self._limited(upper + with_it)
        return self._found[root]

    def _below(self, root: int) -> list[int]:
        """The references under a root, children first."""
        met: set[int] = set()
        waiting = [root]
        while waiting:
            reference = waiting.pop()
            if abs(reference) == 1 or reference in met:
                continue
            met.add(reference)
            sign = 1 if reference > 0 else -1
            waiting += [sign * child for child in self._function.rows[abs(reference) - 2][1:]]
        return sorted(met, key=abs)

    def _limited(self, cuts: list[frozenset[str]]) -> list[frozenset[str]]:
        if len(cuts) <= self._most:
            return cuts
        self.complete = False
        return sorted(cuts, key=len)[: self._most]
