"""What users can still do: now, if something broke, and for every outage that matters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards import formats
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from degradation import selectors as degradation
from degradation.rules.matrix import Outage
from degradation.selectors import ModeView


@dataclass(frozen=True, slots=True)
class Present:
    """The mode a capability is in, or would be in."""

    badge: Badge
    mode: str
    because: str
    message: str
    link: str
    handover: str


@dataclass(frozen=True, slots=True)
class ModeText:
    """A mode as it is defined: when it holds, and what users then read."""

    name: str
    badge: Badge
    when: str
    conditional: bool
    message: str
    link: str
    handover: str
    current: bool


@dataclass(frozen=True, slots=True)
class CapabilityRow:
    name: str
    title: str
    description: str
    now: Present
    then: Present | None
    modes: tuple[ModeText, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A component that can be taken down on the page."""

    name: str
    title: str
    tier: int
    badge: Badge
    down: bool


@dataclass(frozen=True, slots=True)
class Cell:
    badge: Badge
    mode: str
    worse: bool


@dataclass(frozen=True, slots=True)
class MatrixRow:
    down: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class CapabilitiesPage:
    rows: tuple[CapabilityRow, ...]
    choices: tuple[Choice, ...]
    down: tuple[str, ...]
    imagined: str
    singles: tuple[MatrixRow, ...]
    pairs: tuple[MatrixRow, ...]
    """Pairs that hurt a capability more than either of the two alone."""


def capabilities_page(at: datetime, down: Sequence[str] = ()) -> CapabilitiesPage:
    """The page at `at`, with the components in `down` imagined down; unknown names are ignored."""
    health = sorted(degradation.health(at), key=lambda item: (item.tier, item.name))
    views = degradation.capabilities(at, health)
    known = tuple(item.name for item in health if item.name in set(down))
    imagined = {view.capability.pk: view for view in degradation.what_if(set(known), at, health)} if known else {}
    outages = degradation.matrix([view.capability for view in views])
    names = [view.capability.name for view in views]
    titles = {item.name: item.title for item in health}
    return CapabilitiesPage(
        rows=tuple(_row(view, imagined.get(view.capability.pk), titles) for view in views),
        choices=tuple(Choice(h.name, h.title, h.tier, badges.health(h.status), h.name in known) for h in health),
        down=known,
        imagined=formats.listing([item.title for item in health if item.name in known]),
        singles=tuple(_matrix_row(o, names, titles) for o in outages if len(o.down) == 1 and o.hurt),
        pairs=tuple(_matrix_row(o, names, titles) for o in outages if len(o.down) > 1 and o.worse),
    )


def _row(view: ModeView, imagined: ModeView | None, titles: Mapping[str, str]) -> CapabilityRow:
    capability = view.capability
    return CapabilityRow(
        name=capability.name,
        title=capability.title or capability.name,
        description=capability.description,
        now=_present(view, titles),
        then=None if imagined is None else _present(imagined, titles),
        modes=tuple(_mode(mode, index, view) for index, mode in enumerate(capability.modes)),
    )


def _present(view: ModeView, titles: Mapping[str, str]) -> Present:
    return Present(
        badge=badges.mode(view.state),
        mode=view.mode,
        because=formats.listing([titles.get(name, name) for name in view.because]),
        message=view.message,
        link=view.link,
        handover=view.handover,
    )


def _mode(mode: dict[str, Any], index: int, view: ModeView) -> ModeText:
    return ModeText(
        name=mode["name"],
        badge=badges.mode(_mode_state(mode, index)),
        when=mode.get("when") or "",
        conditional=bool(mode.get("when")),
        message=mode.get("message") or "",
        link=mode.get("link") or "",
        handover=str(mode.get("handover") or ""),
        current=index == view.position,
    )


def _mode_state(mode: dict[str, Any], index: int) -> str:
    if index == 0:
        return "full"
    return "degraded" if mode.get("when") or mode.get("degraded") else "last resort"


def _matrix_row(outage: Outage, names: Sequence[str], titles: Mapping[str, str]) -> MatrixRow:
    cells = []
    for name in names:
        present = outage.modes[name]
        cells.append(Cell(badges.mode(present.state), present.mode.name, name in outage.worse))
    return MatrixRow(" + ".join(titles.get(name, name) for name in outage.down), tuple(cells))
