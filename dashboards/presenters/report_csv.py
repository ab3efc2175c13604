"""A report as CSV: a line for each objective."""

import csv
from datetime import datetime
from io import StringIO

from dashboards.presenters.report_rows import Report, ReportRow, ServicePart

HEAD = (
    *("period", "service", "owner", "objective", "title", "target", "good", "total", "sli", "completeness"),
    *("budget_spent", "verdict", "incidents", "incident_seconds", "sheds", "excluded_seconds", "worst_day"),
    "worst_day_bad",
)
# What a spreadsheet takes for the beginning of a formula, or skips before one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def as_csv(made: Report) -> str:
    """RFC 4180, with a head. Text that a spreadsheet would run as a formula has an apostrophe before it."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    for part in made.parts:
        for row in part.rows:
            writer.writerow([_cell(value) for value in _values(made.period.name, part, row)])
    return out.getvalue()


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


def _cell(value: object) -> object:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA) else value
