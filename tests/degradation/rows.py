"""Rows of this package to test with."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group, User

from alerts.models import Alert, about
from degradation.models import Automation, Capability, Flag, Shedding, SheddingPolicy
from degradation.rules.criticality import usual
from degradation.rules.shedding import Policy
from slo.models import Objective, Service
from tests import factories
from tests.factories import NOW


def flag(key: str, *, tier: int = 4, service: Service | None = None, **fields: Any) -> Flag:
    service = service or factories.service()
    fields.setdefault("criticality", usual(tier))
    return Flag.objects.create(key=key, tier=tier, service=service, description=f"What {key} does.", **fields)


def shed(item: Flag, reason: str = "checkout burns") -> Flag:
    item.shed_at, item.shed_reason = NOW, reason
    item.save()
    return item


def policy(*services: Service, name: str = "careful", **fields: Any) -> SheddingPolicy:
    """A policy bound to the services, with the fields of `Policy` that differ from the default.

    Automatic shedding is on; what comes back comes back at once, and nothing is reverted, unless the fields say so.
    """
    fields = {"ramp": (), "revert": False, **fields}
    Automation.objects.update_or_create(pk=1, defaults={"automatic": True})
    names = [service.name for service in services]
    known = Policy(**fields)
    spec = {name: getattr(known, name) for name in Policy.__dataclass_fields__}
    made = SheddingPolicy.objects.create(name=name, spec=spec, services=names)
    for service in services:
        Shedding.objects.update_or_create(service=service, defaults={"policy": made})
    return made


def page(objective: Objective, at: datetime = NOW) -> Alert:
    return Alert.objects.create(**about(objective), severity="page", state="firing", opened_at=at, fired_at=at)


def capability(name: str, modes: list[dict[str, Any]], service: Service | None = None, position: int = 0) -> Capability:
    service = service or factories.service()
    return Capability.objects.create(name=name, title=name, service=service, modes=modes, position=position)


def operator(name: str = "ada") -> User:
    user = User.objects.create_user(name, password="x")
    user.groups.add(Group.objects.get_or_create(name="operator")[0])
    return user


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)
