"""Boolean terms over independent events, each of which holds with a probability of its own."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Something that holds or does not, such as a component being up."""

    name: str


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Holds when at least `need` of its parts hold."""

    need: int
    parts: tuple["Term", ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    """Holds when its part does not."""

    part: "Term"


Term = Event | AtLeast | Opposite


def both(*parts: Term) -> Term:
    """Holds when every part does."""
    return parts[0] if len(parts) == 1 else AtLeast(len(parts), parts)


def either(*parts: Term) -> Term:
    """Holds when any part does."""
    return parts[0] if len(parts) == 1 else AtLeast(1, parts)


def events(term: Term) -> Iterator[str]:
    """The names of the events, from left to right, as often as they stand there."""
    if isinstance(term, Event):
        yield term.name
    elif isinstance(term, Opposite):
        yield from events(term.part)
    else:
        for part in term.parts:
            yield from events(part)


def is_monotone(term: Term) -> bool:
    """Can no event that comes to hold make the term fail?"""
    if isinstance(term, Event):
        return True
    return not isinstance(term, Opposite) and all(map(is_monotone, term.parts))
