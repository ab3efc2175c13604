"""Reads: banners."""

from datetime import datetime

from django.db.models import Q, QuerySet

from degradation.models import Banner


def banners(at: datetime) -> list[Banner]:
    """The banners that stand at `at`, newest first."""
    return list(_all().filter(Q(until=None) | Q(until__gt=at), ended_at=None, since__lte=at))


def past_banners(limit: int = 20) -> list[Banner]:
    """Banners that were put up, newest first."""
    return list(_all()[:limit])


def _all() -> QuerySet[Banner]:
    return Banner.objects.select_related("capability", "user")
