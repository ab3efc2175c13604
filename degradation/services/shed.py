"""The reaction: where a policy is bound to a service, shed while its pages burn and restore after recovery."""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from django.db import transaction

from alerts import selectors as alerts_selectors
from alerts.models import Alert
from alerts.services.raising import hold
from degradation.errors import ConflictError
from degradation.models import Automation, Flag, FlagChange, Shedding, ShedStep
from degradation.rules.shedding import Decision, Policy, Signals, State, decide, dwell, flapping
from degradation.services import automation, steps
from degradation.services.changes import change, conflict, keep
from degradation.services.flags import DRY, RESTORED
from degradation.services.marks import mark
from degradation.services.signals import dimmed, gather
from slo.maths.windows import format_duration, to_epoch

log = logging.getLogger(__name__)
Cause = FlagChange.Cause
UNBOUND = "no shedding policy is bound to its service any more"


def shed(at: datetime) -> None:
    """One evaluation of every service that has a policy. A service that fails does not hold up the others.

    Raises ExceptionGroup at the end with what failed.
    """
    pages: dict[int, dict[str, Alert]] = defaultdict(dict)
    for alert in alerts_selectors.firing():
        if alert.severity == "page" and alert.kind == Alert.Kind.BURN and alert.objective:
            pages[alert.objective.service_id][alert.objective.name] = alert
    failures: list[Exception] = []
    switch = automation.present()
    for row in Shedding.objects.filter(policy__isnull=False).select_related("policy", "service"):
        _attempt(partial(_react, row, pages[row.pk], switch, at), str(row.service), failures)
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


def _react(row: Shedding, pages: Mapping[str, Alert], switch: Automation, at: datetime) -> None:
    policy = Policy.of(row.policy.spec) if row.policy else Policy()
    flags = list(Flag.objects.filter(service=row.service))
    state = _mode(State.of(row.state), switch)
    signals = gather(row, state, pages, flags, policy, at)
    signals = replace(signals, may_shed=_may_shed(state, switch))
    decision = decide(signals, state, policy, to_epoch(at))
    if decision.state.dry:
        # Nothing was changed, so there is no effect to wait for.
        decision = replace(decision, state=replace(decision.state, trial=None))
    words = _words(decision)
    with transaction.atomic():
        if decision.action == "shed":
            _alone(row, signals, switch, flags, at)
        # While nothing is afoot and nothing new is to be told, there is nothing to write.
        if not (state.idle and decision.state.idle and words == row.reason and state == State.of(row.state)):
            keep(row, decision.state, at, words)
        mark(flags, decision, at)
        steps.note(row, state, decision, signals, flags, at)
    _page(row, decision.state, policy, at)


def _alone(row: Shedding, signals: Signals, switch: Automation, flags: Sequence[Flag], at: datetime) -> None:
    """The cap is on the flags of all services: one step at a time, on a share that is still what it was."""
    automation.hold_still(switch)
    if dimmed(flags, at)[0] != signals.dimmed:
        raise conflict(f"how much is dimmed beside {row.service}")


def _page(row: Shedding, state: State, policy: Policy, at: datetime) -> None:
    """A loop that goes to and fro needs a person: it pages for as long as it does."""
    restless = flapping(state, policy, to_epoch(at)) and not state.dry
    kind, subject = Alert.Kind.SHEDDING, row.service.name
    if not restless and not Alert.objects.filter(kind=kind, subject=subject, state__in=Alert.OPEN).exists():
        return
    span, turns, between = format_duration(policy.flap_span), len(state.toggles), format_duration(dwell(state, policy))
    hold(
        kind,
        subject,
        severity="page",
        title=f"Shedding of {row.service} goes to and fro",
        cause=f"{turns} changes of direction within {span}; it now waits {between} between"
        if restless
        else f"fewer than {policy.flap_toggles} changes of direction within {span}",
        condition=restless,
        at=at,
        service=row.service,
    )


def _mode(state: State, switch: Automation) -> State:
    """The state in earnest or in a dry run. What would have been shed is forgotten when it comes to be in earnest; what
    is really shed comes back really."""
    if state.dry and not switch.dry_run:
        return State(evaluated_at=state.evaluated_at)
    return replace(state, dry=True) if switch.dry_run and not state.shed else state


def _may_shed(state: State, switch: Automation) -> bool:
    if switch.dry_run:
        return state.dry
    return switch.automatic


def _words(decision: Decision) -> str:
    if decision.action == "hold":
        return decision.reason
    would = "would have " if decision.state.dry else ""
    done = {"shed": "shed", "ramp": f"brought back to {decision.share} %", "restore": "restored", "revert": "reverted"}
    return f"{would}{done[decision.action]} tier {decision.tier}: {decision.reason}"


def _restore_unbound(at: datetime) -> None:
    """Bring back what is shed of services that no policy sheds any more: nobody else would."""
    unbound = Flag.objects.exclude(service__shedding__policy__isnull=False)
    for flag in unbound.exclude(shed_at=None, dry_at=None):
        with transaction.atomic():
            if flag.shed_at is not None:
                change(flag, at, Cause.RESTORED, UNBOUND, RESTORED, alert=flag.shed_by_id)
            if flag.dry_at is not None:
                change(flag, at, Cause.WOULD_RESTORE, UNBOUND, DRY)
    for row in Shedding.objects.filter(policy=None).exclude(reason=UNBOUND):
        keep(row, State(), at, UNBOUND)
    bound = Shedding.objects.filter(policy__isnull=False).values("service")
    for step in ShedStep.objects.filter(ended_at=None).exclude(service__in=bound):
        with transaction.atomic():
            steps.end(step, _flags(step), at, UNBOUND)


def _flags(step: ShedStep) -> Sequence[Flag]:
    return list(Flag.objects.filter(service=step.service))
