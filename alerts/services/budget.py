"""Note which step of its error-budget policy each objective is in, and tell of every change."""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from alerts.models import BudgetChange, Channel, Delivery
from alerts.selectors import budget_standing
from slo.maths.budget_policy import Step
from slo.maths.status import Status
from slo.models import BudgetPolicy, Objective

log = logging.getLogger(__name__)

# A budget that has come to a step is no reason to wake anybody: without named channels, those that hear of these.
SEVERITY = "ticket"


def note_steps(at: datetime, judged: Iterable[tuple[Objective, Status]]) -> int:
    """Record every change of step, each with its deliveries. Returns their number.

    What goes wrong is logged and undone; alerts do not depend on it.
    """
    try:
        with transaction.atomic():
            standing = budget_standing()
            concerned = [pair for pair in judged if pair[1].facts.budget_policy or _holds(standing, pair[0])]
            changes = [change for pair in concerned if (change := _change(at, *pair, standing.get(pair[0].pk)))]
            return _record(changes) if changes else 0
    except Exception:
        log.exception("The steps of the error-budget policies could not be noted at %s", at)
        return 0


def _holds(standing: dict[int, BudgetChange], objective: Objective) -> bool:
    last = standing.get(objective.pk)
    return last is not None and bool(last.after)


def _change(at: datetime, objective: Objective, status: Status, last: BudgetChange | None) -> BudgetChange | None:
    policy, remaining = status.facts.budget_policy, status.unspent
    held = last.level if last and last.after else None
    step = policy.settled(held, remaining) if policy else None
    before, after = last.after if last else "", step.action if step else ""
    if (before, held) == (after, step.remaining if step else None):
        return None
    return BudgetChange(
        objective=objective,
        at=at,
        policy=policy.name if policy else "",
        before=before,
        after=after,
        level=step.remaining if step else None,
        remaining=remaining,
        text=_text(step, bound=policy is not None),
    )


def _text(step: Step | None, *, bound: bool) -> str:
    if step:
        return step.text
    return "" if bound else "no error-budget policy is bound to it any more"


def _record(changes: list[BudgetChange]) -> int:
    present = set(
        Objective.objects.select_for_update()
        .filter(pk__in=[c.objective_id for c in changes])
        .values_list("pk", flat=True)
    )
    channels = list(Channel.objects.filter(enabled=True))
    named = dict(BudgetPolicy.objects.values_list("name", "channels"))
    written = 0
    for change in changes:
        # It may have been deleted since it was judged.
        if change.objective_id not in present:
            continue
        change.save(force_insert=True)
        key = f"{change.objective.name}:budget:{change.pk}-{int(change.at.timestamp())}"
        wanted = named.get(change.policy, [])
        told = [c for c in channels if (c.name in wanted if wanted else SEVERITY in c.severities)]
        Delivery.objects.bulk_create(
            Delivery(budget_change=change, channel=channel, dedup_key=key, due_at=change.at) for channel in told
        )
        written += 1
    return written
