"""The kind System: an end-to-end promise over a structure of components."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from pydantic.alias_generators import to_camel

from slo.errors import DefinitionError, ExpressionError
from slo.maths.composite.analysis import Analysis
from slo.maths.composite.system import Unit, check
from slo.maths.structure import Expression, names, parse
from slo.maths.windows import format_duration
from slo.models import Component, Objective, Service, System
from slo.openslo.load import Document
from slo.openslo.system import BlockSpec, SystemSpec, structure
from slo.services.catalog.checks import present
from slo.services.catalog.handlers import Handler
from slo.services.catalog.resolver import Resolver

_COLUMNS = {"service", "description", "target", "period"}
# Where the pure system's fields stand in a document.
_PLACES = {"common": "commonCause"}


class Systems(Handler[SystemSpec, System]):
    kind, order = "System", 45
    spec, model = SystemSpec, System

    def fields(self, document: Document[SystemSpec], resolver: Resolver) -> dict[str, Any]:
        spec = document.spec
        self._check(document, resolver)
        service = resolver.get(Service, spec.service, document, "spec.service") if spec.service else None
        return {
            "title": document.title,
            "description": spec.description,
            "service": service,
            "target": spec.target,
            "period": spec.period,
            "spec": spec.model_dump(exclude=_COLUMNS, exclude_none=True),
        }

    def _check(self, document: Document[SystemSpec], resolver: Resolver) -> None:
        spec = document.spec
        blocks = [block.name for block in spec.blocks]
        for i, name in enumerate(blocks):
            if name in blocks[:i]:
                raise document.error(f"there is another block named {name!r}", f"spec.blocks.{i}.name")
            if resolver.declares(Component, name) or Component.objects.filter(name=name).exists():
                raise document.error(f"a component is named {name!r}; choose another", f"spec.blocks.{i}.name")
        for text, field in _texts(spec):
            for name in sorted(names(_read(text, document, field)) - set(blocks)):
                self._component(name, document, resolver, field)
        whole = structure(spec.model_dump(), spec.period)
        try:
            check(whole)
        except DefinitionError as error:
            raise document.error(error.message, _place(error.field, blocks)) from None
        repairs = Component.objects.filter(name__in=whole.components()).values_list("name", "repair")
        try:
            Analysis(whole).result({name: Unit(0.999, repair) for name, repair in repairs})
        except DefinitionError as error:
            raise document.error(error.message, "spec.blocks") from None
        self._check_lists(document, set(whole.components()), resolver)

    def _component(self, name: str, document: Document[SystemSpec], resolver: Resolver, field: str) -> None:
        found = resolver.get(Component, name, document, field)
        if found.target is None and not found.objectives.filter(indicator="availability").exists():
            message = f"nothing is promised of {name!r}: give the component a target, or an availability objective"
            raise document.error(message, field)

    def _check_lists(self, document: Document[SystemSpec], known: set[str], resolver: Resolver) -> None:
        spec = document.spec
        listed = [(f"spec.allocation.{i}", item.component) for i, item in enumerate(spec.allocation)]
        listed += [(f"spec.changes.{i}", item.component) for i, item in enumerate(spec.changes)]
        for place, name in listed:
            if name not in known:
                raise document.error(f"{name!r} is no component of this system", f"{place}.component")
        allotted = [item.component for item in spec.allocation]
        for i, name in enumerate(allotted):
            if name in allotted[:i]:
                raise document.error(f"{name!r} has a share already", f"spec.allocation.{i}.component")
        for i, block in enumerate(spec.blocks):
            if block.fallback and block.fallback.measured_by:
                place = f"spec.blocks.{i}.fallback.measuredBy"
                resolver.get(Objective, block.fallback.measured_by, document, place)

    def rows(self) -> QuerySet[System]:
        return System.objects.select_related("service")

    def export(self, instance: System) -> dict[str, Any]:
        kept = instance.spec
        care = [{**item, "time": format_duration(item["time"])} for item in kept.get("maintenance", ())]
        return present(
            {
                "service": instance.service.name if instance.service else None,
                "description": instance.description,
                "target": instance.target,
                "period": format_duration(instance.period),
                "structure": kept["structure"],
                "blocks": [_spelled(block) for block in kept.get("blocks", ())],
                "allocation": [present(_spelled(item)) for item in kept.get("allocation", ())],
                "changes": [_spelled(item) for item in kept.get("changes", ())],
                "commonCause": kept.get("common_cause", ()) and [_spelled(item) for item in kept["common_cause"]],
                "maintenance": care,
            }
        )


def _texts(spec: SystemSpec) -> Iterator[tuple[str, str]]:
    """Every expression of a document, with its field."""
    yield spec.structure, "spec.structure"
    for i, block in enumerate(spec.blocks):
        yield from ((text, f"spec.blocks.{i}.{field}") for text, field in _texts_of(block))


def _texts_of(block: BlockSpec) -> Iterator[tuple[str, str]]:
    if block.needs:
        yield block.needs, "needs"
    if block.fallback:
        yield block.fallback.primary, "fallback.primary"
        if block.fallback.alternative:
            yield block.fallback.alternative, "fallback.alternative"
    if block.standby:
        yield block.standby.active, "standby.active"
        yield block.standby.passive, "standby.passive"


def _read(text: str, document: Document[SystemSpec], field: str) -> Expression:
    try:
        return parse(text)
    except ExpressionError as error:
        raise document.error(error.message, field) from None


def _place(field: str, blocks: list[str]) -> str:
    """The document's field for one of the pure system's, such as `blocks.answering.coverage`."""
    head, _, rest = field.partition(".")
    if head == "blocks" and rest:
        name, _, attribute = rest.partition(".")
        kind = "fallback" if attribute == "coverage" else "standby"
        return f"spec.blocks.{blocks.index(name)}.{kind}.{attribute}"
    return ".".join(part for part in ("spec", _PLACES.get(head, head), rest) if part)


def _spelled(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            to_camel(name): format_duration(int(held)) if name == "failover" else _spelled(held)
            for name, held in value.items()
        }
    return value
