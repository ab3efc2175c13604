"""A system in numbers: how available it is, in full and at all, exactly or between bounds, and what matters."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from slo.errors import TooLargeError
from slo.maths.composite.bounds import Bounds, bounds
from slo.maths.composite.diagram import NODES, Diagram, Function
from slo.maths.composite.events import probabilities, terms
from slo.maths.composite.importance import CutSets, Importance, cut_sets, importances
from slo.maths.composite.system import Fallback, System, Unit, check
from slo.maths.composite.terms import Term, is_monotone


@dataclass(frozen=True, slots=True)
class Figure:
    """An availability from 0 to 1: exact, or no more than known to be within `bounds`."""

    bounds: Bounds
    exact: bool

    @property
    def value(self) -> float | None:
        return self.bounds.low if self.exact else None


@dataclass(frozen=True, slots=True)
class Result:
    """`full`: everything works as meant; `served`: that, or a fallback answers."""

    full: Figure
    served: Figure


class Analysis:
    """A system made ready once, and computed with as many sets of numbers as wanted.

    Raises DefinitionError where the system makes no sense.
    """

    def __init__(self, system: System, limit: int = NODES) -> None:
        check(system)
        self.system = system
        self._limit = limit
        self._terms = terms(system)
        # Without a fallback there is no being served but in full, and one diagram is enough.
        self._has_fallbacks = any(isinstance(block, Fallback) for block in system.blocks.values())

    @cached_property
    def served(self) -> Function | None:
        """The function of being served; None when it is too large to be exact."""
        return self._function(self._terms.served)

    @cached_property
    def full(self) -> Function | None:
        """The function of full fidelity; None when it is too large to be exact."""
        return self._function(self._terms.full) if self._has_fallbacks else self.served

    @property
    def is_exact(self) -> bool:
        return self.served is not None and self.full is not None

    def result(self, units: Mapping[str, Unit], coverage: Mapping[str, float] | None = None) -> Result:
        """The availabilities with these components; `coverage` replaces that of the fallbacks it names.

        Raises DefinitionError where a number is missing or impossible.
        """
        of = probabilities(self.system, units, coverage)
        served = _figure(self.served, self._terms.served, of)
        return Result(_figure(self.full, self._terms.full, of) if self._has_fallbacks else served, served)

    def availability(self, units: Mapping[str, Unit], coverage: Mapping[str, float] | None = None) -> float:
        """How likely anybody is served; the lower bound where it is not exact."""
        of = probabilities(self.system, units, coverage)
        return _figure(self.served, self._terms.served, of).bounds.low

    def importances(self, units: Mapping[str, Unit], coverage: Mapping[str, float] | None = None) -> list[Importance]:
        """The importance of each component for being served; empty where it is too large to be exact."""
        if self.served is None:
            return []
        return importances(self.served, probabilities(self.system, units, coverage), self.system.components())

    def cut_sets(self, most: int) -> CutSets:
        """The smallest sets of failures after which nobody is served, coverage and switches among them.

        Planned maintenance is left out: what is taken out on purpose is no failure.
        """
        plain = System(self.system.structure, self.system.blocks, self.system.common)
        term = self._terms.served if is_monotone(self._terms.served) else terms(plain).served
        function = self._function(term)
        return CutSets((), complete=False) if function is None else cut_sets(function, most)

    def _function(self, term: Term) -> Function | None:
        try:
            return Diagram(self._limit).function(term)
        except TooLargeError:
            return None


def _figure(function: Function | None, term: Term, of: Mapping[str, float]) -> Figure:
    if function is None:
        return Figure(bounds(term, of), exact=False)
    value = function.probability(of)
    return Figure(Bounds(value, value), exact=True)
