"""The degradation matrix: what each outage of one or two components means for every capability."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from degradation.rules.modes import Mode, Present, Ups, choose, components


@dataclass(frozen=True, slots=True)
class Outage:
    """Components that are down together, the mode each capability is in then, and which of them left full.

    `worse` names the capabilities that this outage hurts more than any of its components alone does.
    """

    down: tuple[str, ...]
    modes: Mapping[str, Present]
    hurt: tuple[str, ...]
    worse: tuple[str, ...]


def matrix(capabilities: Mapping[str, Sequence[Mode]]) -> list[Outage]:
    """Every outage of one component and of two (all others well), by capability name.

    Single ones first, in the order of names; only components that some mode speaks of.
    """
    known = sorted(components(item for modes in capabilities.values() for item in modes))
    singles = {name: _modes(capabilities, known, {name}) for name in known}
    rows = [Outage((name,), modes, hurt := _hurt(modes), hurt) for name, modes in singles.items()]
    for first, second in combinations(known, 2):
        modes = _modes(capabilities, known, {first, second})
        alone = (singles[first], singles[second])
        worse = tuple(c for c, m in modes.items() if m.position > max(single[c].position for single in alone))
        rows.append(Outage((first, second), modes, _hurt(modes), worse))
    return rows


def _modes(capabilities: Mapping[str, Sequence[Mode]], known: Sequence[str], down: set[str]) -> dict[str, Present]:
    up = frozenset(known) - down
    return {name: choose(modes, Ups(up, up)) for name, modes in capabilities.items()}


def _hurt(modes: Mapping[str, Present]) -> tuple[str, ...]:
    return tuple(name for name, present in modes.items() if present.position > 0)
