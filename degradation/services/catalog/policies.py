"""Shedding policies as documents: which services may be shed, how carefully, what is done beside, and drills."""

from dataclasses import asdict, fields
from typing import Annotated, Any
from weakref import WeakKeyDictionary

from pydantic import Field

from degradation.models import Shedding, SheddingPolicy
from degradation.rules.shedding import Policy
from slo.maths.windows import format_duration
from slo.models import Service
from slo.openslo.schema import Duration, Name, Spec
from slo.services.catalog import Document, Handler, Resolver

_DEFAULTS = Policy()
_DURATIONS = ("exit_for", "dwell", "step", "flap_span", "dwell_cap")


class SheddingPolicySpec(Spec):
    """`services` names those that it sheds; the rest are the fields of `degradation.rules.shedding.Policy`."""

    services: list[Name]
    description: str = ""
    min_events: Annotated[int, Field(ge=0)] = _DEFAULTS.min_events
    evaluations: Annotated[int, Field(ge=1, le=100)] = _DEFAULTS.evaluations
    certain_factor: Annotated[float, Field(gt=0)] = _DEFAULTS.certain_factor
    exit_short: Annotated[float, Field(gt=0)] = _DEFAULTS.exit_short
    exit_share: Annotated[float, Field(gt=0, le=1)] = _DEFAULTS.exit_share
    exit_for: Duration = _DEFAULTS.exit_for
    dwell: Duration = _DEFAULTS.dwell
    step: Duration = _DEFAULTS.step
    flap_toggles: Annotated[int, Field(ge=2)] = _DEFAULTS.flap_toggles
    flap_span: Duration = _DEFAULTS.flap_span
    dwell_cap: Duration = _DEFAULTS.dwell_cap


class SheddingPolicies(Handler[SheddingPolicySpec, SheddingPolicy]):
    """Binds services to a policy: that is what turns automatic shedding on for them."""

    kind = "SheddingPolicy"
    order = 20
    spec = SheddingPolicySpec
    model = SheddingPolicy

    def __init__(self) -> None:
        # Which policy has claimed a service in the apply that the resolver belongs to.
        self._claims: WeakKeyDictionary[Resolver, dict[str, str]] = WeakKeyDictionary()

    def fields(self, document: Document[SheddingPolicySpec], resolver: Resolver) -> dict[str, Any]:
        spec = document.spec
        if spec.dwell_cap < spec.dwell:
            raise document.error("is shorter than `dwell`, which it limits", "spec.dwellCap")
        for i, name in enumerate(spec.services):
            self._claim(name, document, resolver, f"spec.services.{i}")
        kept = {field.name: getattr(spec, field.name) for field in fields(Policy)}
        return {"description": spec.description, "services": spec.services, "spec": kept}

    def saved(self, instance: SheddingPolicy, document: Document[SheddingPolicySpec], resolver: Resolver) -> None:
        Shedding.objects.filter(policy=instance).exclude(service__name__in=instance.services).update(policy=None)
        for i, name in enumerate(instance.services):
            service = resolver.get(Service, name, document, f"spec.services.{i}")
            row, _ = Shedding.objects.get_or_create(service=service)
            if row.policy_id != instance.pk:
                Shedding.objects.filter(pk=row.pk).update(policy=instance)

    def _claim(self, name: str, document: Document[SheddingPolicySpec], resolver: Resolver, field: str) -> None:
        resolver.get(Service, name, document, field)
        claims = self._claims.setdefault(resolver, {})
        if name in claims:
            raise document.error(f"{name!r} is shed by {claims[name]!r} already; a service has one policy", field)
        claims[name] = document.name
        for other in SheddingPolicy.objects.exclude(name=document.name):
            stays = not resolver.prune and not resolver.declares(SheddingPolicy, other.name)
            if stays and name in other.services:
                raise document.error(f"{name!r} is shed by {other.name!r} already; a service has one policy", field)

    def export(self, instance: SheddingPolicy) -> dict[str, Any]:
        stored = asdict(Policy(**instance.spec))
        return {
            "services": instance.services,
            **({"description": instance.description} if instance.description else {}),
            **{_camel(name): format_duration(v) if name in _DURATIONS else v for name, v in stored.items()},
        }


def _camel(name: str) -> str:
    alias = SheddingPolicySpec.model_fields[name].alias
    return alias or name
