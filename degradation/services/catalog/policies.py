"""Shedding policies as documents: which services may be shed, how carefully, what is done beside, and drills."""

from dataclasses import asdict, fields
from typing import Annotated, Any, Self
from weakref import WeakKeyDictionary

from pydantic import Field, model_validator

from degradation.models import Shedding, SheddingPolicy
from degradation.rules.drills import LARGEST_SHARE, LONGEST, SHORTEST, Plan
from degradation.rules.shedding import FIRST, Policy
from degradation.services.banners import LONGEST_TEXT
from degradation.services.webhooks import HookSpec
from slo.errors import RecurrenceError
from slo.maths.recurrence import check
from slo.maths.windows import format_duration
from slo.models import Service
from slo.openslo.schema import Duration, Instant, Name, Number, Spec, TimeZone
from slo.services.catalog import Document, Handler, Resolver

_DEFAULTS = Policy()
_DURATIONS = ("exit_for", "dwell", "step", "ramp_step", "flap_span", "dwell_cap", "effect_after", "retry")
Tier = Annotated[int, Field(ge=FIRST, le=4)]
Percent = Annotated[int, Field(ge=1, le=99)]


class BannerSpec(Spec):
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class ActionSpec(Spec):
    """What is done beside the flags when the tier is shed, and undone when it is back: one webhook or one banner."""

    tier: Tier
    webhook: HookSpec | None = None
    banner: BannerSpec | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.webhook is None) == (self.banner is None):
            raise ValueError("an action is either a webhook or a banner")
        return self


class DrillSpec(Spec):
    """When a tier is exercised: `share` percent of users, from `start` on at the occurrences of `rule` (RFC 5545)."""

    tier: Tier
    share: Annotated[int, Field(ge=1, le=LARGEST_SHARE)] = 5
    duration: Duration = 600
    rule: Annotated[str, Field(max_length=300)]
    start: Instant
    time_zone: TimeZone = "UTC"


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
    ramp: list[Percent] = list(_DEFAULTS.ramp)
    ramp_step: Duration = _DEFAULTS.ramp_step
    max_dimmed: Annotated[Number, Field(gt=0, le=1)] = _DEFAULTS.max_dimmed
    effect_after: Duration = _DEFAULTS.effect_after
    effect_least: Annotated[Number, Field(gt=0, le=1)] = _DEFAULTS.effect_least
    revert: bool = _DEFAULTS.revert
    retry: Duration = _DEFAULTS.retry
    drill_burn: Annotated[Number, Field(gt=0)] = _DEFAULTS.drill_burn
    actions: list[ActionSpec] = []
    drills: list[DrillSpec] = []


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
        if spec.ramp != sorted(set(spec.ramp)):
            raise document.error("must rise from one percentage to the next", "spec.ramp")
        for i, drill in enumerate(spec.drills):
            _check_drill(drill, document, f"spec.drills.{i}")
        for i, name in enumerate(spec.services):
            self._claim(name, document, resolver, f"spec.services.{i}")
        kept = {field.name: getattr(spec, field.name) for field in fields(Policy)}
        return {
            "description": spec.description,
            "services": spec.services,
            "spec": kept,
            "actions": [_action(action) for action in spec.actions],
            "drills": [_drill(drill) for drill in spec.drills],
        }

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
        stored = asdict(Policy.of(instance.spec))
        return {
            "services": instance.services,
            **({"description": instance.description} if instance.description else {}),
            **{_camel(name): _written(name, value) for name, value in stored.items()},
            **({"actions": [_exported(action) for action in instance.actions]} if instance.actions else {}),
            **({"drills": [_exported_drill(drill) for drill in instance.drills]} if instance.drills else {}),
        }


def _written(name: str, value: Any) -> Any:
    if name in _DURATIONS:
        return format_duration(value)
    return list(value) if isinstance(value, tuple) else value


def _action(spec: ActionSpec) -> dict[str, Any]:
    kind = "webhook" if spec.webhook else "banner"
    return {"tier": spec.tier, "kind": kind, kind: spec.model_dump(exclude_none=True)[kind]}


def _exported(action: dict[str, Any]) -> dict[str, Any]:
    spec = ActionSpec.model_validate({name: value for name, value in action.items() if name != "kind"})
    return spec.model_dump(by_alias=True, exclude_none=True)


def _drill(spec: DrillSpec) -> dict[str, Any]:
    return {
        "tier": spec.tier,
        "share": spec.share,
        "seconds": spec.duration,
        "rule": spec.rule,
        "start": spec.start.isoformat(),
        "zone": spec.time_zone,
    }


def _exported_drill(stored: dict[str, Any]) -> dict[str, Any]:
    return {
        "tier": stored["tier"],
        "share": stored["share"],
        "duration": format_duration(stored["seconds"]),
        "rule": stored["rule"],
        "start": stored["start"].replace("+00:00", "Z"),
        **({"timeZone": stored["zone"]} if stored["zone"] != "UTC" else {}),
    }


def _check_drill(drill: DrillSpec, document: Document[SheddingPolicySpec], field: str) -> None:
    if not SHORTEST <= drill.duration <= LONGEST:
        raise document.error("a drill lasts from 1m to 4h", f"{field}.duration")
    try:
        check(Plan.of(_drill(drill)).recurrence)
    except RecurrenceError as error:
        raise document.error(error.message, f"{field}.rule") from None


def _camel(name: str) -> str:
    alias = SheddingPolicySpec.model_fields[name].alias
    return alias or name
