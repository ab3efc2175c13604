"""How promises were kept over a month or a quarter: by service and owner, with what happened meanwhile."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from alerts import selectors as alerts
from alerts.models import Alert
from degradation import selectors as degradation
from slo import selectors
from slo.errors import NotFoundError, ReportError
from slo.maths.budget import Budget, budget
from slo.maths.ledger import Span, Window
from slo.maths.windows import Calendar, CalendarUnit, from_epoch, to_epoch
from slo.models import Objective, Service

WORST_DAYS = 5
_PERIOD = re.compile(r"(?P<year>\d{4})-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2]))", re.ASCII)

Verdict = Literal["met", "missed", "no data"]


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """A month or a quarter in UTC, and how much of it there is yet."""

    name: str
    start: datetime
    end: datetime
    until: datetime

    @property
    def over(self) -> bool:
        return self.until >= self.end


@dataclass(frozen=True, slots=True)
class Day:
    """A day's bad events, and the share of the whole period's budget they were."""

    day: datetime
    bad: float
    spent: float | None


@dataclass(frozen=True, slots=True)
class Incident:
    """An alert that fired within the period: for how long (seconds, within the period) and at what cost."""

    alert: int
    severity: str
    start: datetime
    end: datetime | None
    seconds: float
    bad: float | None
    spent: float | None


@dataclass(frozen=True, slots=True)
class Excluded:
    """A span that did not count."""

    reason: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Shed:
    """A flag that was shed to save the service."""

    flag: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One objective over the period; None where nothing is known."""

    objective: str
    title: str
    service: str
    owner: str
    target: float
    window: Window
    budget: Budget
    verdict: Verdict
    worst: tuple[Day, ...]
    incidents: tuple[Incident, ...]
    excluded: tuple[Excluded, ...]

    @property
    def spent(self) -> float | None:
        """The share of the budget that is spent; above 1 when overspent."""
        return None if self.budget.remaining is None else 1 - self.budget.remaining


