"""The specs of OpenSLO's SLI and SLO. What OpenSLO allows and Brownout does not do yet is refused by name."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from slo.maths.windows import Calendar, CalendarUnit, Period, Rolling, parse_duration
from slo.openslo.alerting import PolicyUse
from slo.openslo.direct import DirectMetric, shape
from slo.openslo.placeholder import counter_of, gives, has_window
from slo.openslo.schema import Duration, Metadata, Name, Number, Spec, TimeZone, Title, checked, unsupported
from slo.openslo.selector import bucket, count, is_bare
from slo.openslo.values import RawMetric, Referenced, ThresholdMetric

LONGEST_PERIOD = 366 * 86_400
UNITS: dict[str, CalendarUnit] = {
    "1d": "day",
    "1w": "week",
    "1M": "month",
    "1Q": "quarter",
    "1Y": "year",
}
# A Monday, and the first day of a month, quarter and year: where every calendar unit begins.
CALENDAR_START = "2024-01-01 00:00:00"

_COMPOSITE = unsupported("a composite objective", "write one SLO for each indicator")
METHODS = ("Occurrences", "Timeslices", "RatioTimeslices")
LONGEST_SLICE = 3_600


class Metric(Spec):
    """What to ask: a query, or a histogram (its base name) of which `threshold` chooses a bucket."""

    query: str = ""
    histogram: str = ""
    threshold: Annotated[Number, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if bool(self.query.strip()) == bool(self.histogram.strip()):
            raise ValueError("needs either query or histogram")
        if self.threshold is not None and not self.histogram:
            raise ValueError("threshold chooses the bucket of a histogram; it means nothing with query")
        checked(self.selector)
        return self

    def selector(self) -> str:
        """The query, or the selector of the histogram's counter."""
        if not self.histogram:
            return self.query.strip()
        return count(self.histogram) if self.threshold is None else bucket(self.histogram, self.threshold)


class MetricSource(Referenced):
    spec: Metric


class Side(Spec):
    metric_source: MetricSource

    @property
    def metric(self) -> Metric:
        return self.metric_source.spec


class RatioMetric(Spec):
    """Good (or bad) events and all events, from one source.

    A query may leave its window open (`{{.window}}`); `sum(rate(…))` over it is the counter itself.
    """

    counter: bool
    good: Side | None = None
    bad: Side | None = None
    total: Side

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.good is None) == (self.bad is None):
            raise ValueError("needs either good or bad beside total")
        if self.part.metric_source.metric_source_ref != self.source:
            raise ValueError("good or bad and total must name the same DataSource: they are asked at the same instants")
        return self

    @model_validator(mode="after")
    def _bucket_is_good(self) -> Self:
        if self.total.metric.threshold is not None or (self.bad and self.bad.metric.threshold is not None):
            raise ValueError("a bucket counts the events within the threshold, so threshold belongs to good alone")
        if self.good and self.good.metric.histogram and self.good.metric.threshold is None:
            raise ValueError("good needs a threshold: without one a histogram counts every event")
        return self

    @model_validator(mode="after")
    def _counters_are_bare(self) -> Self:
        for name, side in ((self.side, self.part), ("total", self.total)):
            if side.metric.histogram and not self.counter:
                raise ValueError("a histogram is made of counters; write counter: true")
            if has_window(side.metric.selector()):
                gives(side.metric.selector())
            elif self.counter and not is_bare(side.metric.selector()):
                raise ValueError(
                    f'with counter: true, {name} must be a bare selector, such as requests_total{{job="shop"}}; '
                    "write counter: false for a query that gives the events of one tick"
                )
        return self

    @property
    def side(self) -> str:
        return "good" if self.good else "bad"

    @property
    def part(self) -> Side:
        """The good side, or the bad one."""
        side = self.good or self.bad
        assert side is not None  # noqa: S101 the validator has seen to it
        return side

    @property
    def source(self) -> str:
        """The name of the DataSource."""
        return self.total.metric_source.metric_source_ref

    def stored(self) -> dict[str, Any]:
        """The queries as they are stored: counters where they stand for counters, exactly."""
        queries = {self.side: self.part.metric.selector(), "total": self.total.metric.selector()}
        counters = {side: counter_of(query) for side, query in queries.items()}
        if all(counters.values()):
            return counters | {"counter": True}
        if any(has_window(query) for query in queries.values()):
            return queries | {"counter": False, "window": True}
        return queries | {"counter": self.counter}


def _shape(value: Any) -> str:
    of_queries = shape(value) == "ratio"
    written = value.keys() if isinstance(value, dict) else set()
    return "number" if of_queries and (isinstance(value, RawMetric) or {"raw", "rawType"} & written) else shape(value)


class SLISpec(Spec):
    """How good and bad events, or good and bad moments, are told apart."""

    description: str = ""
    ratio_metric: (
        Annotated[
            Annotated[RatioMetric, Tag("ratio")]
            | Annotated[DirectMetric, Tag("direct")]
            | Annotated[RawMetric, Tag("number")],
            Discriminator(_shape),
        ]
        | None
    ) = None
    threshold_metric: ThresholdMetric | None = None

    @model_validator(mode="after")
    def _one_metric(self) -> Self:
        if (self.ratio_metric is None) == (self.threshold_metric is None):
            raise ValueError("needs either ratioMetric or thresholdMetric")
        return self


class Indicator(Spec):
    """An SLI written inside its SLO."""

    metadata: Metadata | None = None
    spec: SLISpec


