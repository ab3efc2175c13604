"""Reads: how components are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from degradation.rules import health as health_rule
from degradation.rules.circuit_signs import signs
from degradation.rules.health import Reading
from degradation.selectors.circuit_views import CircuitView, circuits, with_circuits
from slo import selectors as slo_selectors
from slo.maths.ledger import Window as LedgerWindow
from slo.models import Component, ComponentLatency, Service
from slo.selectors_ledger import Measured, measured


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a component takes, in seconds over the last five minutes; None where nothing is known, and why if so.

    With `…_beyond` it is more than that, the highest boundary of its histogram.
    """

    p50: float | None
    p99: float | None
    p50_beyond: bool
    p99_beyond: bool
    events: float
    problem: str


@dataclass(frozen=True, slots=True)
class Health:
    """A component over the last five minutes; ratios from 0 to 1, None where nothing is known.

    `fast_ratio` is the share of events within `threshold` seconds, `because` says why in words. `circuit` is its
    circuit with those of its clients; `latency` is None where nobody names a histogram or it has not been read of late.
    """

    name: str
    title: str
    service: str
    service_title: str
    tier: int
    status: health_rule.Status
    error_ratio: float | None
    fast_ratio: float | None
    threshold: float | None
    completeness: float
    because: str
    circuit: CircuitView | None = None
    latency: Latency | None = None


# Seconds after which a latency is none of the present any more, beside three ticks.
LATE = 60


def health(at: datetime, service: Service | None = None) -> list[Health]:
    """Every component (of one service), the most critical first."""
    found = with_circuits(Component.objects.select_related("service", "latency"))
    items = list(found.filter(service=service) if service else found)
    readings = _readings(at, [item.pk for item in items])
    views = {view.component.pk: view for view in circuits(at, items)}
    return [_health(item, readings[item.pk], views[item.pk], at) for item in items]


def _readings(at: datetime, components: Sequence[int]) -> Mapping[int, list[Reading]]:
    items = measured(components)
    windows = slo_selectors.recent(at, items)
    found: dict[int, list[Reading]] = defaultdict(list)
    for item in items:
        found[item.component_id].append(_reading(item, windows[item.pk]))
    return found


def _reading(item: Measured, window: LedgerWindow) -> Reading:
    return Reading(item.name, item.indicator == "latency", window, item.sli.get("threshold"))


def _health(item: Component, readings: Sequence[Reading], circuit: CircuitView, at: datetime) -> Health:
    told = signs(circuit.phase, circuit.reason, circuit.fleet)
    verdict = health_rule.judge(readings, item.warn_ratio, item.down_ratio, told)
    return Health(
        item.name,
        str(item),
        item.service.name,
        str(item.service),
        item.tier,
        verdict.status,
        verdict.error_ratio,
        verdict.fast_ratio,
        verdict.threshold,
        verdict.completeness,
        verdict.because,
        circuit,
        _latency(getattr(item, "latency", None), at),
    )


def _latency(row: ComponentLatency | None, at: datetime) -> Latency | None:
    late = timedelta(seconds=LATE + 3 * settings.TICK_SECONDS)
    if row is None or not at - late < row.at <= at:
        return None
    return Latency(row.p50, row.p99, row.p50_beyond, row.p99_beyond, row.events, row.problem)
