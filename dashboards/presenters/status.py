"""The public status page: capabilities in plain words, banners, and no internal names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dashboards.presenters.badges import Badge
from degradation import selectors as degradation
from degradation.models import Banner, CapabilityStanding

WORKING = Badge("disc", "Working", "ok", 3)
LIMITED = Badge("half", "Limited", "warn", 1)
UNAVAILABLE = Badge("square", "Not available", "bad", 0)
UNCERTAIN = Badge("dotted", "Not known", "none", 2)


@dataclass(frozen=True, slots=True)
class StatusRow:
    title: str
    description: str
    badge: Badge
    message: str
    link: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class StatusPage:
    verdict: str
    badge: Badge
    banners: tuple[Banner, ...]
    rows: tuple[StatusRow, ...]


def status_page(at: datetime) -> StatusPage:
    """What everybody may know, as it was judged last."""
    ordered = sorted(degradation.standings().values(), key=lambda s: (s.capability.position, s.capability.name))
    rows = tuple(_row(standing) for standing in ordered)
    worst = min((row.badge for row in rows), key=lambda badge: badge.rank, default=UNCERTAIN)
    return StatusPage(_verdict(rows, worst), worst, tuple(degradation.banners(at)), rows)


def _row(standing: CapabilityStanding) -> StatusRow:
    item = standing.capability
    mode: Mapping[str, object] = next((mode for mode in item.modes if mode["name"] == standing.mode), {})
    badge = _badge(standing)
    told = badge in (LIMITED, UNAVAILABLE)
    return StatusRow(
        item.title,
        item.description,
        badge,
        str(mode.get("message", "")) if told else "",
        str(mode.get("link", "")) if told else "",
        standing.since if told else None,
    )


def _badge(standing: CapabilityStanding) -> Badge:
    if standing.state == "unknown":
        return UNCERTAIN
    if standing.harms:
        return UNAVAILABLE
    return WORKING if standing.state == "full" else LIMITED


def _verdict(rows: tuple[StatusRow, ...], worst: Badge) -> str:
    if not rows:
        return "Nothing has been judged yet"
    return {
        WORKING: "Everything works",
        LIMITED: "Some things work with limits",
        UNAVAILABLE: "Some things do not work at the moment",
        UNCERTAIN: "Not everything is known at the moment",
    }[worst]
