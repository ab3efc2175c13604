"""The health table: what each component does right now."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards import formats
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from dashboards.presenters.narrowing import Asked, Sorted, Tab
from degradation import selectors as degradation
from degradation.selectors import Health

STATES = {"down": "Down", "warn": "Warn", "unknown": "No data", "ok": "OK"}
SORTS: Mapping[str, Callable[[Health], Any]] = {
    "status": lambda item: badges.health(item.status).rank,
    "name": lambda item: item.title.lower(),
    "p50": lambda item: _figure(item.latency.p50 if item.latency else None),
    "p99": lambda item: _figure(item.latency.p99 if item.latency else None),
    "errors": lambda item: _figure(item.error_ratio),
    "circuit": lambda item: badges.circuit(item.circuit.phase if item.circuit else "closed").rank,
    "service": lambda item: item.service_title.lower(),
    "tier": lambda item: item.tier,
}
DEFAULT = "status"
COLUMNS = (
    ("name", "Component", "c-name"),
    ("status", "Status", ""),
    ("p50", "p50", "num hide-s"),
    ("p99", "p99", "num hide-s"),
    ("errors", "Errors", "num"),
    ("circuit", "Circuit", "hide-s"),
    ("service", "Service", "hide-m"),
    ("tier", "Tier", "num hide-m"),
)


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """A component over the last five minutes. Ratios from 0 to 1, `threshold` in seconds, p50 and p99 in words.

    `clients` says how many of the circuits that clients report are open, where some are.
    """

    name: str
    title: str
    service: str
    service_title: str
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


@dataclass(frozen=True, slots=True)
class ComponentsPage:
    """The components the address asks for, of a `total`."""

    asked: Asked
    tabs: tuple[Tab, ...]
    heads: tuple[Sorted, ...]
    services: tuple[tuple[str, str], ...]
    rows: tuple[ComponentRow, ...]
    total: int


def components_page(at: datetime, asked: Asked) -> ComponentsPage:
    """The components that are asked for, the worst first unless another column sorts."""
    everything = sorted(degradation.health(at), key=lambda item: (item.tier, item.title.lower()))
    found = [item for item in everything if asked.matches(_text(item), item.service, item.tier)]
    chosen = [item for item in found if asked.state in ("", item.status)]
    sort = asked.sort or DEFAULT
    chosen.sort(key=SORTS[sort.removeprefix("-")], reverse=sort.startswith("-"))
    return ComponentsPage(
        asked=asked,
        tabs=asked.tabs(STATES, [item.status for item in found]),
        heads=tuple(asked.head(*column, DEFAULT) for column in COLUMNS),
        services=tuple(sorted({(item.service, item.service_title) for item in everything})),
        rows=tuple(map(component_row, chosen)),
        total=len(everything),
    )


def _text(item: Health) -> str:
    return f"{item.name} {item.title} {item.service} {item.service_title} {item.because}"


def _figure(figure: float | None) -> float:
    return -1.0 if figure is None else figure


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
        service_title=health.service_title,
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
