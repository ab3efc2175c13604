"""Spans that do not count: made and removed by people and programs, each act kept as a row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from pydantic import ValidationError

from slo.errors import CatalogError, DeclaredError, DefinitionError, NotFoundError
from slo.models import Exclusion, ExclusionChange, Objective, Service
from slo.openslo.exclusion import ExclusionSpec
from slo.openslo.sentences import faults
from slo.services import standing

Action = ExclusionChange.Action


@transaction.atomic
def exclude(wanted: Mapping[str, Any], at: datetime, *, user: User | None = None, by: str = "") -> Exclusion:
    """Take a span (or, with a rule, its occurrences) out of an objective's or a service's figures.

    `wanted` holds the fields of an Exclusion document. One that says the same already is given back as it is, so that
    asking twice is safe. Raises DefinitionError for what makes no sense and NotFoundError for an unknown name.
    """
    spec = _spec(wanted)
    fields = {
        "objective": named(Objective, spec.objective),
        "service": named(Service, spec.service),
        "start": spec.start,
        "end": spec.until,
        "rule": spec.rule,
        "zone": spec.time_zone,
        "reason": spec.reason,
    }
    same = Exclusion.objects.filter(**fields).first()
    if same is not None:
        return same
    exclusion = Exclusion.objects.create(**fields, created_by=user, created_at=at)
    note(exclusion, at, user=user, by=by)
    return exclusion


@transaction.atomic
def include(pk: int, at: datetime, *, reason: str, user: User | None = None, by: str = "") -> None:
    """Delete an exclusion, for a reason: its span counts again.

    Raises NotFoundError, and DeclaredError for one of a document.
    """
    if not reason.strip():
        raise DefinitionError("say why it counts again: the reason is kept", field="reason")
    exclusion = Exclusion.objects.select_for_update().filter(pk=pk).first()
    if exclusion is None:
        raise NotFoundError(f"There is no exclusion {pk}")
    if exclusion.name:
        raise DeclaredError(
            f"The exclusion {exclusion.name!r} is declared in a document; remove it there and apply with --prune"
        )
    note(exclusion, at, user=user, by=by, reason=reason.strip()[:2_000], deleted=True)
    exclusion.delete()


def note(
    exclusion: Exclusion,
    at: datetime,
    *,
    user: User | None = None,
    by: str = "",
    reason: str = "",
    deleted: bool = False,
) -> None:
    """Keep what was done to an exclusion, unless its last change already says all of it."""
    state = _state(exclusion)
    last = ExclusionChange.objects.filter(exclusion=exclusion.pk).first()
    if deleted:
        action = Action.DELETED
    elif last is None:
        action = Action.CREATED
    elif last.state != state:
        action = Action.CHANGED
    else:
        return
    standing.forget(**({"pk": exclusion.objective_id} if exclusion.objective_id else {"service": exclusion.service_id}))
    ExclusionChange.objects.create(
        exclusion=exclusion.pk, at=at, action=action, state=state, actor=user, by=by, reason=reason
    )


def _state(exclusion: Exclusion) -> dict[str, Any]:
    return {
        "name": exclusion.name,
        "objective": exclusion.objective and exclusion.objective.name,
        "service": exclusion.service and exclusion.service.name,
        "start": exclusion.start.isoformat(),
        "end": exclusion.end.isoformat(),
        "rule": exclusion.rule,
        "time_zone": exclusion.zone,
        "reason": exclusion.reason,
    }


def _spec(wanted: Mapping[str, Any]) -> ExclusionSpec:
    try:
        return ExclusionSpec.model_validate(dict(wanted))
    except ValidationError as error:
        found = faults(error, ExclusionSpec, dict.fromkeys(wanted, 0))
        raise CatalogError([DefinitionError(sentence, field=path) for path, sentence in found]) from None


def named(model: type[Objective] | type[Service], name: str | None) -> Objective | Service | None:
    """The row of that name, None without a name. Raises NotFoundError."""
    if name is None:
        return None
    found = model._default_manager.filter(name=name).first()
    if found is None:
        raise NotFoundError(f"There is no {model._meta.verbose_name} named {name!r}")
    return found
