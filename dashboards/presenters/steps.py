"""Which step of its error-budget policy an objective is in, as pages show it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts import selectors as alerts
from alerts.models import BudgetChange
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from slo.maths.status import Status
from slo.models import Objective


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step that applies. `level` and `remaining` are shares of the budget; `since` is None until it is noted."""

    objective: str
    title: str
    policy: str
    badge: Badge
    text: str
    level: float
    remaining: float | None
    since: datetime | None


def step_rows(chosen: Sequence[Objective], statuses: Iterable[Status]) -> tuple[StepRow, ...]:
    """One row for each of the objectives that is in a step, the strictest first."""
    found = [(item, status) for item, status in zip(chosen, statuses, strict=True) if status.step]
    standing = alerts.budget_standing() if found else {}
    rows = [_row(item, status, standing.get(item.pk)) for item, status in found]
    return tuple(sorted(rows, key=lambda row: (row.badge.rank, row.remaining or 0.0, row.objective)))


def _row(item: Objective, status: Status, last: BudgetChange | None) -> StepRow:
    policy, step = status.facts.budget_policy, status.step
    assert policy is not None  # noqa: S101 only those in a step come here
    assert step is not None  # noqa: S101
    return StepRow(
        objective=item.name,
        title=str(item),
        policy=policy.name,
        badge=badges.step(step.action),
        text=step.text,
        level=step.remaining,
        remaining=status.unspent,
        since=last.at if last and last.after == step.action else None,
    )
