"""Reads of what people and programs have noted: exclusions, what was done to them, and annotations."""

from datetime import datetime

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from slo.maths.windows import to_epoch
from slo.models import Annotation, Correction, Exclusion, ExclusionChange
from slo.selectors import objective

# How far ahead an exclusion without an end is looked for.
_YEAR = 366 * 86_400


def exclusion_rows(
    name: str | None, service: str | None, since: datetime | None, until: datetime | None
) -> list[Exclusion]:
    """Exclusions, newest first: those that concern the named objective or service and occur within the span.

    Raises NotFoundError for an unknown objective.
    """
    chosen = Exclusion.objects.select_related("objective", "service", "created_by")
    if name:
        item = objective(name)
        chosen = chosen.filter(Q(objective=item) | Q(service_id=item.service_id))
    if service:
        chosen = chosen.filter(Q(service__name=service) | Q(objective__service__name=service))
    if until:
        chosen = chosen.filter(start__lt=until)
    if since is None:
        return list(chosen)
    low, high = to_epoch(since), to_epoch(until) if until else None
    return [row for row in chosen if row.spans(low, high or max(low, to_epoch(row.start)) + _YEAR)]


def exclusion_changes(exclusion: int | None = None) -> QuerySet[ExclusionChange]:
    """What was done to exclusions (to one), newest first."""
    found = ExclusionChange.objects.select_related("actor")
    return found if exclusion is None else found.filter(exclusion=exclusion)


def annotations(
    name: str | None = None,
    service: str | None = None,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Annotation]:
    """Annotations, newest first, that touch the span; an objective's are its own, its service's and all of everything.

    Raises NotFoundError for an unknown objective.
    """
    found = Annotation.objects.select_related("objective", "service", "created_by")
    if name:
        item = objective(name)
        everything = Q(objective=None, service=None)
        found = found.filter(everything | Q(objective=item) | Q(service_id=item.service_id))
    if service:
        found = found.filter(Q(service__name=service) | Q(objective__service__name=service))
    if kind:
        found = found.filter(kind=kind)
    if until:
        found = found.filter(at__lt=until)
    if since:
        found = found.alias(end=Coalesce(F("until"), F("at"))).filter(end__gte=since)
    return found


def corrections(name: str) -> list[Correction]:
    """What was corrected in an objective's ledger, newest first. Raises NotFoundError."""
    return list(Correction.objects.filter(objective=objective(name)))
