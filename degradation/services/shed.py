"""The reaction: where a policy is bound to a service, shed while its pages burn and restore after recovery."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction

from alerts import selectors as alerts_selectors
from alerts.models import Alert
from degradation import selectors
from degradation.errors import ConflictError
from degradation.models import Flag, FlagChange, Shedding
from degradation.rules.shedding import Burn, Decision, Policy, Signals, State, decide
from degradation.services.changes import change, keep
from degradation.services.flags import RESTORED
from slo import selectors as slo_selectors
from slo.maths.ledger import Window
from slo.maths.status import Status
from slo.maths.windows import to_epoch

log = logging.getLogger(__name__)
Cause = FlagChange.Cause


def shed(at: datetime) -> None:
    """One evaluation of every service that has a policy. A service that fails does not hold up the others.

    Raises ExceptionGroup at the end with what failed.
    """
    pages: dict[int, dict[str, Alert]] = defaultdict(dict)
    for alert in alerts_selectors.firing():
        if alert.severity == "page" and alert.kind == Alert.Kind.BURN and alert.objective:
            pages[alert.objective.service_id][alert.objective.name] = alert
    failures: list[Exception] = []
    for row in Shedding.objects.filter(policy__isnull=False).select_related("policy", "service"):
        _attempt(partial(_react, row, pages[row.pk], at), str(row.service), failures)
    _attempt(partial(_restore_unbound, at), "the services without a policy", failures)
    if failures:
        raise ExceptionGroup("shedding failed in part", failures)


def _attempt(step: Callable[[], None], what: str, failures: list[Exception]) -> None:
    try:
        step()
    except ConflictError:
        log.info("Somebody changed flags of %s meanwhile; it is decided again at the next tick", what)
    except Exception as error:
        log.exception("Shedding of %s failed", what)
        failures.append(error)


def _react(row: Shedding, pages: Mapping[str, Alert], at: datetime) -> None:
    policy = Policy(**row.policy.spec) if row.policy else Policy()
    state, flags = State.of(row.state), list(Flag.objects.filter(service=row.service))
    signals = _signals(row, state, pages, flags, at)
    decision = decide(signals, state, policy, to_epoch(at))
    words = _words(decision)
    with transaction.atomic():
        # While nothing is afoot and nothing new is to be told, there is nothing to write.
        if not (state.idle and decision.state.idle and words == row.reason):
            keep(row, decision.state, at, words)
        _mark(flags, decision, at)


def _signals(row: Shedding, state: State, pages: Mapping[str, Alert], flags: Iterable[Flag], at: datetime) -> Signals:
    tiers = frozenset(flag.tier for flag in flags)
    names = {*pages, *(entry.objective for entry in state.entries)}
    if not names:
        return Signals(tiers=tiers)
    chosen = slo_selectors.objectives(row.service.name).filter(name__in=names)
    burns = [burn for status in slo_selectors.statuses(at, chosen) for burn in _burns(status, pages)]
    troubled = [item.name for item in selectors.health(at, row.service) if item.status in ("warn", "down")]
    return Signals(tuple(burns), tuple(troubled), tiers)


def _burns(status: Status, pages: Mapping[str, Alert]) -> list[Burn]:
    alert = pages.get(status.name)
    return [
        Burn(
            status.name,
            window.long,
            window.short,
            window.factor,
            _burn(status, window.long),
            _burn(status, window.short),
            status.windows[window.long].sums.total,
            alert.pk if alert else None,
        )
        for window in status.facts.policy
        if window.severity == "page"
    ]


def _burn(status: Status, length: int) -> float | None:
    # A feature that is switched off may leave nothing to count; seen and idle, it burns nothing.
    return 0.0 if _idle(status.windows[length]) else status.burns[length]


def _idle(window: Window) -> bool:
    return window.known and window.sums.total <= 0


def _words(decision: Decision) -> str:
    done = {"shed": f"shed tier {decision.tier}: ", "restore": f"restored tier {decision.tier}: ", "hold": ""}
    return done[decision.action] + decision.reason


def _mark(flags: Sequence[Flag], decision: Decision, at: datetime) -> None:
    """Make the flags' marks what the state says, whatever was applied, moved or missed since the last time."""
    for flag in flags:
        shed, wanted = flag.shed_at is not None, decision.state.sheds(flag.tier)
        mine = decision.tier == flag.tier
        if wanted and not shed:
            reason = decision.reason if mine else f"tier {flag.tier} of its service is shed"
            alert = decision.cause.alert if mine and decision.cause else _alert(flags)
            marks = {"shed_at": at, "shed_by_id": alert, "shed_reason": reason}
            change(flag, at, Cause.SHED, reason, marks, alert=alert)
        elif shed and not wanted:
            reason = decision.reason if mine else f"tier {flag.tier} of its service is not shed"
            change(flag, at, Cause.RESTORED, reason, RESTORED, alert=flag.shed_by_id)


def _alert(flags: Iterable[Flag]) -> int | None:
    return next((flag.shed_by_id for flag in flags if flag.shed_by_id), None)


def _restore_unbound(at: datetime) -> None:
    """Bring back what is shed of services that no policy sheds any more: nobody else would."""
    reason = "no shedding policy is bound to its service any more"
    for flag in Flag.objects.filter(shed_at__isnull=False).exclude(service__shedding__policy__isnull=False):
        with transaction.atomic():
            change(flag, at, Cause.RESTORED, reason, RESTORED, alert=flag.shed_by_id)
    for row in Shedding.objects.filter(policy=None).exclude(reason=reason):
        keep(row, State(), at, reason)