class CalendarAlignment(Spec):
    start_time: str = ""
    time_zone: TimeZone = "UTC"


class TimeWindow(Spec):
    """A rolling duration, or a calendar unit in a time zone."""

    duration: str
    is_rolling: bool | None = None
    calendar: CalendarAlignment | None = None

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        self.period()
        return self

    def period(self) -> Period:
        """The period of the promise. Raises ValueError."""
        if self.calendar is None:
            if not self.is_rolling:
                raise ValueError("needs isRolling: true, or calendar with its timeZone")
            return self._rolling()
        if self.is_rolling:
            raise ValueError("is either rolling or aligned to a calendar; leave out isRolling or calendar")
        return self._calendar(self.calendar)

    def _rolling(self) -> Rolling:
        if self.duration.endswith(("M", "Q", "Y")):
            raise ValueError(f"a rolling {self.duration!r} has no fixed length; write days, such as 30d, or a calendar")
        seconds = checked(parse_duration, self.duration[:40])
        if not 3_600 < seconds <= LONGEST_PERIOD:
            raise ValueError("a rolling window must be longer than 1h and at most 366d")
        return Rolling(seconds)

    def _calendar(self, calendar: CalendarAlignment) -> Calendar:
        unit = UNITS.get(self.duration)
        if unit is None:
            raise ValueError(f"a calendar window lasts {', '.join(UNITS)}, not {self.duration[:40]!r}")
        period = Calendar(unit, calendar.time_zone)
        if calendar.start_time:
            _check_start(calendar.start_time, period)
        return period


def _check_start(text: str, period: Calendar) -> None:
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"startTime {text[:40]!r} is no date with time; write {CALENDAR_START}") from None
    if start.tzinfo is not None:
        raise ValueError("startTime has no time zone of its own; timeZone says it")
    local = start.replace(tzinfo=ZoneInfo(period.zone))
    if not 1971 <= start.year <= 9000 or period.bounds(local)[0] != local:
        raise ValueError(
            f"a window that starts at {text[:40]!r} is not supported yet; a {period.unit} starts "
            f"with its first day at midnight: leave startTime out"
        )


class Promise(Spec):
    """One of an SLO's objectives: a target, as a ratio or in percent."""

    display_name: Title = ""
    target: Number | None = None
    target_percent: Number | None = None
    op: Literal["lt", "lte", "gt", "gte"] | None = None
    value: Number | None = None
    time_slice_target: Annotated[Number, Field(gt=0, le=1)] | None = None
    time_slice_window: Duration | None = None
    indicator: Annotated[None, _COMPOSITE] = None
    indicator_ref: Annotated[None, _COMPOSITE] = None
    composite_weight: Annotated[None, _COMPOSITE] = None

    @field_validator("target")
    @classmethod
    def _ratio(cls, value: float | None) -> float | None:
        return None if value is None else _between(value, 1, "targetPercent")

    @field_validator("target_percent")
    @classmethod
    def _percent(cls, value: float | None) -> float | None:
        return None if value is None else _between(value, 100, "")

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.target is None) == (self.target_percent is None):
            raise ValueError("needs either target or targetPercent")
        return self

    @property
    def ratio(self) -> float:
        """The target, strictly between 0 and 1; 99.9 % is 0.999 to the last bit."""
        if self.target_percent is not None:
            return float(Decimal(repr(self.target_percent)) / 100)
        return self.target or 0.0


def _between(value: float, most: int, instead: str) -> float:
    if value == most:
        raise ValueError(f"{most} leaves no error budget; promise less, such as {0.999 * most:g}")
    if value > most:
        hint = f"; for percent write {instead}: {value:g}" if instead and value < 100 else ""
        raise ValueError(f"must be below {most}, not {value:g}{hint}")
    if value <= 0:
        raise ValueError(f"must be above 0, not {value:g}: otherwise it promises nothing")
    return value


class SLOSpec(Spec):
    """What is promised: an indicator, a period and one or more targets."""

    description: str = ""
    service: Name
    indicator: Indicator | None = None
    indicator_ref: Name | None = None
    time_window: Annotated[list[TimeWindow], Field(min_length=1, max_length=1)]
    budgeting_method: str
    objectives: Annotated[list[Promise], Field(min_length=1)]
    alert_policies: list[PolicyUse] = []

    @field_validator("budgeting_method")
    @classmethod
    def _known_method(cls, method: str) -> str:
        if method not in METHODS:
            raise ValueError(f"must be {', '.join(METHODS[:-1])} or {METHODS[-1]}, not {method[:40]!r}")
        return method

    @model_validator(mode="after")
    def _slices(self) -> Self:
        for promise in self.objectives:
            if (self.budgeting_method == "Timeslices") != (promise.time_slice_target is not None):
                raise ValueError("timeSliceTarget belongs to objectives of Timeslices, and to no others")
            if (self.budgeting_method != "Occurrences") != (promise.time_slice_window is not None):
                raise ValueError(
                    "timeSliceWindow belongs to objectives of Timeslices and RatioTimeslices, and to no others"
                )
            if (promise.time_slice_window or 0) > LONGEST_SLICE:
                raise ValueError("timeSliceWindow must be at most 1h: alerts look at the last minutes and hours")
        return self

    @model_validator(mode="after")
    def _one_indicator(self) -> Self:
        if self.indicator is not None and self.indicator_ref is not None:
            raise ValueError("needs either indicator or indicatorRef, not both")
        if self.indicator is None and self.indicator_ref is None:
            raise ValueError("needs indicator or indicatorRef")
        return self
