"""The health table: what each component does right now."""

from collections.abc import Iterable
from dataclasses import dataclass

from dashboards import formats
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from degradation.selectors import Health


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """A component over the last five minutes. Ratios from 0 to 1, `threshold` in seconds, p50 and p99 in words.

    `clients` says how many of the circuits that clients report are open, where some are.
    """

    name: str
    title: str
    service: str
    tier: int
    badge: Badge
    error_ratio: float | None
    fast_ratio: float | None
    threshold: float | None
    p50: str
    p99: str
    circuit: Badge
    clients: str
    completeness: float
    because: str


def component_rows(known: Iterable[Health]) -> list[ComponentRow]:
    """The components of that health, most critical tier first."""
    return [component_row(health) for health in sorted(known, key=lambda health: (health.tier, health.name))]


def component_row(health: Health) -> ComponentRow:
    """One component of the table."""
    latency, circuit = health.latency, health.circuit
    troubled = circuit is not None and circuit.fleet.open + circuit.fleet.half_open > 0
    return ComponentRow(
        name=health.name,
        title=health.title,
        service=health.service,
        tier=health.tier,
        badge=badges.health(health.status),
        error_ratio=health.error_ratio,
        fast_ratio=health.fast_ratio,
        threshold=health.threshold,
        p50=formats.latency(latency.p50, beyond=latency.p50_beyond) if latency else formats.NONE,
        p99=formats.latency(latency.p99, beyond=latency.p99_beyond) if latency else formats.NONE,
        circuit=badges.circuit(circuit.phase if circuit else "closed"),
        clients=circuit.fleet.words if circuit and troubled else "",
        completeness=health.completeness,
        because=health.because,
    )
