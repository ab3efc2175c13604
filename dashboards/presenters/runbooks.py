"""Runbooks: the shelf, and one of them."""

from collections import Counter
from dataclasses import dataclass

from django.utils.safestring import SafeString

from alerts import selectors as alerts
from alerts.models import Runbook
from dashboards.presenters.alert_rows import AlertRow, alert_rows
from slo import selectors
from slo.models import Objective


@dataclass(frozen=True, slots=True)
class RunbookRow:
    runbook: Runbook
    objectives: int
    open_alerts: int


@dataclass(frozen=True, slots=True)
class RunbookPage:
    runbook: Runbook
    html: SafeString
    objectives: tuple[Objective, ...]
    open_alerts: tuple[AlertRow, ...]


def runbook_rows() -> list[RunbookRow]:
    """Every runbook; those an open alert calls for come first."""
    named = Counter(item.runbook for item in selectors.objectives())
    called = Counter(alert.runbook for alert in alerts.open_alerts())
    rows = [RunbookRow(book, named[book.name], called[book.name]) for book in alerts.runbooks()]
    return sorted(rows, key=lambda row: (-row.open_alerts, row.runbook.title.lower()))


def runbook_page(name: str) -> RunbookPage:
    """One runbook. Raises NotFoundError."""
    book = alerts.runbook(name)
    called = [alert for alert in alerts.open_alerts() if alert.runbook == name]
    return RunbookPage(
        runbook=book,
        html=alerts.runbook_html(book),
        objectives=tuple(item for item in selectors.objectives() if item.runbook == name),
        open_alerts=alert_rows(called),
    )
