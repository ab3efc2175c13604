"""Which mode a capability is in, given the state of components."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Literal

from degradation.rules.health import Status
from slo.maths.structure import Expression, holds, missing, names, parse

State = Literal["full", "degraded", "last resort", "unknown"]


@dataclass(frozen=True, slots=True)
class Mode:
    """One way a capability works. Without `when` it always does.

    `healthy`: components that only warn do not count as up for it. `degraded`: without `when` it is still a mode
    that serves, and no last resort. `harms`: users in it do not get what they came for; None leaves that to the last
    resort, which does.
    """

    name: str
    when: Expression | None = None
    healthy: bool = False
    degraded: bool = False
    harms: bool | None = None


@dataclass(frozen=True, slots=True)
class Ups:
    """The components that are not down, and among them those that do not warn either."""

    up: frozenset[str]
    well: frozenset[str]

    def of(self, mode: Mode) -> AbstractSet[str]:
        """The components that count as up for a mode."""
        return self.well if mode.healthy else self.up


@dataclass(frozen=True, slots=True)
class Present:
    """The mode a capability is in (`position` in its list, 0 is the full one) and the components to blame for it."""

    mode: Mode
    position: int
    state: State
    because: tuple[str, ...]

    @property
    def last_resort(self) -> bool:
        return is_last_resort(self.mode, self.position)

    @property
    def harms(self) -> bool:
        return self.last_resort if self.mode.harms is None else self.mode.harms


def mode(stored: Mapping[str, Any]) -> Mode:
    """The mode a capability's row holds."""
    when = parse(stored["when"]) if stored.get("when") else None
    return Mode(stored["name"], when, bool(stored.get("healthy")), bool(stored.get("degraded")), stored.get("harms"))


def ups(statuses: Mapping[str, Status], *, unknown: bool = True) -> Ups:
    """Who counts as up. `unknown` says whether components of which nothing is known do."""
    well = frozenset(name for name, status in statuses.items() if status == "ok" or (unknown and status == "unknown"))
    return Ups(well | frozenset(name for name, status in statuses.items() if status == "warn"), well)


def judge(modes: Sequence[Mode], statuses: Mapping[str, Status]) -> Present:
    """The present mode, the unknown counted as up: having no data changes nothing for users (hold).

    Where it would be another mode if the unknown were down, the state is "unknown" and they are to blame.
    """
    present = choose(modes, ups(statuses))
    pessimistic = choose(modes, ups(statuses, unknown=False))
    if pessimistic.position == present.position:
        return present
    unknown = tuple(name for name in pessimistic.because if statuses.get(name) == "unknown")
    return Present(present.mode, present.position, "unknown", tuple(sorted({*present.because, *unknown})))


def choose(modes: Sequence[Mode], ups: Ups) -> Present:
    """The first mode that holds, and what keeps the better ones from holding. The last mode always holds."""
    blame: set[str] = set()
    for position, item in enumerate(modes):
        if item.when is None or holds(item.when, ups.of(item)):
            return Present(item, position, _state(item, position), tuple(sorted(blame)))
        blame |= missing(item.when, ups.of(item))
    last = len(modes) - 1
    return Present(modes[last], last, _state(modes[last], last), tuple(sorted(blame)))


def components(modes: Iterable[Mode]) -> frozenset[str]:
    """Every component the modes speak of."""
    return frozenset().union(*(names(item.when) for item in modes if item.when))


def is_last_resort(item: Mode, position: int) -> bool:
    """Is it what is left when nothing works?"""
    return position > 0 and item.when is None and not item.degraded


def _state(item: Mode, position: int) -> State:
    if position == 0:
        return "full"
    return "last resort" if is_last_resort(item, position) else "degraded"
