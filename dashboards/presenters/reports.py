"""The page of reports: what to choose from, and the report that was chosen."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from dashboards.presenters.report import Report, ReportRow, month_of, owners, recent_periods, report
from dashboards.sparkline import Bar, budget_bar
from slo import selectors
from slo.errors import BrownoutError

VERDICTS = {
    "met": Badge("disc", "Met", "ok", 2),
    "missed": Badge("square", "Missed", "bad", 0),
    "no data": badges.NO_DATA,
}


@dataclass(frozen=True, slots=True)
class Line:
    """An objective of the report, as it is drawn."""

    row: ReportRow
    badge: Badge
    bar: Bar


@dataclass(frozen=True, slots=True)
class Section:
    """A service of the report."""

    title: str
    owner: str
    lines: tuple[Line, ...]
    sheds: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """`problem` says why there is no report; `export` is the query string of the same report for programs."""

    periods: tuple[str, ...]
    services: tuple[tuple[str, str], ...]
    owners: tuple[str, ...]
    period: str
    service: str
    owner: str
    made: Report | None
    sections: tuple[Section, ...]
    export: str
    problem: str = ""


def reports_page(at: datetime, period: str = "", service: str = "", owner: str = "") -> ReportsPage:
    """The report of a period (this month by default), or what is wrong with what was asked for."""
    period, made, problem = period or month_of(at), None, ""
    try:
        made = report(period, at, service, owner)
    except BrownoutError as error:
        problem = str(error)
    periods = recent_periods(at)
    names = {item.service.name: str(item.service) for item in selectors.objectives()}
    chosen = {name: value for name, value in (("service", service), ("owner", owner)) if value}
    return ReportsPage(
        periods=tuple(periods if period in periods or problem else [period, *periods]),
        services=tuple(sorted(names.items(), key=lambda pair: pair[1].lower())),
        owners=tuple(owners()),
        period=period,
        service=service,
        owner=owner,
        made=made,
        sections=sections(made) if made else (),
        export="?" + urlencode(chosen) if chosen else "?",
        problem=problem,
    )


def sections(made: Report) -> tuple[Section, ...]:
    """The services of a report, as they are drawn."""
    return tuple(
        Section(
            part.title,
            part.owner,
            tuple(Line(row, VERDICTS[row.verdict], budget_bar(row.budget.remaining)) for row in part.rows),
            part.sheds,
        )
        for part in made.parts
    )
