"""The kind SLO: a promise, with its indicator inside."""

import re
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet

from slo.errors import DefinitionError, PolicyError
from slo.maths.windows import Calendar, Period, format_duration
from slo.models import BurnPolicy, Component, Objective, Service, Source, Watermark
from slo.openslo import direct, values
from slo.openslo.direct import DirectMetric, DirectSource
from slo.openslo.load import OPENSLO, Document
from slo.openslo.promise import CALENDAR_START, UNITS, MetricSource, RatioMetric, SLOSpec
from slo.openslo.selector import bucket, count
from slo.openslo.sentences import near
from slo.openslo.values import RawMetric, ThresholdMetric, ValueSource
from slo.services.catalog.checks import (
    FILE_LENGTH,
    Gather,
    check_policy,
    check_readable,
    forget_cursors,
    note_file,
    present,
)
from slo.services.catalog.handlers import Handler
from slo.services.catalog.resolver import Resolver

M = TypeVar("M", bound=Model)
Metric = RatioMetric | DirectMetric | RawMetric | ThresholdMetric

OWNER, COMPONENT, RUNBOOK = "brownout/owner", "brownout/component", "brownout/runbook"
POLICY, INDICATOR = "brownout/burn-policy", "brownout/indicator"
BY, BY_LIMIT = "brownout/by", "brownout/by-limit"
# Coverage: the share of what a primary failed at that its fallback served.
INDICATORS = ("availability", "latency", "coverage")
MOST_LABELS, MOST_CHILDREN, DEFAULT_LIMIT = 5, 10_000, 100
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class SLOs(Handler[SLOSpec, Objective]):
    """By the time they come here, an SLO has one target and its indicator inside."""

    api, kind, order = OPENSLO, "SLO", 30
    spec, model = SLOSpec, Objective
    annotated = (OWNER, COMPONENT, RUNBOOK, POLICY, INDICATOR, BY, BY_LIMIT)

    def fields(self, document: Document[SLOSpec], resolver: Resolver) -> dict[str, Any]:
        spec, notes, gather = document.spec, document.annotations, Gather()
        sli = _sli(document)
        gather(_check_runbook, document, resolver)
        fields = {
            "title": document.title,
            "description": spec.description,
            "owner": notes.get(OWNER, ""),
            "service": gather(resolver.get, Service, spec.service, document, "spec.service"),
            "component": gather(_noted, Component, COMPONENT, document, resolver),
            "burn_policy": gather(_noted, BurnPolicy, POLICY, document, resolver),
            "runbook": notes.get(RUNBOOK, ""),
            "target": spec.objectives[0].ratio,
            "period": _stored(spec.time_window[0].period()),
            "source": gather(_source, document, sli, resolver),
            "sli": sli,
            "indicator": gather(_indicator, document, sli),
            "by": gather(_by, document, sli),
            "by_limit": gather(_by_limit, document),
        }
        gather.finish()
        return fields

    def initial(self, document: Document[SLOSpec], resolver: Resolver) -> dict[str, Any]:
        child = Objective.objects.filter(name=document.name, parent__isnull=False).select_related("parent").first()
        if child and child.parent:
            raise document.error(
                f"{child.name!r} is an objective that {child.parent.name!r} makes of its labels; choose another name",
                "metadata.name",
            )
        return {"file": document.file[-FILE_LENGTH:]}

    def saved(self, instance: Objective, document: Document[SLOSpec], resolver: Resolver) -> None:
        try:
            check_policy(instance)
        except PolicyError as error:
            noted = f"metadata.annotations.{POLICY}"
            raise document.error(error.message, noted if instance.burn_policy else "spec.objectives") from None
        note_file(instance, document)

    def kept(self, instance: Objective) -> bool:
        return bool(instance.made_by) and not instance.file

    def updated(self, instance: Objective, names: set[str], resolver: Resolver) -> None:
        if names & {"sli", "source"}:
            forget_cursors([instance])
        if _recounted(names, instance) and Watermark.objects.filter(objective=instance).exists():
            raise DefinitionError(
                f"its history counts what it counted before, which now would be {_counted(instance)}; "
                "give the SLO another name, or prune it and apply it again",
                field="spec.budgetingMethod" if "slice" in instance.sli else "spec.indicator",
            )

    def rows(self) -> QuerySet[Objective]:
        declared = Objective.objects.filter(parent=None)
        return declared.select_related("service", "component", "source", "burn_policy").order_by("name")

    def annotations(self, instance: Objective) -> dict[str, str]:
        inferred = instance.indicator == _inferred(instance.sli)
        return present(
            {
                OWNER: instance.owner,
                COMPONENT: instance.component and instance.component.name,
                RUNBOOK: instance.runbook,
                POLICY: instance.burn_policy and instance.burn_policy.name,
                INDICATOR: "" if inferred else instance.indicator,
                BY: ",".join(instance.by),
                BY_LIMIT: "" if instance.by_limit == DEFAULT_LIMIT else str(instance.by_limit),
            }
        )

    def export(self, instance: Objective) -> dict[str, Any]:
        return present(
            {
                "description": instance.description,
                "service": instance.service.name,
                "indicator": {"metadata": {"name": instance.name}, "spec": _metric(instance)},
                "timeWindow": [_time_window(instance.span())],
                "budgetingMethod": instance.sli.get("slice", {}).get("method", "Occurrences"),
                "objectives": [{"target": instance.target} | _terms(instance.sli)],
            }
        )


