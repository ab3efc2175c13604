"""How the public is told how things are: the words of common status pages, and in values that hold nothing else. PURE.

Nothing internal gets into these values: no component, objective, service or user, and of an incident no alert. Whatever
is shown to strangers is made from them alone, so it needs no database to be shown again.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from degradation.rules.days import Day

Status = Literal["operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"]
Indicator = Literal["none", "minor", "major", "critical"]
Impact = Literal["none", "minor", "major", "critical", "maintenance"]

_RANKS: tuple[Status, ...] = (
    "operational",
    "under_maintenance",
    "degraded_performance",
    "partial_outage",
    "major_outage",
)
_IMPACTS: dict[str, Status] = {
    "maintenance": "under_maintenance",
    "minor": "degraded_performance",
    "major": "partial_outage",
    "critical": "major_outage",
}
_INDICATORS: tuple[Indicator, ...] = ("none", "minor", "major", "critical")


def status(state: str, *, harms: bool, impacts: Iterable[str] = ()) -> Status:
    """A capability's status: what was judged, or what an open incident that concerns it says, whichever is worse.

    A last resort that harms is a major outage, any other mode that harms a partial one. The format has no word for
    "not known"; as nobody may be told that all is well then, it counts as degraded. During a maintenance a failure is
    its doing.
    """
    said = [_IMPACTS[impact] for impact in impacts if impact in _IMPACTS]
    worst = max([_judged(state, harms=harms), *said], key=_RANKS.index)
    return "under_maintenance" if "under_maintenance" in said and worst not in said else worst


def _judged(state: str, *, harms: bool) -> Status:
    if harms and state != "unknown":
        return "major_outage" if state == "last resort" else "partial_outage"
    return "operational" if state == "full" else "degraded_performance"


def indicator(statuses: Collection[Status], impacts: Iterable[str] = ()) -> Indicator:
    """The whole page in a word: critical when nothing is left (or an incident says so), major for any outage."""
    said = max((_INDICATORS.index(i) for i in impacts if i in _INDICATORS), default=0)
    if statuses and all(item == "major_outage" for item in statuses):
        found = 3
    elif any(item in ("major_outage", "partial_outage") for item in statuses):
        found = 2
    else:
        found = int("degraded_performance" in statuses)
    return _INDICATORS[max(said, found)]


@dataclass(frozen=True, slots=True)
class PublicCapability:
    """`status` is a word of common status pages; `known`: false where nothing is known at the moment.

    `unharmed` is the share (0 to 1) of the known time of these days in which users were not harmed, null where none
    is known. `created_at` is since when it has been judged, `since` since when it has been as it is.
    """

    name: str
    title: str
    description: str
    status: Status
    known: bool
    message: str
    link: str
    since: datetime | None
    created_at: datetime | None
    days: tuple[Day, ...]
    unharmed: float | None

    @property
    def word(self) -> Status | Literal["unknown"]:
        """The status for people and badges, who can be told that it is not known."""
        return "unknown" if not self.known and self.status == "degraded_performance" else self.status


@dataclass(frozen=True, slots=True)
class PublicBanner:
    text: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PublicUpdate:
    number: int
    state: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class PublicIncident:
    """An incident, its updates newest first; `capabilities` are (name, title)."""

    key: str
    title: str
    impact: str
    state: str
    opened_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    capabilities: tuple[tuple[str, str], ...]
    updates: tuple[PublicUpdate, ...]


@dataclass(frozen=True, slots=True)
class PublicStatus:
    """Everything the public may know at the instant `at`. `judged_at`: when it was judged last, if that is too long
    ago. Incidents are open ones and those resolved within 90 days, newest first."""

    at: datetime
    judged_at: datetime | None
    indicator: Indicator
    banners: tuple[PublicBanner, ...]
    capabilities: tuple[PublicCapability, ...]
    incidents: tuple[PublicIncident, ...]

    @property
    def open(self) -> tuple[PublicIncident, ...]:
        """The incidents that are not over."""
        return tuple(item for item in self.incidents if item.resolved_at is None)
