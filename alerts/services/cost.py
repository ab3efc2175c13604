"""What episodes cost, from the ledger."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

from alerts.models import Alert
from alerts.rules import words
from alerts.selectors_cost import allowed, begins
from alerts.services.cases import Case
from slo import selectors
from slo.maths.status import Status
from slo.maths.windows import to_epoch
from slo.models import Objective

log = logging.getLogger(__name__)

Judged = Sequence[tuple[Objective, Status]]


def costed(groups: Sequence[Sequence[Case]], judged: Judged) -> list[list[Case]]:
    """The cases, and in those of burns that end the share of their period's budget that was spent meanwhile.

    What cannot be found out is logged and left out: it must not keep an alert from ending.
    """
    ending = [case for group in groups for case in group if case.ends and case.key[0] == Alert.Kind.BURN]
    shares = _spent(ending, judged) if ending else {}
    return [[_told(case, shares.get(case.key)) for case in group] for group in groups]


def _spent(ending: Sequence[Case], judged: Judged) -> Mapping[tuple[str, str, str], float | None]:
    by_name = {item.name: (item, status) for item, status in judged}
    try:
        spans = [_span(case, *by_name[case.key[1]]) for case in ending]
        windows = selectors.windows(spans)
    except Exception:
        log.exception("What %s alerts cost is not known", len(ending))
        return {}
    left = [allowed(by_name[case.key[1]][1]) for case in ending]
    bad = [window.bad for window in windows]
    return {
        case.key: None if lost is None or not budget else lost / budget
        for case, lost, budget in zip(ending, bad, left, strict=True)
    }


def _span(case: Case, item: Objective, status: Status) -> tuple[Objective, int, int]:
    """The episode as it is costed: it ends when no window was above its factor any more."""
    assert case.alert is not None  # noqa: S101 only an open one ends
    end = case.decision.quiet_since or status.as_of
    return item, begins(case.alert.opened_at, status), to_epoch(end)


def _told(case: Case, share: float | None) -> Case:
    if share is None:
        return case
    return replace(case, cost=share, cause=f"{case.cause}; it cost {words.percent(share)} of the budget")
