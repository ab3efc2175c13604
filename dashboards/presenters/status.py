"""The public status page: capabilities in plain words, banners, incidents, and no internal names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from dashboards import formats
from dashboards.day_bars import DayBars, day_bars
from dashboards.presenters.badges import Badge
from degradation.rules import public_formats
from degradation.rules.public import PublicBanner, PublicCapability, PublicIncident, PublicStatus

# Past incidents on the page itself; the feed has those of 90 days.
PAST_DAYS = 30

_STATUSES = {
    "operational": Badge("disc", "Working", "ok", 4),
    "under_maintenance": Badge("bar", "Maintenance", "info", 2),
    "degraded_performance": Badge("half", "Limited", "warn", 1),
    "partial_outage": Badge("triangle", "Partly not available", "bad", 0),
    "major_outage": Badge("square", "Not available", "bad", 0),
    "unknown": Badge("dotted", "Not known", "none", 3),
}
_PAGES = {
    "none": _STATUSES["operational"],
    "minor": _STATUSES["degraded_performance"],
    "major": _STATUSES["partial_outage"],
    "critical": _STATUSES["major_outage"],
}
IMPACTS = {
    "none": Badge("ring", "No impact", "none", 4),
    "minor": Badge("half", "Minor impact", "warn", 2),
    "major": Badge("triangle", "Major impact", "bad", 1),
    "critical": Badge("square", "Critical impact", "bad", 0),
    "maintenance": Badge("bar", "Maintenance", "info", 3),
}
RESOLVED = Badge("disc", "Resolved", "ok", 5)


@dataclass(frozen=True, slots=True)
class StatusRow:
    """A capability; `since` is told where it is not well, `available` is the known share of 90 days, in words."""

    title: str
    description: str
    badge: Badge
    message: str
    link: str
    since: datetime | None
    bars: DayBars
    available: str


@dataclass(frozen=True, slots=True)
class IncidentRow:
    badge: Badge
    item: PublicIncident
    concerns: str


@dataclass(frozen=True, slots=True)
class PastDay:
    """A day and the incidents that began on it; none is worth saying too."""

    date: date
    items: tuple[IncidentRow, ...]


@dataclass(frozen=True, slots=True)
class StatusPage:
    verdict: str
    badge: Badge
    banners: tuple[PublicBanner, ...]
    rows: tuple[StatusRow, ...]
    open: tuple[IncidentRow, ...]
    past: tuple[PastDay, ...]
    past_days: int


def status_page(status: PublicStatus) -> StatusPage:
    """What everybody may know, as it was judged last."""
    nothing = not status.capabilities and not status.open
    verdict = public_formats.description(status)
    unknown = nothing or verdict.startswith("Not known")
    return StatusPage(
        verdict=verdict,
        badge=_STATUSES["unknown"] if unknown else _page_badge(status),
        banners=status.banners,
        rows=tuple(_row(item) for item in status.capabilities),
        open=tuple(incident_page(item) for item in status.open),
        past=tuple(_past(status)),
        past_days=PAST_DAYS,
    )


def incident_page(item: PublicIncident) -> IncidentRow:
    """One incident."""
    badge = RESOLVED if item.resolved_at else IMPACTS[item.impact]
    return IncidentRow(badge, item, formats.listing([title for _, title in item.capabilities]))


def _page_badge(status: PublicStatus) -> Badge:
    if status.indicator == "none" and any(item.impact == "maintenance" for item in status.open):
        return _STATUSES["under_maintenance"]
    return _PAGES[status.indicator]


def _row(item: PublicCapability) -> StatusRow:
    badge = _STATUSES[item.word]
    return StatusRow(
        item.title,
        item.description,
        badge,
        item.message,
        item.link,
        item.since if item.known and item.message else None,
        day_bars(item.days),
        _available(item),
    )


def _available(item: PublicCapability) -> str:
    """The share of the known time, and of how many days that is where not of all."""
    if item.unharmed is None:
        return "no data"
    known = sum(1 for day in item.days if day.known)
    told = "" if known == len(item.days) else f" in the {formats.plural(known, 'day')} known"
    return f"{formats.percent(item.unharmed)} available{told}"


def _past(status: PublicStatus) -> Iterable[PastDay]:
    first = status.at - timedelta(days=PAST_DAYS)
    over = [item for item in status.incidents if item.resolved_at and item.resolved_at >= first]
    for day, items in groupby(over, key=lambda item: item.opened_at.date()):
        yield PastDay(day, tuple(incident_page(item) for item in items))
