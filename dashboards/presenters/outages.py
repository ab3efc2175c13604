"""The degradation matrix: what each outage that hurts somebody leaves of the capabilities."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from degradation import selectors as degradation
from degradation.models import Capability
from degradation.rules.matrix import Outage

# More capabilities than that are no columns: each outage then lists those it hurts, as on a phone.
COLUMNS = 7
# Pairs that are shown; with hundreds of components there may be thousands.
PAIRS = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """What an outage makes of a capability, named by its title; a calm one stays in its full mode."""

    title: str
    badge: Badge
    mode: str
    worse: bool
    calm: bool


@dataclass(frozen=True, slots=True)
class OutageRow:
    """Components that are down together. `now`: all of them are, at present."""

    down: str
    query: str
    now: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """`heads` are the titles of the columns; without them each row has the cells alone that are not calm."""

    heads: tuple[str, ...]
    singles: tuple[OutageRow, ...]
    pairs: tuple[OutageRow, ...]
    """Pairs that hurt a capability more than either of the two alone."""
    more: int


def matrix(capabilities: Iterable[Capability], titles: Mapping[str, str], down: Collection[str]) -> Matrix:
    """The matrix of these capabilities; `titles` are those of the components, `down` those that are at present."""
    shown = {item.name: str(item) for item in capabilities}
    outages = degradation.matrix(capabilities)
    pairs = [outage for outage in outages if len(outage.down) > 1]
    wide = len(shown) <= COLUMNS

    def row(outage: Outage) -> OutageRow:
        names = shown if wide else [name for name in outage.hurt if name in shown]
        return OutageRow(
            " + ".join(titles.get(name, name) for name in outage.down),
            "&".join(f"down={name}" for name in outage.down),
            all(name in down for name in outage.down),
            tuple(_cell(outage, name, shown[name]) for name in names),
        )

    return Matrix(
        tuple(shown.values()) if wide else (),
        tuple(row(outage) for outage in outages if len(outage.down) == 1),
        tuple(row(outage) for outage in pairs[:PAIRS]),
        len(pairs[PAIRS:]),
    )


def _cell(outage: Outage, name: str, title: str) -> Cell:
    present = outage.modes[name]
    return Cell(title, badges.mode(present.state), present.mode.name, name in outage.worse, present.position == 0)
