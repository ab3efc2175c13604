"""What a system is made of: a structure of components, and what makes it more or less than the sum of its parts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from slo.errors import DefinitionError
from slo.maths.structure import Expression, names


@dataclass(frozen=True, slots=True)
class Unit:
    """A component in numbers: its availability from 0 to 1, and the seconds a repair takes (MTTR), if that is known."""

    availability: float
    repair: float | None = None

    @property
    def frequency(self) -> float | None:
        """Failures a second in the long run: unavailability / MTTR. What is never down, or never up, does not fail."""
        if self.availability in (0.0, 1.0):
            return 0.0
        return (1.0 - self.availability) / self.repair if self.repair else None


@dataclass(frozen=True, slots=True)
class Fallback:
    """`primary`, or else `alternative` for the share `coverage` of what is asked: A = A_p + (1 - A_p)·c·A_f.

    An alternative of None needs nothing that could fail, such as a text that is kept at hand.
    """

    primary: Expression
    alternative: Expression | None
    coverage: float


@dataclass(frozen=True, slots=True)
class Standby:
    """`passive` takes over when `active` fails: after `failover` seconds, and with the probability `switch` at all."""

    active: Expression
    passive: Expression
    failover: float = 0.0
    switch: float = 1.0


@dataclass(frozen=True, slots=True)
class CommonCause:
    """The share `beta` of the failures of these components strikes all of them at once (the beta-factor model).

    Of unequal components it is that share of the most reliable one's.
    """

    components: tuple[str, ...]
    beta: float


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Each of these components is taken out for the share `share` of the time; `rolling`: never two at once."""

    components: tuple[str, ...]
    share: float
    rolling: bool = False


Block = Expression | Fallback | Standby


@dataclass(frozen=True, slots=True)
class System:
    """A structure over components and named blocks, which may use other blocks."""

    structure: Expression
    blocks: Mapping[str, Block] = field(default_factory=dict)
    common: tuple[CommonCause, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()

    def components(self) -> list[str]:
        """The components it is made of, by name."""
        used = names(self.structure).union(*(names(e) for b in self.blocks.values() for e in expressions(b)))
        return sorted(used - set(self.blocks))


def expressions(block: Block) -> tuple[Expression, ...]:
    """The expressions a block is made of."""
    if isinstance(block, Fallback):
        return (block.primary, block.alternative) if block.alternative else (block.primary,)
    if isinstance(block, Standby):
        return (block.active, block.passive)
    return (block,)


def check(system: System) -> None:
    """Refuse what cannot be computed. Raises DefinitionError with the field at fault."""
    for problem, place in chain(_blocks(system), _groups(system)):
        raise DefinitionError(problem, field=place)


def _blocks(system: System) -> Iterator[tuple[str, str]]:
    for name, block in system.blocks.items():
        if isinstance(block, Fallback) and not 0 <= block.coverage <= 1:
            yield f"the coverage is a share from 0 to 1, not {block.coverage:g}", f"blocks.{name}.coverage"
        if isinstance(block, Standby) and not 0 <= block.switch <= 1:
            yield f"the reliability of a switch is from 0 to 1, not {block.switch:g}", f"blocks.{name}.switch"
        if isinstance(block, Standby) and not 0 <= block.failover < float("inf"):
            yield f"a fail-over takes some seconds or none, not {block.failover:g}", f"blocks.{name}.failover"
    yield from ((f"the blocks go in a circle: {' → '.join(circle)}", "blocks") for circle in _circle(system))


def _groups(system: System) -> Iterator[tuple[str, str]]:
    known = set(system.components())
    groups = [(f"common.{i}", common.components) for i, common in enumerate(system.common)]
    groups += [(f"maintenance.{i}", care.components) for i, care in enumerate(system.maintenance)]
    for place, members in groups:
        unknown = sorted(set(members) - known)
        if unknown:
            yield f"{unknown[0]!r} is no component of this system", f"{place}.components"
        if len(set(members)) < len(members):
            yield "a component stands there twice", f"{place}.components"
    met: set[str] = set()
    for i, common in enumerate(system.common):
        if not 0 <= common.beta <= 1:
            yield f"beta is a share from 0 to 1, not {common.beta:g}", f"common.{i}.beta"
        again = sorted(met.intersection(common.components))
        if again:
            yield f"{again[0]!r} has another common cause already", f"common.{i}.components"
        met |= set(common.components)
    for i, care in enumerate(system.maintenance):
        if not 0 <= care.share < 1 or (care.rolling and care.share * len(care.components) > 1):
            yield "there is not so much time to maintain all of them", f"maintenance.{i}.share"


def _circle(system: System) -> Iterator[list[str]]:
    """The first circle of blocks that need each other, if there is one."""
    needs = {
        name: sorted({n for e in expressions(block) for n in names(e)} & set(system.blocks))
        for name, block in system.blocks.items()
    }
    found = circle(needs)
    if found:
        yield found


def circle(needs: Mapping[str, list[str]]) -> list[str]:
    """A way from a name back to itself along what each needs, first and last the same; empty when there is none."""
    done: set[str] = set()
    for start in needs:
        way: list[tuple[str, Iterator[str]]] = [(start, iter(needs.get(start, ())))]
        on_way = [start]
        while way and start not in done:
            following = next(way[-1][1], None)
            if following is None:
                done.add(on_way.pop())
                way.pop()
            elif following in on_way:
                return [*on_way[on_way.index(following) :], following]
            elif following not in done:
                way.append((following, iter(needs.get(following, ()))))
                on_way.append(following)
    return []
