"""Reads: all that the public may know."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from degradation.models import Capability, CapabilityChange, CapabilityStanding, Incident
from degradation.rules import days as day_rule
from degradation.rules import public
from degradation.rules.public import PublicBanner, PublicCapability, PublicIncident, PublicStatus, PublicUpdate
from degradation.selectors.banner_views import banners
from degradation.selectors.incident_views import incidents
from slo.models import Heartbeat

DAYS = 90
# Incidents that were resolved longer ago are history: the page would only grow.
INCIDENT_DAYS, MOST_INCIDENTS = 90, 100
# The loop judges every few seconds. If it has not for so long, the page says so.
LATE = timedelta(minutes=5)


def public_status(at: datetime) -> PublicStatus:
    """What the public may know at `at`."""
    told = tuple(_incident(row) for row in incidents(since=at - timedelta(days=INCIDENT_DAYS), limit=MOST_INCIDENTS))
    standing = [item for item in told if item.resolved_at is None]
    items = tuple(_capabilities(standing, at))
    return PublicStatus(
        at=at,
        judged_at=_late(at),
        indicator=public.indicator([item.status for item in items], [item.impact for item in standing]),
        banners=tuple(PublicBanner(banner.text, banner.since) for banner in banners(at)),
        capabilities=items,
        incidents=told,
    )


def _late(at: datetime) -> datetime | None:
    """When the loop judged last, if that is too long ago."""
    beat = Heartbeat.objects.filter(name="react").first()
    return beat.at if beat and at - beat.at > LATE else None


def _capabilities(standing: Iterable[PublicIncident], at: datetime) -> Iterable[PublicCapability]:
    impacts: dict[str, list[str]] = defaultdict(list)
    for item in standing:
        for name, _ in item.capabilities:
            impacts[name].append(item.impact)
    history = _history(at)
    for row in Capability.objects.select_related("standing"):
        yield _capability(row, impacts[row.name], history.get(row.pk, []), at)


def _history(at: datetime) -> dict[int, list[CapabilityChange]]:
    """The changes of each capability since the first of the days, and the one that brought what held before them."""
    start = datetime.combine(at.astimezone(UTC).date() - timedelta(days=DAYS - 1), datetime.min.time(), UTC)
    found: dict[int, list[CapabilityChange]] = defaultdict(list)
    for pk in Capability.objects.values_list("pk", flat=True):
        before = CapabilityChange.objects.filter(capability=pk, at__lt=start).first()
        if before is not None:
            found[pk].append(before)
    for change in CapabilityChange.objects.filter(at__gte=start, at__lte=at).order_by("at", "pk"):
        found[change.capability_id].append(change)
    return found


def _capability(row: Capability, impacts: list[str], history: list[CapabilityChange], at: datetime) -> PublicCapability:
    standing: CapabilityStanding | None = getattr(row, "standing", None)
    state, harms = (standing.state, standing.harms) if standing else ("unknown", False)
    modes: list[dict[str, object]] = row.modes if standing else []
    mode = next((mode for mode in modes if standing and mode["name"] == standing.mode), {})
    told = state not in ("full", "unknown")
    found = day_rule.days([(c.at, day_rule.condition(c.state, harms=c.harms)) for c in history], at, DAYS)
    return PublicCapability(
        name=row.name,
        title=row.title,
        description=row.description,
        status=public.status(state, harms=harms, impacts=impacts),
        known=state != "unknown",
        message=str(mode.get("message", "")) if told else "",
        link=str(mode.get("link", "")) if told else "",
        since=standing.since if standing else None,
        created_at=history[0].at if history else None,
        days=tuple(found),
        unharmed=day_rule.share_unharmed(found),
    )


def _incident(row: Incident) -> PublicIncident:
    return PublicIncident(
        key=str(row.key),
        title=row.title,
        impact=row.impact,
        state=row.state,
        opened_at=row.opened_at,
        updated_at=row.updated_at,
        resolved_at=row.resolved_at,
        capabilities=tuple((item.name, item.title) for item in row.capabilities.all()),
        updates=tuple(PublicUpdate(u.pk, u.state, u.at, u.text) for u in row.updates.all()),
    )