def _metric_of(spec: SLOSpec) -> Metric:
    assert spec.indicator is not None  # noqa: S101 put in place when documents are expanded
    metric = spec.indicator.spec.ratio_metric or spec.indicator.spec.threshold_metric
    assert metric is not None  # noqa: S101 the validator has seen to it
    return metric


def _sli(document: Document[SLOSpec]) -> dict[str, Any]:
    metric, promise = _metric_of(document.spec), document.spec.objectives[0]
    needed = isinstance(metric, ThresholdMetric)
    for name in ("op", "value"):
        if (getattr(promise, name) is not None) != needed:
            raise document.error(
                f"an objective of a thresholdMetric needs {name}, and no other has it", f"spec.objectives.0.{name}"
            )
    if isinstance(metric, ThresholdMetric):
        return metric.stored(promise.op or "", float(promise.value or 0)) | _slice(document)
    if isinstance(metric, RatioMetric):
        return _ratio(metric) | _slice(document)
    return metric.stored() | _slice(document)


def _slice(document: Document[SLOSpec]) -> dict[str, Any]:
    """The slices an objective is counted in, if its budgeting method says so."""
    promise, tick = document.spec.objectives[0], settings.TICK_SECONDS
    window = promise.time_slice_window
    if window is None:
        return {}
    if window % tick:
        raise document.error(
            f"a time slice must be a multiple of the tick, {format_duration(tick)}, not {format_duration(window)}",
            "spec.objectives.0.timeSliceWindow",
        )
    target = {} if promise.time_slice_target is None else {"target": float(promise.time_slice_target)}
    return {"slice": {"method": document.spec.budgeting_method, "window": window} | target}


def _recounted(names: set[str], instance: Objective) -> bool:
    """Does the SLI count another thing than before: events, seconds, or slices, or slices of another length?"""
    kinds = names & {"sli.total", "sli.raw", "sli.query", "sli.probe", "sli.events"}
    # Of two kinds one came and the other went; from one kind of number to the other, seconds stay seconds.
    exchanged = len(kinds) > 1 and kinds != {"sli.raw", "sli.query"} and kinds & {"sli.raw", "sli.query"}
    return bool(names & {"sli.slice", "sli.slice.window"} or ("slice" not in instance.sli and exchanged))


def _counted(instance: Objective) -> str:
    cut = instance.slices()
    return f"slices of {format_duration(cut.window)}" if cut else instance.unit()


def _ratio(ratio: RatioMetric) -> dict[str, Any]:
    sli, part = ratio.stored(), ratio.part.metric
    if part.histogram:
        sli["histogram"] = part.histogram.strip()
    if part.threshold is not None:
        sli["threshold"] = float(part.threshold)
    return sli


def _terms(sli: dict[str, Any]) -> dict[str, Any]:
    """What an objective says of a threshold and of slices, in the spelling of documents."""
    cut = sli.get("slice")
    terms: dict[str, Any] = {name: sli[name] for name in ("op", "value") if name in sli}
    if cut:
        terms["timeSliceWindow"] = format_duration(cut["window"])
        if "target" in cut:
            terms["timeSliceTarget"] = cut["target"]
    return terms


def _inferred(sli: dict[str, Any]) -> str:
    return "latency" if "threshold" in sli else "availability"


def _indicator(document: Document[SLOSpec], sli: dict[str, Any]) -> str:
    chosen = document.annotations.get(INDICATOR, _inferred(sli))
    if chosen not in INDICATORS:
        raise document.error(
            f"must be {' or '.join(INDICATORS)}, not {chosen[:60]!r}{near(chosen, INDICATORS)}",
            f"metadata.annotations.{INDICATOR}",
        )
    if chosen == "coverage" and document.annotations.get(COMPONENT):
        message = "the coverage of a fallback says nothing of whether a component is up: name no component"
        raise document.error(message, f"metadata.annotations.{COMPONENT}")
    return chosen


