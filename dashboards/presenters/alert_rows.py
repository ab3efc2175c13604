"""Alerts as rows of a list, as several pages show them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts import selectors as alerts
from alerts.models import Alert, Silence
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from slo.maths.windows import format_duration

_KINDS = {
    Alert.Kind.BURN: "",
    Alert.Kind.NO_DATA: "no data",
    Alert.Kind.COMPLETENESS: "low completeness",
    Alert.Kind.BUDGET: "budget step",
    Alert.Kind.SOURCE: "source failing",
    Alert.Kind.DELIVERY: "delivery failing",
    Alert.Kind.SHEDDING: "shedding",
}


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert in a list.

    `objective` and `service` are empty where it is about something else; `kind` is in words, empty for a burn. `burn`
    is the burn rate over the window named by `over`; `runbook` is empty unless there is one of that name;
    `acknowledged` says by whom. `silence` holds it now, or the alert `held_by` does.
    """

    pk: int
    title: str
    kind: str
    objective: str
    service: str
    severity: str
    badge: Badge
    burn: float | None
    over: str
    opened: datetime
    since: datetime
    ended: datetime | None
    runbook: str
    acknowledged: str
    silence: Silence | None
    held_by: Alert | None
    flapping: bool
    spent: float | None

    @property
    def hushed(self) -> bool:
        """Does something keep it quiet?"""
        return bool(self.silence or self.held_by)


def alert_rows(found: Iterable[Alert]) -> tuple[AlertRow, ...]:
    """One row for each alert, in order."""
    found = list(found)
    books = alerts.runbook_names() if found else frozenset()
    return tuple(_row(alert, books) for alert in found)


def _row(alert: Alert, books: frozenset[str]) -> AlertRow:
    burn, over = pace(alert.figures)
    by = str(alert.acknowledged_by) if alert.acknowledged_by_id else alert.acknowledged_via or "a program"
    return AlertRow(
        pk=alert.pk,
        title=alert.title or alert.subject,
        kind=_KINDS.get(Alert.Kind(alert.kind), alert.kind),
        objective=alert.objective.name if alert.objective else "",
        service=str(alert.service or ""),
        severity=alert.severity,
        badge=badges.alert(alert.state, alert.severity, hushed=alert.suppressed),
        burn=burn,
        over=over,
        opened=alert.opened_at,
        since=alert.fired_at or alert.opened_at,
        ended=alert.ended_at,
        runbook=alert.runbook if alert.runbook in books else "",
        acknowledged=by if alert.acknowledged_at else "",
        silence=alert.silence,
        held_by=alert.inhibited_by,
        flapping=alert.flapping_since is not None and alert.state in Alert.OPEN,
        spent=alert.spent,
    )


def pace(figures: Mapping[str, Any]) -> tuple[float | None, str]:
    """The burn over the long window that is most urgent: one that is exceeded, with the highest factor."""
    windows = [w for w in figures.get("windows", []) if w.get("burn_long") is not None]
    if not windows:
        return None, ""
    chosen = max(windows, key=lambda w: (w.get("exceeded", False), w["factor"]))
    return chosen["burn_long"], format_duration(chosen["long"])
