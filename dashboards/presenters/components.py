"""The health table: what each component does right now."""

from collections.abc import Iterable
from dataclasses import dataclass

from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from degradation.selectors import Health


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """A component over the last five minutes. Ratios from 0 to 1, `threshold` in seconds."""

    name: str
    title: str
    service: str
    tier: int
    badge: Badge
    error_ratio: float | None
    fast_ratio: float | None
    threshold: float | None
    completeness: float
    because: str


def component_rows(known: Iterable[Health]) -> list[ComponentRow]:
    """The components of that health, most critical tier first."""
    return [_row(health) for health in sorted(known, key=lambda health: (health.tier, health.name))]


def _row(health: Health) -> ComponentRow:
    return ComponentRow(
        name=health.name,
        title=health.title,
        service=health.service,
        tier=health.tier,
        badge=badges.health(health.status),
        error_ratio=health.error_ratio,
        fast_ratio=health.fast_ratio,
        threshold=health.threshold,
        completeness=health.completeness,
        because=health.because,
    )
