"""What-ifs that are kept, to be compared with others later."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from slo import selectors_systems as selectors
from slo.errors import DefinitionError, DuplicateKeyError, NotFoundError
from slo.maths.composite.answers import MOST_REPLICAS
from slo.models import Scenario, System

LONGEST_NAME = 100
_FIELDS = {"target", "replicas", "down"}


def changes(stated: Mapping[str, Mapping[str, Any]]) -> dict[str, selectors.Change]:
    """What people state as {component: {"target": ratio} | {"replicas": number} | {"down": true}}.

    Raises DefinitionError with the component at fault.
    """
    return {name: _change(name, dict(said)) for name, said in stated.items()}


def keep(
    of: System, name: str, stated: Mapping[str, Mapping[str, Any]], at: datetime, *, user: User | None
) -> Scenario:
    """Keep a what-if under a name. Raises DefinitionError, NotFoundError for a component that is none of the
    system's, DuplicateKeyError for a name that is taken.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise DefinitionError(f"a scenario has a name of 1 to {LONGEST_NAME} characters", field="name")
    wanted = changes(stated)
    if not wanted:
        raise DefinitionError("nothing is changed, so there is nothing to keep", field="changes")
    selectors.standing(of, at, wanted)
    try:
        with transaction.atomic():
            return Scenario.objects.create(
                system=of,
                name=name,
                changes={component: dict(said) for component, said in stated.items()},
                created_at=at,
                created_by=user,
            )
    except IntegrityError:
        raise DuplicateKeyError(f"{of} has a scenario named {name!r} already; choose another name") from None


def forget(of: System, name: str) -> None:
    """Delete a scenario. Raises NotFoundError."""
    if not of.scenarios.filter(name=name).delete()[0]:
        raise NotFoundError(f"{of} has no scenario named {name!r}")


def _change(name: str, said: dict[str, Any]) -> selectors.Change:
    if len(said) != 1 or not _FIELDS.issuperset(said):
        raise DefinitionError("a change is one of target, replicas and down", field=name)
    target, replicas = said.get("target"), said.get("replicas")
    if target is not None and not (isinstance(target, int | float) and 0 <= target <= 1):
        raise DefinitionError(f"a target is a ratio from 0 to 1, not {target!r}", field=name)
    if replicas is not None and not (isinstance(replicas, int) and 1 <= replicas <= MOST_REPLICAS):
        raise DefinitionError(f"from 1 to {MOST_REPLICAS} replicas can be tried, not {replicas!r}", field=name)
    return selectors.Change(target, replicas, bool(said.get("down")))
