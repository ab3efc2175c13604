"""Rows of objectives, as tables show them on several pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboards import formats
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from dashboards.sparkline import Bar, Sparkline, budget_bar, sparkline
from slo import selectors
from slo.maths.burn import burn_rate
from slo.maths.ledger import Window
from slo.maths.status import HOUR, Status
from slo.models import Objective

# A day of half hours.
TREND_STEP, TREND_COUNT = 1_800, 48


@dataclass(frozen=True, slots=True)
class ObjectiveRow:
    """An objective in a table. Ratios from 0 to 1; None where nothing is known."""

    name: str
    title: str
    service: str
    service_title: str
    target: float
    sli: float | None
    completeness: float
    remaining: float | None
    bar: Bar
    trend: Sparkline
    burn: float | None
    badge: Badge
    problem: str


def objective_rows(at: datetime, chosen: Sequence[Objective], statuses: Iterable[Status]) -> list[ObjectiveRow]:
    """One row for each chosen objective, given their statuses in the same order."""
    trends = selectors.trends(chosen, at, TREND_STEP, TREND_COUNT)
    return [_row(item, status, trends.get(item.pk, [])) for item, status in zip(chosen, statuses, strict=True)]


def rows_of(at: datetime, keys: Sequence[int]) -> dict[int, ObjectiveRow]:
    """The rows of these objectives (primary keys) at `at`, by key, in their order."""
    found = {item.pk: item for item in selectors.objectives().filter(pk__in=keys)}
    chosen = [found[pk] for pk in keys if pk in found]
    rows = objective_rows(at, chosen, selectors.statuses(at, chosen))
    return {item.pk: row for item, row in zip(chosen, rows, strict=True)}


def by_least_budget(row: ObjectiveRow) -> tuple[bool, float, int, str]:
    """Sort key: the least budget first, what is not known last."""
    return row.remaining is None, row.remaining or 0.0, row.badge.rank, row.name


def _row(item: Objective, status: Status, trend: Sequence[Window]) -> ObjectiveRow:
    return ObjectiveRow(
        name=item.name,
        title=str(item),
        service=item.service.name,
        service_title=str(item.service),
        target=item.target,
        sli=status.period.ratio,
        completeness=status.period.completeness,
        remaining=status.budget.remaining,
        bar=budget_bar(status.budget.remaining),
        trend=_trend(trend, item.target),
        burn=status.burns.get(HOUR),
        badge=badges.objective(status),
        problem=status.problem,
    )


def _trend(windows: Sequence[Window], target: float) -> Sparkline:
    burns = [_burn(window, target) for window in windows]
    highest = max((burn for burn in burns if burn is not None), default=None)
    words = "no data" if highest is None else f"at most {formats.factor(highest)}"
    return sparkline(burns, f"Burn rate of the last 24 hours: {words}")


def _burn(window: Window, target: float) -> float | None:
    """An idle half hour burns nothing; an unobserved one is unknown."""
    return burn_rate(window.ratio, target) if window.ratio is not None or not window.known else 0.0
