"""The rows of what the loop did: begun with a shed, judged by their effect, ended when the tier is back."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from alerts.services.remedies import tell_effect
from degradation.models import Flag, FlagChange, Shedding, ShedStep
from degradation.rules import harm as rules
from degradation.rules.harm import Dimmed
from degradation.rules.shedding import Decision, Policy, Signals, State
from degradation.rules.value import ALL
from degradation.selectors.shed_requests import requests_between
from degradation.services.changes import conflict
from degradation.services.signals import apart, effect
from slo import selectors as slo_selectors
from slo.maths.windows import from_epoch, to_epoch
from slo.models import Objective

Step = ShedStep.State


def note(
    row: Shedding, before: State, decision: Decision, signals: Signals, flags: Sequence[Flag], at: datetime
) -> None:
    """Write down what a decision did. Call inside its transaction."""
    policy = Policy.of(row.policy.spec) if row.policy else Policy()
    if decision.verdict is not None and decision.tried is not None:
        _judge(row, decision.tried, decision.verdict, signals, at)
    settle(row, decision.state, flags, at, decision.reason, calm=before.quiet_since)
    if decision.action == "shed":
        _begin(row, decision, signals, policy, flags, at)


def settle(
    row: Shedding, state: State, flags: Sequence[Flag], at: datetime, reason: str, calm: int | None = None
) -> None:
    """End the steps of tiers that are shed no more; from `calm` (epoch seconds) on nothing burned any longer."""
    for step in ShedStep.objects.filter(service=row.service, ended_at=None).exclude(tier__in=state.shed):
        end(step, flags, at, reason, calm=calm)


def end(step: ShedStep, flags: Sequence[Flag], at: datetime, reason: str, calm: int | None = None) -> None:
    """The tier is back: count what it cost and kept, and leave the other actions to be undone."""
    own = [flag for flag in flags if flag.key in step.flags]
    actions = [{**step.actions[0], "state": "undone"}, *step.actions[1:]] if step.actions else []
    undo = any(action["state"] in ("trying", "done", "undoing") for action in actions)
    taken_back = step.state == Step.COMPENSATING
    over = Step.COMPENSATED if taken_back else Step.UNDONE
    fields: dict[str, Any] = {
        "actions": [{**a, "state": "undone"} if a["state"] == "waiting" else a for a in actions],
        "state": (step.state if taken_back else Step.UNDOING) if undo else over,
        "ended_at": at,
        "ended_reason": reason,
        "due_at": None,
        "harm": {} if step.dry else _harm(step, own, at),
        "saved": _saved(step, own, at, calm),
    }
    if step.verdict == ShedStep.Verdict.PENDING:
        fields["verdict"] = ShedStep.Verdict.UNCLEAR
    update(step, fields)


def _begin(
    row: Shedding, decision: Decision, signals: Signals, policy: Policy, flags: Sequence[Flag], at: datetime
) -> None:
    tier, cause = decision.tier, decision.cause
    if tier is None or cause is None or ShedStep.objects.filter(service=row.service, tier=tier, ended_at=None).exists():
        return
    dry = decision.state.dry
    declared = [a for a in (row.policy.actions if row.policy else ()) if a["tier"] == tier]
    actions = [{"kind": "flags", "state": "would" if dry else "done", "tries": 0, "answer": ""}]
    actions += [{**action, "state": "would" if dry else "waiting", "tries": 0, "answer": ""} for action in declared]
    ShedStep.objects.create(
        service=row.service,
        tier=tier,
        flags=[flag.key for flag in flags if flag.tier == tier and flag.sheddable],
        objective=cause.objective,
        alert_id=cause.alert,
        dry=dry,
        reason=decision.reason,
        at=at,
        state=Step.STANDING if dry or not declared else Step.DOING,
        actions=actions,
        before=_before(cause.objective, signals, policy, flags, at),
        verdict=ShedStep.Verdict.UNCLEAR if dry else ShedStep.Verdict.PENDING,
    )


def _before(objective: str, signals: Signals, policy: Policy, flags: Sequence[Flag], at: datetime) -> dict[str, Any]:
    item, now = _objective(objective), to_epoch(at)
    found = {"seconds": policy.effect_after, "troubled": list(signals.troubled)}
    if item is None:
        return found
    told, counted = effect(item, now, now, policy.effect_after, flags)
    ratio = counted.bad / counted.total if counted and counted.total > 0 else None
    return {**found, "burn": told.before, "events": told.events, "bad_ratio": ratio}


def _judge(row: Shedding, tier: int, verdict: str, signals: Signals, at: datetime) -> None:
    found = signals.effect
    after = {"burn": found.after, "events": found.events, "troubled": list(signals.troubled)} if found else {}
    for step in ShedStep.objects.filter(service=row.service, tier=tier, ended_at=None):
        update(step, {"verdict": verdict, "measured_at": at, "after": after})
        if verdict != ShedStep.Verdict.UNCLEAR:
            helped = "helped" if verdict == ShedStep.Verdict.HELPED else "did not help"
            tell_effect(step.alert_id, f"shedding tier {tier} ({', '.join(step.flags)}) {helped}: {found}", at)


def update(step: ShedStep, fields: dict[str, Any]) -> None:
    same = ShedStep.objects.filter(pk=step.pk, version=step.version)
    if not same.update(version=step.version + 1, **fields):
        raise conflict(f"what is shed of {step.service}")
    step.version += 1
    for name, value in fields.items():
        setattr(step, name, value)


def _harm(step: ShedStep, flags: Iterable[Flag], at: datetime) -> dict[str, Any]:
    flags = list(flags)
    spans = [span for flag in flags for span in _dimmed(flag, step.at, at)]
    undone = requests_between([flag.pk for flag in flags], step.at, at)
    return {**rules.harm(spans), "requests": undone}


def _dimmed(flag: Flag, start: datetime, end: datetime) -> list[Dimmed]:
    """The spans between two instants at which the flag served less than all."""
    rows = list(FlagChange.objects.filter(flag=flag, at__gte=start, at__lte=end).order_by("at", "id"))
    instants = [(row.at, row.after_share) for row in rows]
    spans = zip(instants, [*(at for at, _ in instants[1:]), end], strict=True)
    return [
        Dimmed(flag.key, (until - since).total_seconds(), share, flag.users)
        for (since, share), until in spans
        if share < ALL
    ]


def _saved(step: ShedStep, flags: Sequence[Flag], at: datetime, calm: int | None) -> dict[str, Any]:
    item = _objective(step.objective)
    until = from_epoch(min(to_epoch(at), calm)) if calm is not None else at
    if step.dry or step.verdict != ShedStep.Verdict.HELPED or item is None or until <= step.at:
        return {}
    (window,) = slo_selectors.between(item, [to_epoch(step.at), to_epoch(until)])
    counted = apart(window, flags, item.name)
    if counted is None:
        return {}
    (status,) = slo_selectors.statuses(at, [item])
    return rules.saved(step.before.get("bad_ratio"), counted.total, counted.bad, status.budget.total)


def _objective(name: str) -> Objective | None:
    return slo_selectors.objectives().filter(name=name).first()
