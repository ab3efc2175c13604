"""The spec of a System: an end-to-end promise, and the structure of components it has to be kept with."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from slo.maths.composite.system import Block, CommonCause, Fallback, Maintenance, Standby, System
from slo.maths.structure import parse
from slo.openslo.kinds import Availability
from slo.openslo.schema import Delay, Duration, Name, Number, Spec, Title

Ratio = Annotated[Number, Field(ge=0, le=1)]
Expression = Annotated[str, Field(min_length=1)]


class FallbackSpec(Spec):
    """`primary`, or else `alternative` (or something that needs no component) for the share `coverage` of requests.

    `measuredBy` names an objective whose SLI is that share; where it has counted enough, it replaces the assumption.
    """

    primary: Expression
    alternative: Expression | None = None
    coverage: Ratio
    measured_by: Name | None = None


class StandbySpec(Spec):
    """`passive` takes over from `active` after `failover`, and does so at all with the probability `switch`."""

    active: Expression
    passive: Expression
    failover: Delay = 0
    switch: Ratio = 1


class BlockSpec(Spec):
    """A named part of a structure: an expression it needs, a fallback or a standby."""

    name: Name
    needs: Expression | None = None
    fallback: FallbackSpec | None = None
    standby: StandbySpec | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(part is not None for part in (self.needs, self.fallback, self.standby)) != 1:
            raise ValueError("a block has one of needs, fallback and standby")
        return self


class AllotmentSpec(Spec):
    """A component's share of the error budget (by default what its target lets it take), and a remark."""

    component: Name
    share: Ratio | None = None
    comment: Title = ""


class ChangeSpec(Spec):
    """Something that could be done about a component: another availability, or several in place of one."""

    name: Title
    component: Name
    availability: Availability | None = None
    replicas: Annotated[int, Field(ge=2, le=10)] | None = None
    cost: Annotated[Number, Field(ge=0, le=1e12)]

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.availability is None) == (self.replicas is None):
            raise ValueError("a change has either availability or replicas")
        return self


class CommonCauseSpec(Spec):
    """The share `beta` of the failures of these components strikes all of them at once."""

    components: Annotated[list[Name], Field(min_length=2)]
    beta: Ratio


class MaintenanceSpec(Spec):
    """Each of these components is out for `time` in a period; `rolling`: never two at once."""

    components: Annotated[list[Name], Field(min_length=1)]
    time: Duration
    rolling: bool = False


class SystemSpec(Spec):
    """What is promised end to end over a rolling period, and what it takes to keep it."""

    service: Name | None = None
    description: str = ""
    target: Availability
    period: Duration = 30 * 86_400
    structure: Expression
    blocks: list[BlockSpec] = []
    allocation: list[AllotmentSpec] = []
    changes: list[ChangeSpec] = []
    common_cause: list[CommonCauseSpec] = []
    maintenance: list[MaintenanceSpec] = []


def structure(kept: Mapping[str, Any], period: int) -> System:
    """The pure system of a stored spec. Raises DefinitionError."""
    return System(
        parse(kept["structure"]),
        {block["name"]: _block(block) for block in kept.get("blocks", ())},
        tuple(CommonCause(tuple(item["components"]), item["beta"]) for item in kept.get("common_cause", ())),
        tuple(
            Maintenance(tuple(item["components"]), item["time"] / period, item["rolling"])
            for item in kept.get("maintenance", ())
        ),
    )


def _block(kept: Mapping[str, Any]) -> Block:
    if kept.get("fallback"):
        item = kept["fallback"]
        alternative = parse(item["alternative"]) if item.get("alternative") else None
        return Fallback(parse(item["primary"]), alternative, item["coverage"])
    if kept.get("standby"):
        item = kept["standby"]
        return Standby(parse(item["active"]), parse(item["passive"]), float(item["failover"]), item["switch"])
    return parse(kept["needs"])
