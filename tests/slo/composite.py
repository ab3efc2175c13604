"""Systems for the tests of composite availability: written short, drawn at random, and counted out by hand."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from hypothesis import strategies as st

from slo.maths.composite.system import Block, CommonCause, Fallback, Maintenance, Standby, System, Unit
from slo.maths.composite.terms import AtLeast, Event, Opposite, Term
from slo.maths.structure import Expression, Group, Part, parse

NAMES = "abcdef"


def system(
    structure: str,
    blocks: Mapping[str, Block] | None = None,
    common: Sequence[CommonCause] = (),
    maintenance: Sequence[Maintenance] = (),
) -> System:
    return System(parse(structure), blocks or {}, tuple(common), tuple(maintenance))


def fallback(primary: str, alternative: str, coverage: float) -> Fallback:
    return Fallback(parse(primary), parse(alternative), coverage)


def standby(active: str, passive: str, failover: float = 0.0, switch: float = 1.0) -> Standby:
    return Standby(parse(active), parse(passive), failover, switch)


def units(**availabilities: float) -> dict[str, Unit]:
    return {name: Unit(value) for name, value in availabilities.items()}


def truth(term: Term, held: Mapping[str, bool]) -> bool:
    """Does the term hold? The plain meaning of the words, as slow as it likes."""
    if isinstance(term, Event):
        return held[term.name]
    if isinstance(term, Opposite):
        return not truth(term.part, held)
    assert isinstance(term, AtLeast)
    return sum(truth(part, held) for part in term.parts) >= term.need


def cases(of: Mapping[str, float]) -> Iterator[tuple[dict[str, bool], float]]:
    """Every way the events can turn out, with its probability."""
    for outcome in product((False, True), repeat=len(of)):
        held = dict(zip(of, outcome, strict=True))
        weight = 1.0
        for name, holds in held.items():
            weight *= of[name] if holds else 1.0 - of[name]
        yield held, weight


def enumerated(term: Term, of: Mapping[str, float]) -> float:
    """The probability of a term by going through every case."""
    return sum(weight for held, weight in cases(of) if truth(term, held))


def _groups(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=1, max_size=4, unique=True)
    return several.flatmap(lambda ps: st.integers(1, len(ps)).map(lambda need: Group(need, tuple(ps))))


expressions: st.SearchStrategy[Expression] = st.recursive(st.sampled_from(NAMES).map(Part), _groups, max_leaves=10)
chances = st.floats(0.0, 1.0)


@st.composite
def systems(draw: st.DrawFn) -> tuple[System, dict[str, Unit]]:
    """A system with everything in it, and numbers for its components."""
    blocks: dict[str, Block] = {}
    if draw(st.booleans()):
        blocks["fall"] = Fallback(draw(expressions), draw(expressions), draw(chances))
    if draw(st.booleans()):
        blocks["stand"] = Standby(draw(expressions), draw(expressions), 0.0, draw(chances))
    structure = Group(draw(st.integers(1, 1 + len(blocks))), (draw(expressions), *map(Part, blocks)))
    plain = System(structure, blocks)
    known = plain.components()
    common = (CommonCause(tuple(known[:2]), draw(chances)),) if draw(st.booleans()) else ()
    care: tuple[Maintenance, ...] = ()
    if draw(st.booleans()):
        care = (Maintenance(tuple(known[:2]), draw(st.floats(0.0, 0.5)), draw(st.booleans())),)
    numbers = {name: Unit(draw(chances)) for name in known}
    return System(structure, blocks, common, care), numbers
