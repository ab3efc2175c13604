"""What a report is made of: frozen rows, None where nothing is known."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from dashboards.presenters.report_period import ReportPeriod
from slo.maths.budget import Budget
from slo.maths.ledger import Window

WORST_DAYS = 5

Verdict = Literal["met", "missed", "no data"]


def verdict_of(window: Window, target: float) -> Verdict:
    """Was the promise kept?"""
    return "no data" if window.ratio is None else "met" if window.ratio >= target else "missed"


@dataclass(frozen=True, slots=True)
class Day:
    """A day's bad events, the share of the whole period's budget they were, and how fast they burned it."""

    day: datetime
    bad: float | None
    spent: float | None
    burn: float | None


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

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Effect:
    """What a step of the loop came to: the burn before and after, its cost in minutes, what it kept (events, and their
    share of the budget)."""

    step: int
    objective: str
    verdict: str
    before: float | None
    after: float | None
    minutes: float | None
    kept: float | None
    kept_share: float | None


@dataclass(frozen=True, slots=True)
class Shed:
    """A flag that was shed to save the service, and what came of it where that was measured."""

    flag: str
    start: datetime
    end: datetime
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One objective over the period; `before` is the whole period before it."""

    objective: str
    title: str
    service: str
    owner: str
    target: float
    window: Window
    before: Window
    budget: Budget
    days: tuple[Day, ...]
    incidents: tuple[Incident, ...]
    excluded: tuple[Excluded, ...]

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.window, self.target)

    @property
    def spent(self) -> float | None:
        """The share of the budget that is spent; above 1 when overspent."""
        return None if self.budget.remaining is None else 1 - self.budget.remaining

    @property
    def worst(self) -> tuple[Day, ...]:
        """The days with most bad events."""
        bad = [day for day in self.days if day.bad]
        return tuple(sorted(bad, key=lambda day: (-(day.bad or 0), day.day))[:WORST_DAYS])


@dataclass(frozen=True, slots=True)
class ServicePart:
    """A service's objectives, and what was shed for it; the tallies count all its objectives, shown or not."""

    name: str
    title: str
    owner: str
    tally: Counter[Verdict]
    tally_before: Counter[Verdict]
    rows: tuple[ReportRow, ...]
    sheds: tuple[Shed, ...]

    @property
    def total(self) -> int:
        return self.tally.total()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a report says; counts are of objectives, of which `left_out` have no row."""

    period: ReportPeriod
    at: datetime
    service: str
    owner: str
    parts: tuple[ServicePart, ...]

    @property
    def rows(self) -> tuple[ReportRow, ...]:
        return tuple(row for part in self.parts for row in part.rows)

    @property
    def total(self) -> int:
        return sum(part.total for part in self.parts)

    @property
    def left_out(self) -> int:
        return self.total - len(self.rows)

    def count(self, verdict: Verdict) -> int:
        return sum(part.tally[verdict] for part in self.parts)

    @property
    def met(self) -> int:
        return self.count("met")

    @property
    def missed(self) -> int:
        return self.count("missed")

    @property
    def tally_before(self) -> Counter[Verdict]:
        return sum((part.tally_before for part in self.parts), Counter[Verdict]())


def as_json(made: Report) -> Mapping[str, Any]:
    """The public form: ratios from 0 to 1, shares of the budget above 1 when overspent, None where nothing is known."""
    period, before = made.period, made.period.before()
    return {
        "period": {"name": period.name, "start": period.start, "end": period.end, "until": period.until},
        "as_of": made.at,
        "service": made.service or None,
        "owner": made.owner or None,
        "summary": {verdict: made.count(verdict) for verdict in ("met", "missed", "no data")},
        "before": {"name": before.name, **{name: made.tally_before[name] for name in ("met", "missed", "no data")}},
        "services": [_part_json(part) for part in made.parts],
    }


def _part_json(part: ServicePart) -> dict[str, Any]:
    return {
        "name": part.name,
        "title": part.title,
        "owner": part.owner,
        "sheds": [_shed_json(shed) for shed in part.sheds],
        "objectives": [_row_json(row) for row in part.rows],
    }


def _shed_json(shed: Shed) -> dict[str, Any]:
    found = shed.effect
    told = found and {
        "objective": found.objective,
        "verdict": found.verdict,
        "burn_before": found.before,
        "burn_after": found.after,
        "harm_minutes": found.minutes,
        "kept": found.kept,
        "kept_budget": found.kept_share,
    }
    return {"flag": shed.flag, "start": shed.start, "end": shed.end, "effect": told}


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
        "before": {"ratio": row.before.ratio, "verdict": verdict_of(row.before, row.target)},
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
