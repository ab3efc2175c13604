"""Reads: incidents and who hears of them."""

from datetime import datetime

from django.db.models import Q, QuerySet

from degradation.models import Incident, Subscriber
from slo.errors import NotFoundError


def incidents(*, since: datetime | None = None, limit: int = 100) -> list[Incident]:
    """Incidents that are open or were resolved after `since` (all by default), newest first, with their updates."""
    found = _all()
    if since is not None:
        found = found.filter(Q(resolved_at=None) | Q(resolved_at__gte=since))
    return list(found[:limit])


def open_incidents() -> list[Incident]:
    """The incidents that are not resolved, newest first."""
    return list(_all().filter(resolved_at=None))


def incidents_of_alert(alert: int) -> list[Incident]:
    """The incidents that were opened from an alert, newest first."""
    return list(_all().filter(alert=alert))


def incident(pk: int) -> Incident:
    """One incident. Raises NotFoundError."""
    found = _all().filter(pk=pk).first()
    if found is None:
        raise NotFoundError(f"There is no incident {pk}")
    return found


def webhooks() -> list[Subscriber]:
    """The webhooks that hear of incidents."""
    return list(Subscriber.objects.filter(kind=Subscriber.Kind.WEBHOOK))


def readers() -> int:
    """How many people have confirmed that they want to hear of incidents."""
    return Subscriber.objects.filter(kind=Subscriber.Kind.EMAIL, confirmed_at__isnull=False).count()


def _all() -> QuerySet[Incident]:
    return Incident.objects.prefetch_related("capabilities", "updates").select_related("alert")
