"""Keeps how objectives stood when they were judged last, and forgets it where it does not hold any more."""

import logging
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from slo.maths.status import Status
from slo.models import Objective, ObjectiveStanding

log = logging.getLogger(__name__)
_FIELDS = [field.name for field in ObjectiveStanding._meta.concrete_fields if not field.primary_key]


def keep(judged: Iterable[tuple[Objective, Status]]) -> None:
    """Keep the judgements of a tick. Where that fails it is logged: lists then judge anew, which takes longer."""
    rows = [
        ObjectiveStanding(objective=item, at=status.as_of, **ObjectiveStanding.figures(status))
        for item, status in judged
    ]
    try:
        with transaction.atomic():
            ObjectiveStanding.objects.bulk_create(
                rows, update_conflicts=True, unique_fields=["objective"], update_fields=_FIELDS
            )
    except Exception:
        log.exception("How objectives stand could not be kept; lists of them take longer until the next tick")


def forget(**which: Any) -> None:
    """What is kept of these objectives (all by default) holds no more: something else than a tick changed them."""
    ObjectiveStanding.objects.filter(**{f"objective__{name}": value for name, value in which.items()}).delete()
