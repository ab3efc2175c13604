"""A report as CSV: a line for each objective."""

from datetime import datetime

from dashboards.presenters.report_rows import Report, ReportRow, ServicePart
from dashboards.tabular import as_csv as table

HEAD = (
    *("period", "service", "owner", "objective", "title", "target", "good", "total", "sli", "completeness"),
    *("budget_spent", "verdict", "incidents", "incident_seconds", "sheds", "excluded_seconds", "worst_day"),
    "worst_day_bad",
)


def as_csv(made: Report) -> str:
    """A head, and a line for each objective in each service."""
    return table(HEAD, (_values(made.period.name, part, row) for part in made.parts for row in part.rows))


def _values(period: str, part: ServicePart, row: ReportRow) -> tuple[object, ...]:
    worst = row.worst[0] if row.worst else None
    return (
        *(period, part.name, row.owner, row.objective, row.title, row.target, row.window.good, row.window.total),
        *(row.window.ratio, row.window.completeness, row.spent, row.verdict, len(row.incidents)),
        *(sum(i.seconds for i in row.incidents), len(part.sheds)),
        sum(_seconds(e.start, e.end) for e in row.excluded),
        *(f"{worst.day:%Y-%m-%d}" if worst else None, worst.bad if worst else None),
    )


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
