"""What users can still do: now, if something broke, and for every outage that matters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards import formats
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from dashboards.presenters.banners import BannerRow, banner_rows
from degradation import selectors as degradation
from degradation.models import CapabilityChange, CapabilityStanding
from degradation.rules.matrix import Outage
from degradation.selectors import ModeView


@dataclass(frozen=True, slots=True)
class Present:
    """The mode a capability is in, or would be in; with `harms` users do not get what they came for."""

    badge: Badge
    mode: str
    because: str
    harms: bool
    message: str
    link: str
    handover: str


@dataclass(frozen=True, slots=True)
class ModeText:
    """A mode as it is defined: when it holds, what users then read, and whether they are harmed."""

    name: str
    badge: Badge
    when: str
    conditional: bool
    harms: bool
    message: str
    link: str
    handover: str
    current: bool


@dataclass(frozen=True, slots=True)
class CapabilityRow:
    """A capability. It is in its present mode `since`, and users are harmed `harmed_since`, where that was judged.

    After `banner_after` seconds of harm a banner goes up; None: never.
    """

    name: str
    title: str
    description: str
    now: Present
    then: Present | None
    modes: tuple[ModeText, ...]
    since: datetime | None
    harmed_since: datetime | None
    banner_after: int | None
    banner_text: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change of a capability's mode."""

    at: datetime
    name: str
    title: str
    badge: Badge
    mode: str
    because: str
    harms: bool


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
    banners: tuple[BannerRow, ...]
    changes: tuple[ChangeRow, ...]


def capabilities_page(at: datetime, down: Sequence[str] = ()) -> CapabilitiesPage:
    """The page at `at`, with the components in `down` imagined down; unknown names are ignored."""
    health = sorted(degradation.health(at), key=lambda item: (item.tier, item.name))
    views = degradation.capabilities(at, health)
    known = tuple(item.name for item in health if item.name in set(down))
    imagined = {view.capability.pk: view for view in degradation.what_if(set(known), at, health)} if known else {}
    outages = degradation.matrix([view.capability for view in views])
    names = [view.capability.name for view in views]
    titles = {item.name: item.title for item in health}
    standings = degradation.standings()
    return CapabilitiesPage(
        rows=tuple(
            _row(view, imagined.get(view.capability.pk), titles, standings.get(view.capability.pk)) for view in views
        ),
        choices=tuple(Choice(h.name, h.title, h.tier, badges.health(h.status), h.name in known) for h in health),
        down=known,
        imagined=formats.listing([item.title for item in health if item.name in known]),
        singles=tuple(_matrix_row(o, names, titles) for o in outages if len(o.down) == 1 and o.hurt),
        pairs=tuple(_matrix_row(o, names, titles) for o in outages if len(o.down) > 1 and o.worse),
        banners=banner_rows(at),
        changes=tuple(_change(change, titles) for change in degradation.latest_capability_changes()),
    )


def _row(
    view: ModeView, imagined: ModeView | None, titles: Mapping[str, str], standing: CapabilityStanding | None
) -> CapabilityRow:
    capability = view.capability
    judged = standing if standing and standing.mode == view.mode else None
    return CapabilityRow(
        name=capability.name,
        title=capability.title or capability.name,
        description=capability.description,
        now=_present(view, titles),
        then=None if imagined is None else _present(imagined, titles),
        modes=tuple(_mode(mode, index, view) for index, mode in enumerate(capability.modes)),
        since=judged.since if judged else None,
        harmed_since=judged.harmed_since if judged else None,
        banner_after=capability.banner_after,
        banner_text=capability.banner_text,
    )


def _change(change: CapabilityChange, titles: Mapping[str, str]) -> ChangeRow:
    return ChangeRow(
        change.at,
        change.capability.name,
        str(change.capability),
        badges.mode(change.state),
        change.mode,
        formats.listing([titles.get(name, name) for name in change.because]),
        change.harms,
    )


def _present(view: ModeView, titles: Mapping[str, str]) -> Present:
    return Present(
        badge=badges.mode(view.state),
        mode=view.mode,
        because=formats.listing([titles.get(name, name) for name in view.because]),
        harms=view.harms,
        message=view.message,
        link=view.link,
        handover=view.handover,
    )


def _mode(mode: dict[str, Any], index: int, view: ModeView) -> ModeText:
    state = _mode_state(mode, index)
    return ModeText(
        name=mode["name"],
        badge=badges.mode(state),
        when=mode.get("when") or "",
        conditional=bool(mode.get("when")),
        harms=mode["harms"] if mode.get("harms") is not None else state == "last resort",
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
