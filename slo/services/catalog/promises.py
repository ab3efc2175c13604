"""The kind SLO: a promise, with its indicator inside."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from slo.errors import DefinitionError, PolicyError
from slo.maths.windows import Calendar, Period
from slo.models import BurnPolicy, Component, Objective, Service, Source
from slo.openslo.load import OPENSLO, Document
from slo.openslo.promise import CALENDAR_START, UNITS, MetricSource, RatioMetric, SLOSpec
from slo.openslo.selector import bucket, count
from slo.openslo.sentences import near
from slo.services.catalog.checks import Gather, check_policy, check_readable, forget_cursors, present
from slo.services.catalog.handlers import Handler
from slo.services.catalog.resolver import Resolver

M = TypeVar("M", bound=Model)

OWNER, COMPONENT, RUNBOOK = "brownout/owner", "brownout/component", "brownout/runbook"
POLICY, INDICATOR = "brownout/burn-policy", "brownout/indicator"
INDICATORS = ("availability", "latency")


class SLOs(Handler[SLOSpec, Objective]):
    """By the time they come here, an SLO has one target and its indicator inside."""

    api, kind, order = OPENSLO, "SLO", 30
    spec, model = SLOSpec, Objective
    annotated = (OWNER, COMPONENT, RUNBOOK, POLICY, INDICATOR)

    def fields(self, document: Document[SLOSpec], resolver: Resolver) -> dict[str, Any]:
        spec, notes, gather = document.spec, document.annotations, Gather()
        sli = _sli(_ratio(spec))
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
        }
        gather.finish()
        return fields

    def saved(self, instance: Objective, document: Document[SLOSpec], resolver: Resolver) -> None:
        try:
            check_policy(instance)
        except PolicyError as error:
            noted = f"metadata.annotations.{POLICY}"
            raise document.error(error.message, noted if instance.burn_policy else "spec.objectives") from None

    def updated(self, instance: Objective, names: set[str], resolver: Resolver) -> None:
        if names & {"sli", "source"}:
            forget_cursors([instance])

    def rows(self) -> QuerySet[Objective]:
        return Objective.objects.select_related("service", "component", "source", "burn_policy").order_by("name")

    def annotations(self, instance: Objective) -> dict[str, str]:
        inferred = instance.indicator == _inferred(instance.sli)
        return present(
            {
                OWNER: instance.owner,
                COMPONENT: instance.component and instance.component.name,
                RUNBOOK: instance.runbook,
                POLICY: instance.burn_policy and instance.burn_policy.name,
                INDICATOR: "" if inferred else instance.indicator,
            }
        )

    def export(self, instance: Objective) -> dict[str, Any]:
        return present(
            {
                "description": instance.description,
                "service": instance.service.name,
                "indicator": {"metadata": {"name": instance.name}, "spec": {"ratioMetric": _metric(instance)}},
                "timeWindow": [_time_window(instance.span())],
                "budgetingMethod": "Occurrences",
                "objectives": [{"target": instance.target}],
            }
        )


def _ratio(spec: SLOSpec) -> RatioMetric:
    assert spec.indicator is not None  # noqa: S101 put in place when documents are expanded
    return spec.indicator.spec.ratio_metric


def _sli(ratio: RatioMetric) -> dict[str, Any]:
    part = ratio.part.metric
    sli = {ratio.side: part.selector(), "total": ratio.total.metric.selector(), "counter": ratio.counter}
    if part.histogram:
        sli["histogram"] = part.histogram.strip()
    if part.threshold is not None:
        sli["threshold"] = float(part.threshold)
    return sli


def _inferred(sli: dict[str, Any]) -> str:
    return "latency" if "threshold" in sli else "availability"


def _indicator(document: Document[SLOSpec], sli: dict[str, Any]) -> str:
    chosen = document.annotations.get(INDICATOR, _inferred(sli))
    if chosen not in INDICATORS:
        raise document.error(
            f"must be {' or '.join(INDICATORS)}, not {chosen[:60]!r}{near(chosen, INDICATORS)}",
            f"metadata.annotations.{INDICATOR}",
        )
    return chosen


def _noted(model: type[M], note: str, document: Document[SLOSpec], resolver: Resolver) -> M | None:
    name = document.annotations.get(note)
    return resolver.get(model, name, document, f"metadata.annotations.{note}") if name else None


def _check_runbook(document: Document[SLOSpec], resolver: Resolver) -> None:
    name = document.annotations.get(RUNBOOK)
    if name:
        resolver.named("Runbook", name, document, f"metadata.annotations.{RUNBOOK}")


def _source(document: Document[SLOSpec], sli: dict[str, Any], resolver: Resolver) -> Source:
    ratio = _ratio(document.spec)
    for side, asked in ((ratio.side, ratio.part.metric_source), ("total", ratio.total.metric_source)):
        place = _place(document.spec, f"{side}.metricSource.metricSourceRef")
        source = resolver.get(Source, ratio.source, document, place)
        _check_type(document, asked, source, _place(document.spec, f"{side}.metricSource.type"))
    try:
        check_readable(sli, source)
    except DefinitionError as error:
        raise document.error(error.message, _place(document.spec, ratio.side)) from None
    return source


def _check_type(document: Document[SLOSpec], asked: MetricSource, source: Source, field: str) -> None:
    if asked.type and asked.type.lower() != source.kind:
        raise document.error(
            f"its type is {asked.type[:40]!r}, but the DataSource {source.name!r} is of {source.kind}", field
        )


def _place(spec: SLOSpec, part: str) -> str:
    """Where a part of the indicator is written in the SLO: inside, or by its name."""
    return f"spec.indicator.spec.ratioMetric.{part}" if spec.indicator_ref is None else "spec.indicatorRef"


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
    sli = objective.sli
    return {"counter": sli["counter"]} | {
        side: {"metricSource": {"metricSourceRef": objective.source.name, "spec": _asked(sli, side)}}
        for side in ("good", "bad", "total")
        if side in sli
    }


def _asked(sli: dict[str, Any], side: str) -> dict[str, Any]:
    """The side as it was written, by its histogram where that gives the same selector."""
    histogram, threshold = sli.get("histogram"), sli.get("threshold")
    if histogram and side == "good" and threshold and sli[side] == bucket(histogram, threshold):
        return {"histogram": histogram, "threshold": threshold}
    if histogram and side != "good" and sli[side] == count(histogram):
        return {"histogram": histogram}
    return {"query": sli[side]}
