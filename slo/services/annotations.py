"""Deploys, flags and game days beside the figures: noted once however often they are sent, and let go with age."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from pydantic import ValidationError

from slo.errors import CatalogError, DefinitionError, DuplicateKeyError
from slo.models import Annotation, Objective, Service
from slo.openslo.annotation import AnnotationSpec
from slo.openslo.sentences import faults
from slo.services.exclusions import named

# As long as the ledger keeps rows: there is no chart of anything older.
KEPT = timedelta(days=396)
AHEAD = timedelta(days=366)


@transaction.atomic
def annotate(
    wanted: Mapping[str, Any], at: datetime, *, user: User | None = None, by: str = ""
) -> tuple[Annotation, bool]:
    """Note something; the annotation, and whether it is new.

    The same `key`, or without one the same content, is the same annotation. Raises DefinitionError for what makes no
    sense, NotFoundError for an unknown name, DuplicateKeyError for a key that says something else.
    """
    spec = _spec(wanted)
    if not at - KEPT < spec.at < at + AHEAD:
        raise DefinitionError("must lie within the last 396 days or the next 366", field="at")
    fields = {
        "kind": spec.kind,
        "objective": named(Objective, spec.objective),
        "service": named(Service, spec.service),
        "at": spec.at,
        "until": spec.until,
        "text": spec.text,
        "link": spec.link or "",
    }
    new = {**fields, "created_at": at, "created_by": user, "by": by}
    found, created = Annotation.objects.get_or_create(key=spec.key or _digest(spec), defaults=new)
    if any(getattr(found, name) != value for name, value in fields.items()):
        raise DuplicateKeyError(f"The key {spec.key!r} belongs to another annotation: {found}")
    return found, created


def forget(at: datetime) -> int:
    """Delete annotations that ended before anything a chart can show. Returns how many."""
    old = Annotation.objects.filter(at__lt=at - KEPT).exclude(until__gte=at - KEPT)
    return old.delete()[0]


def _spec(wanted: Mapping[str, Any]) -> AnnotationSpec:
    try:
        return AnnotationSpec.model_validate(dict(wanted))
    except ValidationError as error:
        found = faults(error, AnnotationSpec, dict.fromkeys(wanted, 0))
        raise CatalogError([DefinitionError(sentence, field=path) for path, sentence in found]) from None


def _digest(spec: AnnotationSpec) -> str:
    content = json.dumps(spec.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
