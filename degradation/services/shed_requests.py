"""Requests that applications leave undone on purpose: counted apart, so that they neither flatter nor latch."""

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from degradation.errors import ReportedError
from degradation.models import Flag, ShedCount, ShedReport
from slo.errors import NotFoundError

LARGEST = 1e15
KEPT = timedelta(days=35)


def report(key: str, instance: str, total: float, at: datetime) -> float:
    """Take in an instance's counter of requests left undone because of a flag. Returns what it grew by.

    The first report of an instance only says where it stands; a counter that fell has begun again from 0. Reporting the
    same twice counts once. Raises NotFoundError, and ReportedError for what can be no count.
    """
    if not math.isfinite(total) or not 0 <= total <= LARGEST:
        raise ReportedError(f"A count is a number from 0 to {LARGEST:g}, not {total!r}")
    if not instance.strip() or len(instance) > 200:
        raise ReportedError("An instance has a name of up to 200 characters")
    flag = Flag.objects.filter(key=key).first()
    if flag is None:
        raise NotFoundError(f"There is no flag with the key {key!r}")
    with transaction.atomic():
        row, new = ShedReport.objects.get_or_create(flag=flag, instance=instance, defaults={"total": total, "at": at})
        if new or at < row.at:
            return 0.0
        # Whoever moves the counter counts what it grew by: of two that come with the same, one does.
        if not ShedReport.objects.filter(pk=row.pk, total=row.total, at=row.at).update(total=total, at=at):
            return 0.0
        grown = total - row.total if total >= row.total else total
        if grown:
            _add(flag, at, grown)
    return grown


def thin(at: datetime) -> None:
    """Forget counts that no window reaches any more, and instances that have been silent for as long."""
    ShedCount.objects.filter(minute__lt=at - KEPT).delete()
    ShedReport.objects.filter(at__lt=at - KEPT).delete()


def _add(flag: Flag, at: datetime, grown: float) -> None:
    minute = at.replace(second=0, microsecond=0)
    ShedCount.objects.get_or_create(flag=flag, minute=minute)
    ShedCount.objects.filter(flag=flag, minute=minute).update(requests=F("requests") + grown)


def counted_as_failed(flags: Iterable[Flag], objective: str) -> list[int]:
    """The flags whose shed requests that objective's SLI counts as failed."""
    wanted = {"objective": objective, "counted": "failed"}
    return [flag.pk for flag in flags if flag.shed_requests == wanted]
