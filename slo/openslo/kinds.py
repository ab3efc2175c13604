"""The specs of OpenSLO's Service and DataSource, and of Brownout's Component and BurnPolicy."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, RootModel, field_validator, model_validator

from slo.maths.burn import Severity
from slo.openslo.connection import Address, Connection
from slo.openslo.schema import Delay, Duration, Name, Number, Spec, Title, checked
from slo.openslo.selector import buckets

Share = Annotated[Number, Field(gt=0, le=1)]


class ServiceSpec(Spec):
    """Something a team runs; its owner is the annotation `brownout/owner`."""

    description: str = ""


class PrometheusDetails(Connection):
    url: Address
    scrape_interval: Duration = 15
    timeout: Duration = 10


class PrometheusSpec(Spec):
    type: Literal["prometheus"]
    description: str = ""
    connection_details: PrometheusDetails


class ScrapeDetails(Connection):
    targets: Annotated[list[Address], Field(min_length=1)]
    timeout: Duration = 5


class ScrapeSpec(Spec):
    type: Literal["scrape"]
    description: str = ""
    connection_details: ScrapeDetails


class ProbeSpec(Spec):
    """Checks that Brownout runs; what it connects with holds for all of them."""

    type: Literal["probe"]
    description: str = ""
    connection_details: Connection = Connection()


class NoDetails(Spec):
    pass


class EventsSpec(Spec):
    """Counts that are sent to Brownout."""

    type: Literal["events"]
    description: str = ""
    connection_details: NoDetails = NoDetails()


class DataSourceSpec(
    RootModel[Annotated[PrometheusSpec | ScrapeSpec | ProbeSpec | EventsSpec, Field(discriminator="type")]]
):
    """Where to measure: a Prometheus, the `/metrics` of services themselves, checks from outside, or pushed counts."""

    @model_validator(mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        kind = value.get("type") if isinstance(value, dict) else None
        if isinstance(kind, str) and kind.lower() in {"prometheus", "scrape", "probe", "events"}:
            return {**value, "type": kind.lower()}
        return value


Availability = Annotated[Number, Field(gt=0, lt=1)]


class NeedSpec(Spec):
    """Without a `hard` dependency a component does not work; without a `soft` one it does, less well."""

    component: Name
    kind: Literal["hard", "soft"] = "hard"


class LatencySpec(Spec):
    """The histogram that tells how long a component takes, in seconds: its base name with labels."""

    metric_source_ref: Name
    histogram: str

    @field_validator("histogram")
    @classmethod
    def _is_one(cls, histogram: str) -> str:
        checked(buckets, histogram)
        return histogram.strip()


class ComponentSpec(Spec):
    """A part that can be up or down on its own. Without `latency` the histogram of its latency objective is taken."""

    service: Name
    tier: Annotated[int, Field(ge=1, le=4)]
    description: str = ""
    owner: Title = ""
    warn_ratio: Share = 0.05
    down_ratio: Share = 0.5
    target: Availability | None = None
    sla: Availability | None = None
    repair: Duration | None = None
    depends_on: list[NeedSpec] = []
    latency: LatencySpec | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.warn_ratio > self.down_ratio:
            raise ValueError("warnRatio must not be above downRatio: a component is slow before it is down")
        return self


class BurnWindowSpec(Spec):
    severity: Severity
    long: Duration
    short: Duration
    factor: Annotated[Number, Field(gt=0)]

    @model_validator(mode="after")
    def _short_is_shorter(self) -> Self:
        if self.short >= self.long:
            raise ValueError("short must be shorter than long")
        return self


class TimingSpec(Spec):
    """How long a burn must last before it is told, and be gone before it counts as over."""

    pending: Delay | None = None
    keep_firing: Delay | None = None


Count = Annotated[Number, Field(ge=0, le=1e9)]


class MinimumSpec(Spec):
    """The fewest events, and bad events, in the long window before an alert may fire; 0 asks for none."""

    events: Count | None = None
    bad: Count | None = None


class BurnPolicySpec(Spec):
    """Which burn rates over which windows are told to whom."""

    description: str = ""
    windows: Annotated[list[BurnWindowSpec], Field(min_length=1)]
    timing: dict[Severity, TimingSpec] = {}
    minimum: MinimumSpec = MinimumSpec()
