"""Reads: how available each capability can be, from its modes and what is known of its components."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from degradation.models import Capability
from degradation.rules.modes import Mode, is_last_resort
from degradation.selectors.capability_modes import modes
from slo.maths.composite.analysis import Analysis, Figure
from slo.maths.composite.bounds import Bounds
from slo.maths.composite.system import System, Unit
from slo.maths.structure import Expression, Group, names
from slo.selectors_systems import ColumnName, Known, known

PERIOD = 30 * 86_400
CERTAIN = Figure(Bounds(1.0, 1.0), exact=True)
COLUMNS: tuple[ColumnName, ...] = ("promised", "observed", "worst case")


@dataclass(frozen=True, slots=True)
class Availability:
    """How likely a capability is in its full mode, and in any mode that serves; None where a component has no figure.

    A mode that needs nothing serves always. For `assumed` components the promise stood in.
    """

    full: Figure | None
    served: Figure | None
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CapabilityAvailability:
    """A capability's availabilities, promised, observed over the last 30 days and in the worst case."""

    capability: Capability
    columns: Mapping[ColumnName, Availability]


def availabilities(at: datetime) -> list[CapabilityAvailability]:
    """Every capability's availabilities, exact where its structure allows."""
    return [_availability(item, analyses, figures) for item, analyses, figures in _known(at)]


def promised_without(at: datetime, down: Collection[str]) -> dict[int, tuple[Availability, Availability]]:
    """What is promised of the capabilities that rest upon these components: as they are, and without; by number."""
    found = {}
    for item, analyses, figures in _known(at, frozenset(down)):
        gone = {name: replace(of, target=0.0) if name in down else of for name, of in figures.items()}
        found[item.pk] = (_column("promised", analyses, figures), _column("promised", analyses, gone))
    return found


def _known(
    at: datetime, upon: Collection[str] | None = None
) -> list[tuple[Capability, Sequence[Analysis | None], Mapping[str, Known]]]:
    """Every capability (that rests `upon` one of these), its full mode and any that serves as structures, and the
    figures they need."""
    expressions = {item: _expressions(modes(item)) for item in Capability.objects.select_related("service")}
    used = {item: {name for e in pair if e for name in names(e)} for item, pair in expressions.items()}
    chosen = [item for item in expressions if upon is None or not used[item].isdisjoint(upon)]
    figures = known(at, sorted({name for item in chosen for name in used[item]}), PERIOD)
    return [(item, [Analysis(System(e)) if e else None for e in expressions[item]], figures) for item in chosen]


def _expressions(found: Iterable[Mode]) -> tuple[Expression | None, Expression | None]:
    """What the full mode needs, and what any mode that serves does; None where that is nothing."""
    serving = [mode for position, mode in enumerate(found) if not is_last_resort(mode, position)]
    needs = [mode.when for mode in serving]
    full = needs[0] if needs else None
    stated = tuple(dict.fromkeys(when for when in needs if when is not None))
    if None in needs:
        return full, None
    return full, stated[0] if len(stated) == 1 else Group(1, stated)


def _availability(
    item: Capability, analyses: Sequence[Analysis | None], figures: Mapping[str, Known]
) -> CapabilityAvailability:
    return CapabilityAvailability(item, {column: _column(column, analyses, figures) for column in COLUMNS})


def _column(column: ColumnName, analyses: Iterable[Analysis | None], figures: Mapping[str, Known]) -> Availability:
    assumed: set[str] = set()
    full, served = (_figure(analysis, column, figures, assumed) for analysis in analyses)
    return Availability(full, served, tuple(sorted(assumed)))


def _figure(
    analysis: Analysis | None, column: ColumnName, figures: Mapping[str, Known], assumed: set[str]
) -> Figure | None:
    if analysis is None:
        return CERTAIN
    units = {}
    for name in analysis.system.components():
        value = figures[name].value(column) if name in figures else None
        if value is None:
            assumed.add(name)
            value = figures[name].target if name in figures else None
        if value is None:
            return None
        units[name] = Unit(value)
    return analysis.result(units).full
