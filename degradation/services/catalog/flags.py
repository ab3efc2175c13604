"""Flags as documents: what can be dimmed, what that protects, and what it costs."""

from typing import Annotated, Any, Literal

from pydantic import Field

from degradation.models import Flag, FlagChange
from degradation.rules.criticality import Criticality, contradiction, usual
from degradation.rules.value import NONE
from slo.models import Component, Objective, Service
from slo.openslo.schema import Name, Number, Spec, Title
from slo.services.catalog import Document, Handler, Resolver

Cause = FlagChange.Cause


class CostSpec(Spec):
    """What users lose while it is dimmed; `users` is the share of them (0 to 1) that is assumed to notice."""

    text: Annotated[str, Field(min_length=1)]
    users: Annotated[Number, Field(ge=0, le=1)] | None = None


class ShedRequestsSpec(Spec):
    """The objective in whose traffic requests are left undone, and whether its SLI counts them as failed or not."""

    objective: Name
    counted: Literal["failed", "apart"] = "apart"


class FlagSpec(Spec):
    """`dim_to` is the percentage of users that a shed dimmer keeps serving; `split: false` is all or nobody."""

    service: Name
    description: Annotated[str, Field(min_length=1)]
    tier: Annotated[int, Field(ge=1, le=4)]
    owner: Title = ""
    safe_value: bool = False
    type: Literal["boolean", "dimmer"] = "boolean"
    dim_to: Annotated[int, Field(ge=0, le=99)] = NONE
    split: bool = True
    criticality: Criticality | None = None
    dry_run: bool = False
    protects: list[Name] = []
    cost: CostSpec | None = None
    shed_requests: ShedRequestsSpec | None = None


class Flags(Handler[FlagSpec, Flag]):
    kind = "Flag"
    order = 40
    spec = FlagSpec
    model = Flag
    key = "key"

    def fields(self, document: Document[FlagSpec], resolver: Resolver) -> dict[str, Any]:
        spec = document.spec
        _check(document, resolver)
        return {
            "service": resolver.get(Service, spec.service, document, "spec.service"),
            "description": spec.description,
            "owner": spec.owner,
            "kind": spec.type,
            "tier": spec.tier,
            "criticality": spec.criticality or usual(spec.tier),
            "safe_value": spec.safe_value,
            "dim_to": spec.dim_to,
            "splits": spec.split,
            "dry_run": spec.dry_run,
            "protects": list(spec.protects),
            "cost": spec.cost.text if spec.cost else "",
            "users": spec.cost.users if spec.cost else None,
            "shed_requests": spec.shed_requests.model_dump() if spec.shed_requests else {},
        }

    def saved(self, instance: Flag, document: Document[FlagSpec], resolver: Resolver) -> None:
        """A flag that comes back under its old key has its old history."""
        FlagChange.objects.filter(key=instance.key, flag=None).update(flag=instance)

    def updated(self, instance: Flag, names: set[str], resolver: Resolver) -> None:
        """A changed safe value changes what applications get, so it is noted like any other change."""
        if "safe_value" not in names:
            return
        marks, forced = instance.marks(), instance.marks().forced(resolver.at)
        after = marks.value(resolver.at)
        share = marks.share(resolver.at)
        FlagChange.objects.create(
            flag=instance,
            at=resolver.at,
            cause=Cause.DEFINED,
            before=after if forced else not after,
            after=after,
            before_share=share,
            after_share=share,
            reason=f"the catalog says that its safe value is {'on' if instance.safe_value else 'off'}",
        )

    def pruning(self, instance: Flag, resolver: Resolver) -> None:
        """The history stays, and says what the last value was when the flag went."""
        marks = instance.marks()
        value, share = marks.value(resolver.at), marks.share(resolver.at)
        FlagChange.objects.create(
            flag=instance,
            at=resolver.at,
            cause=Cause.REMOVED,
            before=value,
            after=value,
            before_share=share,
            after_share=share,
            reason="its document is gone from the catalog",
        )

    def export(self, instance: Flag) -> dict[str, Any]:
        return {
            "service": instance.service.name,
            "description": instance.description,
            "tier": instance.tier,
            **({"owner": instance.owner} if instance.owner else {}),
            "safeValue": instance.safe_value,
            **_exported(instance),
        }


def _check(document: Document[FlagSpec], resolver: Resolver) -> None:
    spec = document.spec
    if spec.criticality and (why := contradiction(spec.criticality, spec.tier)):
        raise document.error(why, "spec.criticality")
    if spec.dim_to and spec.type != "dimmer":
        raise document.error("is for dimmers: a boolean flag is shed for everybody", "spec.dimTo")
    if spec.type == "dimmer" and not spec.split:
        raise document.error("a dimmer is split among users; make it a boolean flag", "spec.split")
    for i, name in enumerate(spec.protects):
        resolver.get(Component, name, document, f"spec.protects.{i}")
    if spec.shed_requests:
        resolver.get(Objective, spec.shed_requests.objective, document, "spec.shedRequests.objective")


def _exported(flag: Flag) -> dict[str, Any]:
    """What is said only where it is not the usual."""
    cost = {"text": flag.cost, **({} if flag.users is None else {"users": flag.users})}
    said = {
        "type": flag.kind if flag.kind != Flag.Kind.BOOLEAN else None,
        "dimTo": flag.dim_to or None,
        "split": None if flag.splits else False,
        "criticality": flag.criticality if flag.criticality != usual(flag.tier) else None,
        "dryRun": flag.dry_run or None,
        "protects": flag.protects or None,
        "cost": cost if flag.cost else None,
        "shedRequests": flag.shed_requests or None,
    }
    return {name: value for name, value in said.items() if value is not None}
