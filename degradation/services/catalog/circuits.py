"""The kind of document that says how a component's circuit behaves: named like the component.

Circuits are this package's business, so their settings are a document of their own and no part of the Component, which
`slo` describes; a component without one has the defaults.
"""

from typing import Annotated, Any, Self

from django.db.models import QuerySet
from pydantic import Field, model_validator
from pydantic.alias_generators import to_camel

from degradation.models import CircuitSettings
from degradation.rules.circuit import Settings
from slo.maths.windows import format_duration
from slo.models import Component
from slo.openslo.schema import Duration, Number, Spec
from slo.services.catalog import Document, Handler, Resolver

_DURATIONS = ("window", "open_for", "longest")
# A window is read off the ledger, which keeps every tick for six hours.
LONGEST_WINDOW, LONGEST_OPEN = 3_600, 86_400
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Rate = Annotated[Number, Field(gt=0, le=1)]


class CircuitSpec(Spec):
    """The fields of `degradation.rules.circuit.Settings`; what is left out has its default."""

    description: str = ""
    window: Annotated[Duration, Field(le=LONGEST_WINDOW)] | None = None
    minimum_calls: Count | None = None
    failures: Count | None = None
    failure_rate: Rate | None = None
    slow_rate: Rate | None = None
    open_for: Annotated[Duration, Field(le=LONGEST_OPEN)] | None = None
    growth: Annotated[Number, Field(ge=1, le=10)] | None = None
    jitter: Annotated[Number, Field(ge=0, le=1)] | None = None
    longest: Annotated[Duration, Field(le=LONGEST_OPEN)] | None = None
    permits: Count | None = None
    successes: Count | None = None

    def stored(self) -> dict[str, Any]:
        """What is said, without the description."""
        return self.model_dump(exclude_none=True, exclude={"description"})

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        meant = Settings.of(self.stored())
        if meant.successes > meant.permits:
            raise ValueError(f"successes ({meant.successes}) must not be above permits ({meant.permits})")
        if meant.longest < meant.open_for:
            raise ValueError("longest must not be shorter than openFor")
        return self


class Circuits(Handler[CircuitSpec, CircuitSettings]):
    kind = "Circuit"
    order = 25
    spec = CircuitSpec
    model = CircuitSettings

    def fields(self, document: Document[CircuitSpec], resolver: Resolver) -> dict[str, Any]:
        return {
            "component": resolver.get(Component, document.name, document, "metadata.name"),
            "description": document.spec.description,
            "spec": document.spec.stored(),
        }

    def export(self, instance: CircuitSettings) -> dict[str, Any]:
        said = {
            to_camel(name): format_duration(value) if name in _DURATIONS else value
            for name, value in instance.spec.items()
        }
        return {**({"description": instance.description} if instance.description else {}), **said}

    def rows(self) -> QuerySet[CircuitSettings]:
        return CircuitSettings.objects.select_related("component")
