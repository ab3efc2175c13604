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


def matrix(capabilities: Mapping[str, Sequence[Mode]], *, telling: bool = False) -> list[Outage]:
    """Every outage of one component and of two (all others well), by capability name.

    Single ones first, in the order of names; only components that some mode speaks of. `telling` leaves out what says
    nothing new: single outages that hurt nobody, and pairs that hurt nobody more than either of the two alone. Only
    two that the modes of one capability speak of can, so that hundreds of components take no longer than a few.
    """
    needs = {name: components(modes) for name, modes in capabilities.items()}
    known = sorted(frozenset().union(*needs.values()))
    well = _Well(capabilities, needs)
    singles = {name: well.without({name}) for name in known}
    rows = [Outage((name,), modes, hurt := _hurt(modes), hurt) for name, modes in singles.items()]
    together = {pair for names in needs.values() for pair in combinations(sorted(names), 2)} if telling else None
    for first, second in combinations(known, 2) if together is None else sorted(together):
        modes = well.without({first, second})
        alone = (singles[first], singles[second])
        worse = tuple(c for c, m in modes.items() if m.position > max(single[c].position for single in alone))
        rows.append(Outage((first, second), modes, _hurt(modes), worse))
    return [row for row in rows if row.worse] if telling else rows


class _Well:
    """Every capability while all is well, and what becomes of it without some components."""

    def __init__(self, capabilities: Mapping[str, Sequence[Mode]], needs: Mapping[str, frozenset[str]]) -> None:
        self._capabilities, self._needs = capabilities, needs
        self._modes = {name: choose(modes, Ups(needs[name], needs[name])) for name, modes in capabilities.items()}

    def without(self, down: set[str]) -> dict[str, Present]:
        """The modes with these down. What needs none of them is as it was."""
        hit = {name: self._needs[name] - down for name in self._capabilities if not down.isdisjoint(self._needs[name])}
        return self._modes | {name: choose(self._capabilities[name], Ups(up, up)) for name, up in hit.items()}


def _hurt(modes: Mapping[str, Present]) -> tuple[str, ...]:
    return tuple(name for name, present in modes.items() if present.position > 0)
