"""One alert, with its timeline, and its runbook beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from alerts import selectors as alerts
from alerts.models import Alert
from alerts.selectors_cost import spending
from dashboards.presenters import badges
from dashboards.presenters.alert_rows import AlertRow, alert_rows
from dashboards.presenters.badges import Badge
from dashboards.presenters.incidents import Told, told
from dashboards.presenters.runs import Beside, beside
from dashboards.presenters.timeline import Event, costed, events


@dataclass(frozen=True, slots=True)
class Figure:
    """A burn window as the alert last saw it. Lengths in seconds."""

    long: int
    short: int
    factor: float
    burn_long: float | None
    burn_short: float | None


@dataclass(frozen=True, slots=True)
class AlertPage:
    alert: Alert
    row: AlertRow
    badge: Badge
    open: bool
    remaining: float | None
    spent: float | None
    figures: tuple[Figure, ...]
    events: tuple[Event, ...]
    labels: tuple[tuple[str, str], ...]
    beside: Beside | None
    acknowledged_by: str
    told: Told

    @property
    def waits(self) -> bool:
        """Does it wait for somebody to take it on?"""
        return self.open and self.alert.acknowledged_at is None


def alert_page(pk: int, at: datetime) -> AlertPage:
    """One alert; `spent` is what it has cost so far, or in the end. Raises NotFoundError."""
    alert = alerts.alert(pk)
    found = events(alert)
    *shares, spent = spending(alert, [*(event.at for event in found), alert.ended_at or at], at)
    return AlertPage(
        alert=alert,
        row=alert_rows([alert])[0],
        badge=badges.alert(alert.state, alert.severity, hushed=alert.suppressed),
        open=alert.state in Alert.OPEN,
        remaining=alert.figures.get("remaining"),
        spent=alert.spent if alert.spent is not None else spent,
        figures=tuple(_figures(alert)),
        events=tuple(costed(found, shares)),
        labels=tuple(alert.labels().items()),
        beside=beside(alert, at),
        acknowledged_by=str(alert.acknowledged_by) if alert.acknowledged_by else alert.acknowledged_via,
        told=told(pk),
    )


def _figures(alert: Alert) -> Iterable[Figure]:
    for window in alert.figures.get("windows", []):
        yield Figure(
            window["long"], window["short"], window["factor"], window.get("burn_long"), window.get("burn_short")
        )
