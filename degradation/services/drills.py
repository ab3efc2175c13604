"""Drills: a tier dimmed on purpose for a few users and a short time, to know that its fallback works."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from alerts import selectors as alerts_selectors
from degradation.errors import ConflictError, DrillError
from degradation.models import Drill, Flag, FlagChange, Shedding
from degradation.rules import drills as rules
from degradation.rules.drills import Figure, Plan
from degradation.rules.shedding import FIRST, Policy, State
from degradation.rules.value import ALL, check_reason
from degradation.services import automation
from degradation.services.changes import change
from slo import selectors as slo_selectors
from slo.errors import NotFoundError
from slo.maths.status import SHORT
from slo.maths.windows import from_epoch, to_epoch
from slo.models import Service

log = logging.getLogger(__name__)
Outcome = Drill.Outcome
ENDED = {"drill": "", "drill_to": ALL, "drill_until": None}


def start(
    service: str,
    tier: int,
    *,
    share: int,
    seconds: int,
    user: User | None,
    reason: str,
    at: datetime,
    planned: datetime | None = None,
) -> Drill:
    """Dim a tier for `share` percent of users and `seconds`. It ends by itself, whatever happens to us.

    Raises NotFoundError, OverrideError without a reason, DrillError when it may not begin.
    """
    reason = check_reason(reason)
    found = Service.objects.filter(name=service).first()
    if found is None:
        raise NotFoundError(f"There is no service named {service!r}")
    _check(tier, share, seconds)
    flags = _drillable(found, tier)
    figures = _figures(found, at)
    _object(found, flags, figures, at)
    until = at + timedelta(seconds=seconds)
    fields = {"share": share, "planned": planned, "reason": reason, "started_by": user, "started_at": at}
    before = [{"objective": f.objective, "before": f.burn, "after": None} for f in figures]
    try:
        with transaction.atomic():
            drill = Drill.objects.create(
                service=found, tier=tier, flags=[flag.key for flag in flags], until=until, figures=before, **fields
            )
            marks = {"drill": str(drill.pk), "drill_to": ALL - share, "drill_until": until}
            for flag in flags:
                change(flag, at, FlagChange.Cause.DRILLED, reason, marks, actor=user, until=until)
    except IntegrityError:
        raise DrillError(f"A drill of {service} is under way or was played already") from None
    return drill


def abort(pk: int, *, user: User | None, reason: str, at: datetime) -> None:
    """End a drill early. Raises NotFoundError, or DrillError when it is over."""
    reason = check_reason(reason)
    drill = Drill.objects.filter(pk=pk).select_related("service").first()
    if drill is None:
        raise NotFoundError(f"There is no drill {pk}")
    if drill.ended_at is not None or drill.until <= at:
        raise DrillError("The drill is over already")
    _end(drill, Outcome.ABORTED, reason, at, user)


def end_due(at: datetime) -> None:
    """End what has run its time, and what somebody would notice."""
    for drill in Drill.objects.filter(ended_at=None).select_related("service"):
        try:
            if drill.until <= at:
                _end(drill, Outcome.PASSED, "it ran its time", drill.until, None)
            elif why := _objection(drill.service, _figures(drill.service, at)):
                _end(drill, Outcome.ABORTED, why, at, None)
        except ConflictError:
            log.info("Somebody changed the flags of drill %s meanwhile; it is looked at again", drill.pk)


def begin_planned(at: datetime) -> None:
    """Begin what policies plan for now. Drills begin by themselves only where the loop may act by itself."""
    switch = automation.present()
    if not switch.automatic or switch.dry_run:
        return
    for row in Shedding.objects.filter(policy__isnull=False).select_related("policy", "service"):
        for stored in row.policy.drills if row.policy else ():
            plan = Plan.of(stored)
            due = plan.due(to_epoch(at))
            if due is not None:
                _begin(row.service, plan, from_epoch(due), at)


def _begin(service: Service, plan: Plan, planned: datetime, at: datetime) -> None:
    if Drill.objects.filter(service=service, tier=plan.tier, planned=planned).exists():
        return
    left = int((planned + timedelta(seconds=plan.seconds) - at).total_seconds())
    if left < rules.SHORTEST:
        return
    try:
        start(
            service.name,
            plan.tier,
            share=plan.share,
            seconds=left,
            user=None,
            reason=f"planned for {planned:%Y-%m-%d %H:%M} UTC",
            at=at,
            planned=planned,
        )
    except DrillError as error:
        log.info("The drill of tier %s of %s waits: %s", plan.tier, service, error)
    except ConflictError:
        log.info("Somebody changed flags of %s meanwhile; its drill begins at the next tick", service)


def _check(tier: int, share: int, seconds: int) -> None:
    if tier < FIRST:
        raise DrillError("Tier 1 is not drilled: it is never shed by itself")
    if not 1 <= share <= rules.LARGEST_SHARE:
        raise DrillError(f"A drill concerns from 1 to {rules.LARGEST_SHARE} percent of users, not {share}")
    if not rules.SHORTEST <= seconds <= rules.LONGEST:
        raise DrillError(f"A drill lasts from {rules.SHORTEST} s to {rules.LONGEST // 3_600} h")


def _drillable(service: Service, tier: int) -> list[Flag]:
    flags = [flag for flag in Flag.objects.filter(service=service, tier=tier) if flag.sheddable and flag.splits]
    if not flags:
        raise DrillError(f"Tier {tier} of {service} has no flag that can be dimmed for a share of users")
    return flags


def _object(service: Service, flags: Sequence[Flag], figures: Sequence[Figure], at: datetime) -> None:
    row = Shedding.objects.filter(service=service).first()
    if row is not None and State.of(row.state).shed and not State.of(row.state).dry:
        raise DrillError(f"{service} is shed in part already")
    forced = [flag.key for flag in flags if flag.marks().forced(at)]
    if forced:
        raise DrillError(f"{forced[0]} is forced by hand")
    why = _objection(service, figures)
    if why is not None:
        raise DrillError(f"Not while {why}")


def _objection(service: Service, figures: Sequence[Figure]) -> str | None:
    row = Shedding.objects.filter(service=service).select_related("policy").first()
    policy = Policy.of(row.policy.spec) if row and row.policy else Policy()
    pages = [
        alert.subject
        for alert in alerts_selectors.firing()
        if alert.severity == "page" and alert.service_id == service.pk
    ]
    return rules.objection(pages, figures, policy.drill_burn, policy.min_events)


def _figures(service: Service, at: datetime) -> list[Figure]:
    found = slo_selectors.statuses(at, slo_selectors.objectives(service.name))
    return [Figure(status.name, status.burns[SHORT], status.windows[SHORT].sums.total) for status in found]


def _end(drill: Drill, outcome: str, reason: str, at: datetime, user: User | None) -> None:
    after = {figure.objective: figure.burn for figure in _figures(drill.service, at)}
    figures = [{**known, "after": after.get(known["objective"])} for known in drill.figures]
    with transaction.atomic():
        same = Drill.objects.filter(pk=drill.pk, ended_at=None)
        if not same.update(ended_at=at, outcome=outcome, ended_reason=reason, figures=figures):
            return
        for flag in Flag.objects.filter(drill=str(drill.pk)):
            share = flag.drill_to if flag.drill_until and at <= flag.drill_until else None
            change(flag, at, FlagChange.Cause.DRILL_ENDED, reason, ENDED, actor=user, before_share=share)
