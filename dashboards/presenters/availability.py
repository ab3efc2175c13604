"""Can promises be kept: the systems, what capabilities can be, and objectives that ask for too much."""

from dataclasses import dataclass
from datetime import datetime

from dashboards import formats
from dashboards.presenters.system import SystemRow, figure, system_row
from degradation.selectors.capability_availability import Availability, CapabilityAvailability, availabilities
from slo import selectors_systems as systems
from slo.selectors_possible import impossible


@dataclass(frozen=True, slots=True)
class Cell:
    """A capability's availability at all and in full, and what stands in for a missing number."""

    column: str
    served: str
    full: str
    note: str


@dataclass(frozen=True, slots=True)
class CapabilityRow:
    """A capability's availability in the three columns."""

    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class ImpossibleRow:
    """An objective stricter than what `needs` allow; or than its `system` does."""

    objective: str
    title: str
    target: str
    composite: str
    needs: str
    system: str


@dataclass(frozen=True, slots=True)
class AvailabilityPage:
    systems: tuple[SystemRow, ...]
    capabilities: tuple[CapabilityRow, ...]
    impossible: tuple[ImpossibleRow, ...]


def availability_page(at: datetime) -> AvailabilityPage:
    """Every system, every capability, and objectives that cannot be kept."""
    found = [systems.standing(item, at) for item in systems.systems()]
    return AvailabilityPage(
        systems=tuple(system_row(standing) for standing in found),
        capabilities=tuple(_capability(item) for item in availabilities(at)),
        impossible=tuple(
            ImpossibleRow(
                item.objective.name,
                str(item.objective),
                formats.percent(item.objective.target),
                formats.percent(item.composite),
                formats.listing(list(item.needs)),
                item.system,
            )
            for item in impossible(at)
        ),
    )


def _capability(item: CapabilityAvailability) -> CapabilityRow:
    return CapabilityRow(
        item.capability.title or item.capability.name, tuple(_cell(name, found) for name, found in item.columns.items())
    )


def _cell(column: str, found: Availability) -> Cell:
    names = formats.listing(list(found.assumed))
    known = found.full is not None and found.served is not None
    note = f"{'promise for' if known else 'no figure for all of'} {names}" if names else ""
    return Cell(column, figure(found.served), figure(found.full), note)