@dataclass(frozen=True, slots=True)
class ServicePart:
    """A service's objectives, and what was shed for it."""

    name: str
    title: str
    owner: str
    rows: tuple[ReportRow, ...]
    sheds: tuple[Shed, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says; counts are of objectives."""

    period: ReportPeriod
    at: datetime
    service: str
    owner: str
    parts: tuple[ServicePart, ...]

    @property
    def rows(self) -> tuple[ReportRow, ...]:
        return tuple(row for part in self.parts for row in part.rows)

    def count(self, verdict: Verdict) -> int:
        return sum(row.verdict == verdict for row in self.rows)

    @property
    def met(self) -> int:
        return self.count("met")

    @property
    def missed(self) -> int:
        return self.count("missed")


def period_named(text: str, at: datetime) -> ReportPeriod:
    """2026-10 or 2026-Q4, as far as it is over at `at`. Raises ReportError."""
    found = _PERIOD.fullmatch(text)
    if found is None or not 1971 <= int(found["year"]) <= 9000:
        raise ReportError(f"{text[:40]!r} is no period; write a month as 2026-10 or a quarter as 2026-Q4")
    unit: CalendarUnit = "quarter" if found["quarter"] else "month"
    month = int(found["month"]) if found["month"] else 3 * int(found["quarter"]) - 2
    start, end = Calendar(unit).bounds(datetime(int(found["year"]), month, 1, tzinfo=UTC))
    if start > at:
        raise ReportError(f"{text} has not begun yet")
    return ReportPeriod(text, start, end, min(end, at))


def month_of(at: datetime) -> str:
    """The name of the month an instant is in."""
    return f"{at:%Y-%m}"


def owners() -> list[str]:
    """Everybody who owns an objective, or its service."""
    return sorted({owner for item in selectors.objectives() if (owner := _owner(item))})


def report(name: str, at: datetime, service: str = "", owner: str = "") -> Report:
    """The report of a period, of one service or owner where that is named. Raises ReportError, NotFoundError."""
    period = period_named(name, at)
    if service and not Service.objects.filter(name=service).exists():
        raise NotFoundError(f"There is no service named {service!r}")
    chosen = [item for item in selectors.objectives(service or None) if owner in ("", _owner(item))]
    if owner and not chosen:
        raise NotFoundError(f"Nobody named {owner!r} owns an objective" + (f" of {service}" if service else ""))
    fired = _fired(chosen, period)
    parts: dict[str, list[Objective]] = {}
    for item in chosen:
        parts.setdefault(item.service.name, []).append(item)
    made = (_part(items, period, fired) for items in parts.values())
    return Report(period, at, service, owner, tuple(made))


def _owner(item: Objective) -> str:
    return item.owner or item.service.owner


def _fired(chosen: Sequence[Objective], period: ReportPeriod) -> Mapping[int, list[Alert]]:
    found: dict[int, list[Alert]] = {}
    for alert in alerts.fired_within(period.start, period.until, [item.pk for item in chosen]):
        found.setdefault(alert.objective_id or 0, []).append(alert)
    return found


def _part(items: Sequence[Objective], period: ReportPeriod, fired: Mapping[int, list[Alert]]) -> ServicePart:
    service = items[0].service
    sheds = degradation.sheds(service, period.start, period.until)
    return ServicePart(
        name=service.name,
        title=str(service),
        owner=service.owner,
        rows=tuple(_row(item, period, fired.get(item.pk, [])) for item in items),
        sheds=tuple(Shed(shed.flag, shed.start, shed.end) for shed in sheds),
    )


def _row(item: Objective, period: ReportPeriod, fired: Iterable[Alert]) -> ReportRow:
    start, end = to_epoch(period.start), to_epoch(period.until)
    history = selectors.History(item, start, end)
    window = history.window(start, end)
    left = budget(window, item.target)
    verdict: Verdict = "no data" if window.ratio is None else "met" if window.ratio >= item.target else "missed"
    holes = selectors.exclusions(item, period.start, period.until)
    return ReportRow(
        objective=item.name,
        title=str(item),
        service=item.service.name,
        owner=_owner(item),
        target=item.target,
        window=window,
        budget=left,
        verdict=verdict,
        worst=_worst(history, start, end, left),
        incidents=tuple(_incident(alert, history, Span(start, end), left) for alert in fired),
        excluded=tuple(
            Excluded(row.reason, from_epoch(max(s.start, start)), from_epoch(min(s.end, end)))
            for row, spans in holes
            for s in spans
        ),
    )


def _worst(history: selectors.History, start: int, end: int, left: Budget) -> tuple[Day, ...]:
    edges = [*range(start, end, 86_400), end]
    days = [(low, history.window(low, high).bad or 0.0) for low, high in pairwise(edges)]
    ranked = sorted((day for day in days if day[1] > 0), key=lambda day: (-day[1], day[0]))
    return tuple(Day(from_epoch(low), bad, _share(bad, left)) for low, bad in ranked[:WORST_DAYS])


def _incident(alert: Alert, history: selectors.History, span: Span, left: Budget) -> Incident:
    began, ended = alert.opened_at, alert.ended_at
    low = max(to_epoch(began), span.start)
    high = min(to_epoch(ended) if ended else span.end, span.end)
    # The alert came after what it was about had begun: its long window says how long before at most.
    reach = min((w["short"] for w in alert.figures.get("windows", [])), default=0)
    bad = history.window(max(span.start, low - reach), high).bad
    return Incident(alert.pk, alert.severity, began, ended, float(high - low), bad, _share(bad, left))


def _share(bad: float | None, left: Budget) -> float | None:
    return None if bad is None or not left.total else bad / left.total


def as_json(made: Report) -> dict[str, Any]:
    """The public form: ratios from 0 to 1, shares of the budget above 1 when overspent, None where nothing is known."""
    period = made.period
    return {
        "period": {"name": period.name, "start": period.start, "end": period.end, "until": period.until},
        "as_of": made.at,
        "service": made.service or None,
        "owner": made.owner or None,
        "summary": {verdict: made.count(verdict) for verdict in ("met", "missed", "no data")},
        "services": [_part_json(part) for part in made.parts],
    }


def _part_json(part: ServicePart) -> dict[str, Any]:
    return {
        "name": part.name,
        "title": part.title,
        "owner": part.owner,
        "sheds": [{"flag": s.flag, "start": s.start, "end": s.end} for s in part.sheds],
        "objectives": [_row_json(row) for row in part.rows],
    }


def _row_json(row: ReportRow) -> dict[str, Any]:
    return {
        "name": row.objective,
        "title": row.title,
        "owner": row.owner,
        "target": row.target,
        "sli": {"good": row.window.good, "total": row.window.total, "ratio": row.window.ratio},
        "completeness": row.window.completeness,
        "budget": {"total": row.budget.total, "spent": row.budget.spent, "remaining": row.budget.remaining},
        "verdict": row.verdict,
        "worst_days": [{"day": f"{d.day:%Y-%m-%d}", "bad": d.bad, "budget_spent": d.spent} for d in row.worst],
        "incidents": [
            {
                "alert": i.alert,
                "severity": i.severity,
                "start": i.start,
                "end": i.end,
                "seconds": i.seconds,
                "bad": i.bad,
                "budget_spent": i.spent,
            }
            for i in row.incidents
        ],
        "exclusions": [{"reason": e.reason, "start": e.start, "end": e.end} for e in row.excluded],
    }


def _months(at: datetime, count: int) -> list[str]:
    """The names of the last months, the present one first."""
    first, found = at.replace(day=1), list[str]()
    for _ in range(count):
        found.append(month_of(first))
        first = (first - timedelta(days=1)).replace(day=1)
    return found


def recent_periods(at: datetime) -> list[str]:
    """What one may want a report of: the last twelve months, and the last four quarters."""
    months = _months(at, 12)
    quarters = dict.fromkeys(f"{name[:4]}-Q{(int(name[5:]) + 2) // 3}" for name in months)
    return [*months, *list(quarters)[:4]]
