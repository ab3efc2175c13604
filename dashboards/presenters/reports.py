"""The page of reports: what to choose from, and the report that was chosen."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from dashboards.presenters.report import owners, report
from dashboards.presenters.report_page import Section, ServiceLine, facts, sections, service_lines, verdict
from dashboards.presenters.report_period import month_of, recent_periods
from dashboards.presenters.report_rows import Report
from slo import selectors
from slo.errors import BrownoutError

# A page with more rows helps nobody and takes long; programs get them all.
MOST = 200


@dataclass(frozen=True, slots=True)
class ReportBody:
    """A report as it is read: the verdict in a sentence, what goes with it, the services."""

    made: Report
    verdict: str
    tone: str
    facts: tuple[str, ...]
    services: tuple[ServiceLine, ...]
    sections: tuple[Section, ...]

    @property
    def before(self) -> str:
        """The name of the period before, as the head of a column."""
        return self.made.period.before().title

    @property
    def title(self) -> str:
        return f"Report for {self.made.period.title}" + (f": {self.sections[0].title}" if self.made.service else "")

    @property
    def span(self) -> str:
        """From when to when, and whose."""
        period = self.made.period
        last = period.end - timedelta(days=1)
        until = (
            f"{last.day} {last:%B %Y}" if period.over else f"{period.until.day} {period.until:%B %Y, %H:%M} UTC, so far"
        )
        return f"{period.start.day} {period.start:%B} to {until}" + (f"; {self.made.owner}" if self.made.owner else "")


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """`problem` says why there is no report; `export` is the query string of the same report for programs."""

    periods: tuple[str, ...]
    services: tuple[tuple[str, str], ...]
    owners: tuple[str, ...]
    period: str
    service: str
    owner: str
    body: ReportBody | None
    export: str
    problem: str = ""


def reports_page(at: datetime, period: str = "", service: str = "", owner: str = "") -> ReportsPage:
    """The report of a period (this month by default), or what is wrong with what was asked for."""
    period, body, problem = period or month_of(at), None, ""
    try:
        body = report_body(report(period, at, service, owner, MOST))
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
        body=body,
        export="?" + urlencode(chosen) if chosen else "?",
        problem=problem,
    )


def report_body(made: Report) -> ReportBody:
    """A report as it is drawn."""
    words, tone = verdict(made)
    parts = sections(made)
    return ReportBody(made, words, tone, facts(made), service_lines(made, parts), parts)
