"""Note which step of its error-budget policy each objective is in; while one stands, an alert says so."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from alerts.models import Alert, BudgetChange, about
from alerts.rules import words
from alerts.rules.machine import Decision
from alerts.rules.policy import Timing
from alerts.selectors import budget_standing
from alerts.services.cases import Case, Key, consider
from slo.maths.budget_policy import Step
from slo.maths.status import Status
from slo.models import BudgetPolicy, Objective

log = logging.getLogger(__name__)

# A budget that has come to a step is no reason to wake anybody.
SEVERITY = "ticket"


@dataclass(frozen=True, slots=True)
class Standing:
    """The step an objective is in (None for none), by which policy, and what is left of the budget."""

    step: Step | None
    policy: str
    remaining: float | None
    # Who is told of it; those who hear of tickets, if nobody is named.
    channels: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What the step asks for, or why there is none."""
        if self.step:
            return self.step.text
        return "" if self.policy else "no error-budget policy is bound to it any more"

    @property
    def cause(self) -> str:
        """The same with all there is to know, in words that stand on their own."""
        left = "" if self.remaining is None else f" ({words.percent(self.remaining)} of the budget left)"
        told = self.step.title if self.step else "Nothing is to be done any more"
        policy = f"policy {self.policy}" if self.policy else ""
        return "; ".join(text.rstrip(". ") for text in (f"{told}{left}", self.text, policy) if text)


def steps(judged: Sequence[tuple[Objective, Status]], at: datetime) -> dict[int, Standing]:
    """Where each objective stands that is, or was, concerned, by primary key; every change of step is recorded.

    What goes wrong is logged and undone; alerts of burns do not depend on it.
    """
    try:
        with transaction.atomic():
            last = budget_standing()
            concerned = [(item.pk, status) for item, status in judged if _holds(status, last.get(item.pk))]
            named = dict(BudgetPolicy.objects.values_list("name", "channels")) if concerned else {}
            found = {pk: _standing(status, last.get(pk), named) for pk, status in concerned}
            _record(list(_changes(judged, found, last, at)))
            return found
    except Exception:
        log.exception("The steps of the error-budget policies could not be noted at %s", at)
        return {}


def cases(item: Objective, now: Standing | None, book: Mapping[Key, Alert], at: datetime) -> Iterator[Case]:
    """The case of the step that stands; another step is another episode, so the alert of the one before ends."""
    key = (Alert.Kind.BUDGET, item.name, SEVERITY)
    alert = book.get(key)
    if now is None or (alert is None and now.step is None):
        return
    level = {"step": {"level": now.step.remaining, "action": now.step.action}} if now.step else {}
    if alert and now.step and alert.figures.get("step") != level["step"]:
        ended = consider(key, about(item), alert, False, at, Timing(), now.cause, alert.figures)
        # It has no time to fade: it is not gone but followed by another.
        yield replace(ended, decision=Decision("resolved", at))
        alert = None
    kept = level or (alert.figures if alert else {})
    case = consider(key, about(item), alert, now.step is not None, at, Timing(), now.cause, kept)
    yield replace(case, channels=now.channels)


def _holds(status: Status, last: BudgetChange | None) -> bool:
    return status.facts.budget_policy is not None or (last is not None and bool(last.after))


def _standing(status: Status, last: BudgetChange | None, named: Mapping[str, Sequence[str]]) -> Standing:
    policy = status.facts.budget_policy
    held = last.level if last and last.after else None
    step = policy.settled(held, status.unspent) if policy else None
    name = policy.name if policy else ""
    return Standing(step, name, status.unspent, tuple(named.get(name, ())))


def _changes(
    judged: Iterable[tuple[Objective, Status]],
    found: Mapping[int, Standing],
    standing: Mapping[int, BudgetChange],
    at: datetime,
) -> Iterator[BudgetChange]:
    for item, _ in judged:
        now, last = found.get(item.pk), standing.get(item.pk)
        if now is None:
            continue
        before, held = (last.after, last.level) if last and last.after else ("", None)
        after, level = (now.step.action, now.step.remaining) if now.step else ("", None)
        if (before, held) != (after, level):
            yield BudgetChange(
                objective=item,
                at=at,
                policy=now.policy,
                before=before,
                after=after,
                level=level,
                remaining=now.remaining,
                text=now.text,
            )


def _record(changes: Sequence[BudgetChange]) -> None:
    # One may have been deleted since it was judged.
    wanted = [change.objective_id for change in changes]
    present = set(Objective.objects.select_for_update().filter(pk__in=wanted).values_list("pk", flat=True))
    BudgetChange.objects.bulk_create([change for change in changes if change.objective_id in present])
