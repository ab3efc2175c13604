"""What users can still do: now, if something broke, and for every outage that matters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards import formats
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from dashboards.presenters.banners import BannerRow, banner_rows
from dashboards.presenters.imagined import Choice, ImaginedSystem, Shares, choices, imagined_systems, shares
from dashboards.presenters.outages import Matrix, matrix
from degradation import selectors as degradation
from degradation.models import CapabilityChange, CapabilityStanding
from degradation.selectors import ModeView

# Changes of modes at once; the rest of those that are kept in sight can be opened.
LATEST, KEPT = 6, 30


@dataclass(frozen=True, slots=True)
class Present:
    """The mode a capability is in, or would be in; with `harms` users do not get what they came for.

    `mode` names it unless it is the full one.
    """

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

    `then` and `shares` are what a what-if makes of it. After `banner_after` seconds of harm a banner goes up; None:
    never.
    """

    name: str
    title: str
    description: str
    now: Present
    then: Present | None
    worse: bool
    shares: Shares | None
    modes: tuple[ModeText, ...]
    since: datetime | None
    harmed_since: datetime | None
    banner_after: int | None
    banner_text: str

    @property
    def moved(self) -> bool:
        """Does the what-if change what is promised?"""
        return self.shares is not None and (self.shares.served.changed or self.shares.full.changed)


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
class CapabilitiesPage:
    """`imagined` names the components in `down`, taken to be down; `then` are the rows that this changes."""

    rows: tuple[CapabilityRow, ...]
    then: tuple[CapabilityRow, ...]
    unmoved: tuple[str, ...]
    choices: tuple[Choice, ...]
    down: tuple[str, ...]
    imagined: str
    systems: tuple[ImaginedSystem, ...]
    matrix: Matrix
    banners: tuple[BannerRow, ...]
    changes: tuple[ChangeRow, ...]
    earlier: tuple[ChangeRow, ...]


def capabilities_page(at: datetime, down: Sequence[str] = ()) -> CapabilitiesPage:
    """The page at `at`, with the components in `down` imagined down; unknown names are ignored."""
    health = sorted(degradation.health(at), key=lambda item: (item.tier, item.name))
    views = degradation.capabilities(at, health)
    wanted = frozenset(down)
    known = tuple(item.name for item in health if item.name in wanted)
    imagined = {view.capability.pk: view for view in degradation.what_if(known, at, health)} if known else {}
    promised = shares(at, known) if known else {}
    titles = {item.name: item.title for item in health}
    standings = degradation.standings()
    changes = [_change(change, titles) for change in degradation.latest_capability_changes(KEPT)]

    def row(view: ModeView) -> CapabilityRow:
        pk = view.capability.pk
        return _row(view, imagined.get(pk), titles, standings.get(pk), promised.get(pk))

    rows = list(map(row, views))
    moved = [row for row in rows if known and (row.worse or row.moved)]
    return CapabilitiesPage(
        rows=tuple(rows),
        then=tuple(sorted(moved, key=lambda row: not row.worse)),
        unmoved=tuple(row.title for row in rows if row not in moved) if known else (),
        choices=choices(health, views, known),
        down=known,
        imagined=formats.listing([titles[name] for name in known]),
        systems=imagined_systems(at, known) if known else (),
        matrix=matrix([view.capability for view in views], titles, {i.name for i in health if i.status == "down"}),
        banners=banner_rows(at),
        changes=tuple(changes[:LATEST]),
        earlier=tuple(changes[LATEST:]),
    )


def _row(
    view: ModeView,
    imagined: ModeView | None,
    titles: Mapping[str, str],
    standing: CapabilityStanding | None,
    promised: Shares | None,
) -> CapabilityRow:
    capability = view.capability
    judged = standing if standing and standing.mode == view.mode else None
    return CapabilityRow(
        name=capability.name,
        title=capability.title or capability.name,
        description=capability.description,
        now=_present(view, titles),
        then=None if imagined is None else _present(imagined, titles),
        worse=imagined is not None and imagined.position > view.position,
        shares=promised,
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
        change.mode if change.state in ("degraded", "last resort") else "",
        formats.listing([titles.get(name, name) for name in change.because]),
        change.harms,
    )


def _present(view: ModeView, titles: Mapping[str, str]) -> Present:
    return Present(
        badge=badges.mode(view.state),
        mode=view.mode if view.position else "",
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
