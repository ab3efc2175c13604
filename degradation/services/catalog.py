"""The kinds of documents that say how to degrade: flags, shedding policies and capabilities."""

from dataclasses import asdict, fields
from typing import Annotated, Any, Literal
from weakref import WeakKeyDictionary

from pydantic import Field

from degradation.models import Capability, Flag, FlagChange, Shedding, SheddingPolicy
from degradation.rules.shedding import Policy
from slo.errors import ExpressionError
from slo.maths.structure import names, parse
from slo.maths.windows import format_duration
from slo.models import Component, Service
from slo.openslo.schema import Duration, Name, Spec, Url
from slo.services.catalog import Document, Handler, Resolver, register

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


class FlagSpec(Spec):
    service: Name
    description: Annotated[str, Field(min_length=1)]
    tier: Annotated[int, Field(ge=1, le=4)]
    owner: str = ""
    safe_value: bool = False


class ModeSpec(Spec):
    """One mode: without `when` it always holds. `healthy` and `degraded` as in `degradation.rules.modes.Mode`."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    when: str | None = None
    healthy: Literal[True] | None = None
    degraded: Literal[True] | None = None
    message: str = ""
    link: Url | None = None
    handover: str = ""


class CapabilitySpec(Spec):
    service: Name
    description: str = ""
    position: Annotated[int, Field(ge=0, le=32_767)] = 0
    modes: Annotated[list[ModeSpec], Field(min_length=2)]


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


class Flags(Handler[FlagSpec, Flag]):
    kind = "Flag"
    order = 40
    spec = FlagSpec
    model = Flag
    key = "key"

    def fields(self, document: Document[FlagSpec], resolver: Resolver) -> dict[str, Any]:
        spec = document.spec
        return {
            "service": resolver.get(Service, spec.service, document, "spec.service"),
            "description": spec.description,
            "owner": spec.owner,
            "tier": spec.tier,
            "safe_value": spec.safe_value,
        }

    def updated(self, instance: Flag, names: set[str], resolver: Resolver) -> None:
        """A changed safe value changes what applications get, so it is noted like any other change."""
        if "safe_value" not in names:
            return
        marks, forced = instance.marks(), instance.marks().forced(resolver.at)
        after = marks.value(resolver.at)
        FlagChange.objects.create(
            flag=instance,
            at=resolver.at,
            cause=FlagChange.Cause.DEFINED,
            before=after if forced else not after,
            after=after,
            reason=f"the catalog says that its safe value is {'on' if instance.safe_value else 'off'}",
        )

    def export(self, instance: Flag) -> dict[str, Any]:
        return {
            "service": instance.service.name,
            "description": instance.description,
            "tier": instance.tier,
            **({"owner": instance.owner} if instance.owner else {}),
            "safeValue": instance.safe_value,
        }


class Capabilities(Handler[CapabilitySpec, Capability]):
    kind = "Capability"
    order = 40
    spec = CapabilitySpec
    model = Capability

    def fields(self, document: Document[CapabilitySpec], resolver: Resolver) -> dict[str, Any]:
        spec = document.spec
        _check_order(document)
        for i, mode in enumerate(spec.modes):
            if mode.when is not None:
                _check_when(mode.when, document, resolver, f"spec.modes.{i}.when")
        return {
            "service": resolver.get(Service, spec.service, document, "spec.service"),
            "title": document.title or document.name,
            "description": spec.description,
            "position": spec.position,
            "modes": [_stored(mode) for mode in spec.modes],
        }

    def export(self, instance: Capability) -> dict[str, Any]:
        return {
            "service": instance.service.name,
            **({"description": instance.description} if instance.description else {}),
            "position": instance.position,
            "modes": instance.modes,
        }


def register_all() -> None:
    for handler in (SheddingPolicies(), Flags(), Capabilities()):
        register(handler)


def _stored(mode: ModeSpec) -> dict[str, Any]:
    """What is said of a mode, without what is left out; the same words as in documents."""
    return {name: value for name, value in mode.model_dump(by_alias=True).items() if value not in (None, "")}


def _check_order(document: Document[CapabilitySpec]) -> None:
    modes = document.spec.modes
    for i, mode in enumerate(modes[:-1]):
        if mode.when is None:
            raise document.error(
                "only the last mode goes without `when`: those after it are never reached", f"spec.modes.{i}"
            )
    last = f"spec.modes.{len(modes) - 1}"
    if modes[-1].when is not None:
        message = "there is no last resort: add a mode without `when`, so that users are told something when all fails"
        raise document.error(message, last)
    for i, mode in enumerate(modes):
        if mode.name in (other.name for other in modes[:i]):
            raise document.error(f"there is another mode named {mode.name!r}", f"spec.modes.{i}.name")


def _check_when(text: str, document: Document[CapabilitySpec], resolver: Resolver, field: str) -> None:
    try:
        expression = parse(text)
    except ExpressionError as error:
        raise document.error(error.message, field) from None
    for name in sorted(names(expression)):
        resolver.get(Component, name, document, field)


def _camel(name: str) -> str:
    alias = SheddingPolicySpec.model_fields[name].alias
    return alias or name
