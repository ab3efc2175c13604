"""What if components were down: what can be ticked, and what that does to availability."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from dashboards.presenters.system import Composite, figure, system_row
from degradation.rules import modes
from degradation.selectors import Health, ModeView
from degradation.selectors.capability_availability import Availability, promised_without
from degradation.selectors.capability_modes import modes as modes_of
from slo import selectors_systems as systems
from slo.models import System
from slo.selectors_systems import Change


@dataclass(frozen=True, slots=True)
class Choice:
    """A component that can be taken down on the page; `word` is its state where that is not OK."""

    name: str
    title: str
    badge: Badge
    word: str
    down: bool


@dataclass(frozen=True, slots=True)
class Share:
    """A promised availability as it is and as it would be."""

    now: str
    then: str

    @property
    def changed(self) -> bool:
        return self.now != self.then


@dataclass(frozen=True, slots=True)
class Shares:
    """How likely a capability serves at all and in full."""

    served: Share
    full: Share


@dataclass(frozen=True, slots=True)
class ImaginedSystem:
    """An end-to-end promise as it is and as it would be."""

    name: str
    title: str
    promise: str
    now: Composite
    then: Composite
    query: str


def choices(health: Iterable[Health], views: Sequence[ModeView], down: Collection[str]) -> tuple[Choice, ...]:
    """The components that a capability or a system rests upon: those in trouble first, then by tier."""
    used = {name for view in views for name in modes.components(modes_of(view.capability))}
    used |= {name for item in systems.systems() for name in item.structure().components()}
    found = [(badges.health(item.status), item) for item in health if item.name in used or item.name in down]
    found.sort(key=lambda pair: (pair[0].tone not in ("warn", "bad"), pair[0].rank, pair[1].tier, pair[1].title))
    return tuple(
        Choice(item.name, item.title, badge, badge.word if badge.tone != "ok" else "", item.name in down)
        for badge, item in found
    )


def shares(at: datetime, down: Collection[str]) -> dict[int, Shares]:
    """What is promised of the capabilities that rest upon these components, as it is and without; by number."""
    return {pk: _shares(*pair) for pk, pair in promised_without(at, down).items()}


def _shares(now: Availability, then: Availability) -> Shares:
    return Shares(
        Share(figure(now.served), figure(then.served)),
        Share(figure(now.full), figure(then.full)),
    )


def imagined_systems(at: datetime, down: Sequence[str]) -> tuple[ImaginedSystem, ...]:
    """The end-to-end promises that rest upon one of these components."""
    return tuple(found for item in systems.systems() if (found := _imagined(item, at, down)))


def _imagined(of: System, at: datetime, down: Sequence[str]) -> ImaginedSystem | None:
    hit = [name for name in of.structure().components() if name in down]
    standing = systems.standing(of, at) if hit else None
    if standing is None or standing.problem:
        return None
    now = system_row(standing)
    then = system_row(standing.with_changes({name: Change(down=True) for name in hit}))
    query = "&".join(f"down={name}" for name in hit)
    return ImaginedSystem(of.name, now.title, now.promise, now.composites[0], then.composites[0], query)