def _by(document: Document[SLOSpec], sli: dict[str, Any]) -> list[str]:
    """The labels of whose every set there is an objective."""
    text = document.annotations.get(BY)
    if text is None:
        return []
    names = [name.strip() for name in text.split(",")]
    field = f"metadata.annotations.{BY}"
    for name in names:
        if not _LABEL.fullmatch(name) or name in {"le", "__name__"}:
            raise document.error(f"{name[:60]!r} is no label to split by; write region or region,tenant", field)
    if len(set(names)) < len(names) or len(names) > MOST_LABELS:
        raise document.error(f"names at most {MOST_LABELS} labels, each once", field)
    if not sli.get("counter"):
        raise document.error("only counters can be split by their labels; write bare selectors, counter: true", field)
    return names


def _by_limit(document: Document[SLOSpec]) -> int:
    text = document.annotations.get(BY_LIMIT, str(DEFAULT_LIMIT))
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= MOST_CHILDREN:
        message = f"must be a whole number from 1 to {MOST_CHILDREN}, in quotes, not {text[:20]!r}"
        raise document.error(message, f"metadata.annotations.{BY_LIMIT}")
    if BY_LIMIT in document.annotations and BY not in document.annotations:
        raise document.error(f"limits {BY}, which is missing", f"metadata.annotations.{BY_LIMIT}")
    return int(text)


def _noted(model: type[M], note: str, document: Document[SLOSpec], resolver: Resolver) -> M | None:
    name = document.annotations.get(note)
    return resolver.get(model, name, document, f"metadata.annotations.{note}") if name else None


def _check_runbook(document: Document[SLOSpec], resolver: Resolver) -> None:
    name = document.annotations.get(RUNBOOK)
    if name:
        resolver.named("Runbook", name, document, f"metadata.annotations.{RUNBOOK}")


def _source(document: Document[SLOSpec], sli: dict[str, Any], resolver: Resolver) -> Source:
    sides = _sides(_metric_of(document.spec))
    for side, asked in sides.items():
        place = _place(document.spec, f"{side}.metricSource.metricSourceRef")
        source = resolver.get(Source, asked.metric_source_ref, document, place)
        _check_type(document, asked, source, _place(document.spec, f"{side}.metricSource.type"))
    try:
        check_readable(sli, source)
    except DefinitionError as error:
        raise document.error(error.message, _place(document.spec, next(iter(sides)))) from None
    return source


Asked = MetricSource | DirectSource | ValueSource


def _sides(metric: Metric) -> dict[str, Asked]:
    """What is asked where, by the name of its field."""
    if isinstance(metric, ThresholdMetric):
        return {"thresholdMetric": metric.metric_source}
    if isinstance(metric, RatioMetric):
        part, total = metric.part.metric_source, metric.total.metric_source
        return {f"ratioMetric.{metric.side}": part, "ratioMetric.total": total}
    return {"ratioMetric.raw": metric.raw.metric_source}


def _check_type(document: Document[SLOSpec], asked: Asked, source: Source, field: str) -> None:
    if asked.type and asked.type.lower() != source.kind:
        raise document.error(
            f"its type is {asked.type[:40]!r}, but the DataSource {source.name!r} is of {source.kind}", field
        )


def _place(spec: SLOSpec, part: str) -> str:
    """Where a part of the indicator is written in the SLO: inside, or by its name."""
    return f"spec.indicator.spec.{part}" if spec.indicator_ref is None else "spec.indicatorRef"


def _stored(period: Period) -> dict[str, Any]:
    if isinstance(period, Calendar):
        return {"calendar": period.unit, "zone": period.zone}
    return {"rolling": period.seconds}


def _time_window(period: Period) -> dict[str, Any]:
    if isinstance(period, Calendar):
        duration = next(text for text, unit in UNITS.items() if unit == period.unit)
        aligned = {"startTime": CALENDAR_START, "timeZone": period.zone}
        return {"duration": duration, "isRolling": False, "calendar": aligned}
    # OpenSLO's durations are one number and one unit.
    size, unit = next((s, u) for u, s in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)) if period.seconds % s == 0)
    return {"duration": f"{period.seconds // size}{unit}", "isRolling": True}


def _metric(objective: Objective) -> dict[str, Any]:
    """The indicator's spec."""
    sli, source = objective.sli, objective.source.name
    if "probe" in sli or "events" in sli:
        return {"ratioMetric": direct.written(sli, source)}
    if "total" not in sli:
        return values.written(sli, source)
    sides = {
        side: {"metricSource": {"metricSourceRef": source, "spec": _asked(sli, side)}}
        for side in ("good", "bad", "total")
        if side in sli
    }
    return {"ratioMetric": {"counter": sli["counter"]} | sides}


def _asked(sli: dict[str, Any], side: str) -> dict[str, Any]:
    """The side as it was written, by its histogram where that gives the same selector."""
    histogram, threshold = sli.get("histogram"), sli.get("threshold")
    if histogram and side == "good" and threshold and sli[side] == bucket(histogram, threshold):
        return {"histogram": histogram, "threshold": threshold}
    if histogram and side != "good" and sli[side] == count(histogram):
        return {"histogram": histogram}
    return {"query": sli[side]}
