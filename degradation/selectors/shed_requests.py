"""Reads: requests that applications left undone on purpose."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Sum

from degradation.models import ShedCount


def requests_between(flags: Iterable[int], start: datetime, end: datetime) -> float:
    """How many requests were left undone because of these flags (primary keys), to the minute."""
    found = ShedCount.objects.filter(flag__in=list(flags), minute__gte=start, minute__lt=end)
    return float(found.aggregate(n=Sum("requests"))["n"] or 0.0)
