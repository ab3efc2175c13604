"""Capabilities as documents: what users can do, in modes from the full one to the last resort."""

from typing import Annotated, Any, Literal

from pydantic import Field

from degradation.models import Capability
from slo.errors import ExpressionError
from slo.maths.structure import names, parse
from slo.maths.windows import format_duration
from slo.models import Component, Service
from slo.openslo.schema import Delay, Name, Spec, Url
from slo.services.catalog import Document, Handler, Resolver


class ModeSpec(Spec):
    """One mode: without `when` it always holds. The others as in `degradation.rules.modes.Mode`."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    when: str | None = None
    healthy: Literal[True] | None = None
    degraded: Literal[True] | None = None
    harms: bool | None = None
    message: str = ""
    link: Url | None = None
    handover: str = ""


class CapabilitySpec(Spec):
    """`bannerAfter` is how long a mode that harms may last before a banner goes up; 0s puts up none."""

    service: Name
    description: str = ""
    position: Annotated[int, Field(ge=0, le=32_767)] = 0
    banner_after: Delay = 300
    banner_text: Annotated[str, Field(max_length=500)] = ""
    modes: Annotated[list[ModeSpec], Field(min_length=2)]


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
            "banner_after": spec.banner_after or None,
            "banner_text": spec.banner_text,
            "modes": [_stored(mode) for mode in spec.modes],
        }

    def export(self, instance: Capability) -> dict[str, Any]:
        return {
            "service": instance.service.name,
            **({"description": instance.description} if instance.description else {}),
            "position": instance.position,
            "bannerAfter": format_duration(instance.banner_after or 0),
            **({"bannerText": instance.banner_text} if instance.banner_text else {}),
            "modes": instance.modes,
        }


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
    resort = modes[-1]
    if not (resort.degraded or resort.harms is False or resort.message or resort.link or resort.handover):
        raise document.error("the last resort tells users nothing: give it a message, a link or a handover", last)
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
