"""What an episode cost, from the ledger."""

import logging
from dataclasses import replace
from datetime import datetime

from alerts.rules import words
from alerts.services.cases import Case
from slo import selectors
from slo.maths.status import Status
from slo.maths.windows import to_epoch
from slo.models import Objective

log = logging.getLogger(__name__)


def costed(case: Case, objective: Objective, status: Status) -> Case:
    """The case of a burn that ends, with the share of its period's budget that was spent meanwhile.

    What cannot be found out is logged and left out: it must not keep an alert from ending.
    """
    assert case.alert is not None  # noqa: S101 only an open one ends
    end = case.decision.quiet_since or status.as_of
    try:
        share = spent(objective, status, case.alert.opened_at, end)
    except Exception:
        log.exception("What the alert %s cost is not known", case.alert.pk)
        share = None
    if share is None:
        return case
    return replace(case, cost=share, cause=f"{case.cause}; it cost {words.percent(share)} of the budget")


def spent(objective: Objective, status: Status, start: datetime, end: datetime) -> float | None:
    """The bad events of an episode as a share of the budget of its period; None where that is not known.

    The episode begins a short window before its alert opened: what set it off happened within that. Exclusions are
    taken out of it as of the budget.
    """
    left = status.at_end.budget if status.at_end else status.budget
    shorts = [window.short for window in status.facts.policy]
    low, high = to_epoch(start) - min(shorts, default=0), to_epoch(end)
    [window] = selectors.between(objective, [low, high])
    return window.bad / left.total if window.bad is not None and left.total else None
