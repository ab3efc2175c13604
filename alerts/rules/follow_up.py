"""Whom to tell next of an alert that nobody takes on: further channels after a while, and the same again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Way:
    """A channel that wants to hear of an alert: `after` seconds without acknowledgement, and again every `remind`.

    0 is at once for `after`, and never for `remind`.
    """

    channel: str
    after: float = 0
    remind: float = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A firing alert as far as people know of it.

    `since` is the instant from which on they could know: it fired, or what kept it quiet was lifted. `taken` says that
    somebody has it, or that something keeps it quiet. `escalated` are the channels it was escalated to, `told` when
    each channel was last told.
    """

    since: datetime
    taken: bool = False
    escalated: frozenset[str] = frozenset()
    told: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Due:
    """The channels to tell now: for the first time, and again."""

    escalate: tuple[str, ...] = ()
    remind: tuple[str, ...] = ()


def due(standing: Standing, ways: Iterable[Way], at: datetime) -> Due:
    """Whom to tell at `at`. An alert that is taken is left alone, and no channel is escalated to twice."""
    if standing.taken:
        return Due()
    ways = list(ways)
    escalate = tuple(way.channel for way in ways if _escalates(standing, way, at))
    remind = tuple(way.channel for way in ways if way.channel not in escalate and _reminds(standing, way, at))
    return Due(escalate, remind)


def _escalates(standing: Standing, way: Way, at: datetime) -> bool:
    new = way.after > 0 and way.channel not in standing.escalated
    return new and (at - standing.since).total_seconds() >= way.after


def _reminds(standing: Standing, way: Way, at: datetime) -> bool:
    if way.remind <= 0 or (way.after > 0 and way.channel not in standing.escalated):
        return False
    last = max(standing.since, standing.told.get(way.channel, standing.since))
    return (at - last).total_seconds() >= way.remind
