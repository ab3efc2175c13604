"""A system as Boolean terms over independent events, and the probability of each event.

An event is named after its component, or after what it adds: `cover:`, `switch:` and `failover:` and a block,
`common:` or `maintenance:` and a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from slo.errors import DefinitionError
from slo.maths.composite.diagram import Diagram
from slo.maths.composite.system import Block, Fallback, Standby, System, Unit
from slo.maths.composite.terms import AtLeast, Event, Opposite, Term, both, either
from slo.maths.structure import Expression, Part


@dataclass(frozen=True, slots=True)
class Terms:
    """What a system needs in full fidelity, and what it needs to answer at all: fallbacks only help the latter."""

    full: Term
    served: Term


def terms(system: System) -> Terms:
    """The terms of a system that `check` has found in order."""
    return Terms(_Builder(system, degraded=False).whole(), _Builder(system, degraded=True).whole())


def probabilities(
    system: System, units: Mapping[str, Unit], coverage: Mapping[str, float] | None = None
) -> dict[str, float]:
    """The probability that each event holds; `coverage` replaces that of the blocks it names.

    Raises DefinitionError where a number is missing or impossible.
    """
    found = {name: _availability(name, units) for name in system.components()}
    for i, common in enumerate(system.common):
        shared = common.beta * min(1.0 - found[name] for name in common.components)
        found[f"common:{i}"] = 1.0 - shared
        # What is down for certain is no less so for a cause that it shares.
        found |= {name: found[name] + shared for name in common.components if found[name] > 0}
    for i, care in enumerate(system.maintenance):
        for place, _ in enumerate(care.components):
            before = care.share * place if care.rolling else 0.0
            found[f"maintenance:{i}:{place}"] = care.share / (1.0 - before) if before < 1 else 0.0
    for name, block in system.blocks.items():
        if isinstance(block, Fallback):
            found[f"cover:{name}"] = (coverage or {}).get(name, block.coverage)
        elif isinstance(block, Standby):
            found[f"switch:{name}"] = block.switch
            found[f"failover:{name}"] = 1.0 - _switching(system, name, block, units) if block.failover else 1.0
    return found


def _availability(name: str, units: Mapping[str, Unit]) -> float:
    if name not in units:
        raise DefinitionError(f"nothing is known of the availability of {name!r}", field=name)
    known = units[name].availability
    if not 0 <= known <= 1:
        raise DefinitionError(f"an availability is from 0 to 1, not {known:g}", field=name)
    return known


def _switching(system: System, name: str, block: Standby, units: Mapping[str, Unit]) -> float:
    """The share of time in which a fail-over is under way: how often the active part fails, times how long it takes."""
    inner = System(block.active, {n: b for n, b in system.blocks.items() if n != name})
    builder = _Builder(inner, degraded=False)
    function = Diagram().function(builder.whole())
    chances = {n: units[n].availability for n in inner.components() if n in units}
    weights = function.sensitivities({event: chances.get(event, 1.0) for event in function.names})
    often = 0.0
    for part, weight in weights.items():
        frequency = units[part].frequency if part in units else 0.0
        if frequency is None:
            message = f"how often {part!r} fails is not known: a fail-over time needs its repair time"
            raise DefinitionError(message, field=part)
        often += weight * frequency
    return min(1.0, often * block.failover)


class _Builder:
    """Makes each component and block once, so that what is shared stays shared."""

    def __init__(self, system: System, *, degraded: bool) -> None:
        self._system, self._degraded = system, degraded
        self._made: dict[str, Term] = {}

    def whole(self) -> Term:
        return self._expression(self._system.structure)

    def _expression(self, expression: Expression) -> Term:
        if isinstance(expression, Part):
            return self._named(expression.name)
        return AtLeast(expression.need, tuple(self._expression(part) for part in expression.parts))

    def _named(self, name: str) -> Term:
        if name not in self._made:
            block = self._system.blocks.get(name)
            self._made[name] = self._component(name) if block is None else self._block(name, block)
        return self._made[name]

    def _block(self, name: str, block: Block) -> Term:
        if isinstance(block, Fallback):
            primary = self._expression(block.primary)
            if not self._degraded:
                return primary
            needed = (self._expression(block.alternative),) if block.alternative else ()
            return either(primary, both(Event(f"cover:{name}"), *needed))
        if isinstance(block, Standby):
            taken_over = both(Event(f"switch:{name}"), self._expression(block.passive))
            return both(Event(f"failover:{name}"), either(self._expression(block.active), taken_over))
        return self._expression(block)

    def _component(self, name: str) -> Term:
        common = [Event(f"common:{i}") for i, group in enumerate(self._system.common) if name in group.components]
        return both(Event(name), *common, *self._cared_for(name))

    def _cared_for(self, name: str) -> list[Term]:
        """That the component is not out for maintenance; rolling: the first chosen one is, and no other."""
        found: list[Term] = []
        for i, care in enumerate(self._system.maintenance):
            if name in care.components:
                place = care.components.index(name)
                chosen = [Event(f"maintenance:{i}:{earlier}") for earlier in range(place + 1)]
                others = chosen[:-1] if care.rolling else []
                found.append(either(Opposite(chosen[-1]), *others))
        return found
