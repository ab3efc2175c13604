"""Reads: what an episode costs its objective, from the ledger."""

from collections.abc import Sequence
from datetime import datetime

from alerts.models import Alert
from slo import selectors
from slo.maths.status import Status
from slo.maths.windows import to_epoch
from slo.models import Objective


def begins(opened: datetime, status: Status) -> int:
    """Where an episode begins (epoch seconds): a short window before its alert opened, within which it was set off."""
    return to_epoch(opened) - min((window.short for window in status.facts.policy), default=0)


def allowed(status: Status) -> float | None:
    """The bad events the whole period leaves room for."""
    return (status.at_end.budget if status.at_end else status.budget).total


def spending(of: Alert, instants: Sequence[datetime], at: datetime) -> list[float | None]:
    """The share of its period's budget the episode had spent by each of some instants; None where it is not known.

    Only a burn spends a budget. Nothing after its end counts: it is never more than what it cost in the end.
    """
    item: Objective | None = of.objective
    if item is None or of.kind != Alert.Kind.BURN or not instants:
        return [None] * len(instants)
    (status,) = selectors.statuses(min(at, of.ended_at or at), [item])
    budget, start = allowed(status), begins(of.opened_at, status)
    ends = [max(to_epoch(instant), start) for instant in instants]
    windows = selectors.windows([(item, start, end) for end in ends])
    most = float("inf") if of.spent is None else of.spent
    return [min(most, window.bad / budget) if budget and window.bad is not None else None for window in windows]
