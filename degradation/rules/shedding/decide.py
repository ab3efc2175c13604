"""One decision: a pure function of signals, state and policy, with its reason."""

from dataclasses import dataclass, replace
from typing import Literal

from degradation.rules.shedding.calm import doubt, helped, restless, worst
from degradation.rules.shedding.pace import clock, ready, stepped
from degradation.rules.shedding.policy import Policy
from degradation.rules.shedding.signals import Burn, Signals
from degradation.rules.shedding.state import FIRST, NORMAL, Entry, State, Trial
from slo.maths.windows import format_duration

Action = Literal["hold", "shed", "ramp", "restore", "revert"]
Verdict = Literal["helped", "no effect", "unclear"]

# Evaluations further apart than this were not "in a row": something stood still between them.
INTERRUPTION = 600


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now, why, and the state to keep. `tier` is the one to shed or bring back, `cause` what burns.

    `share` is the percentage of users that have the tier afterwards. `verdict` is on the step whose effect was due,
    that of the tier `tried`.
    """

    action: Action
    state: State
    reason: str
    tier: int | None = None
    cause: Burn | None = None
    share: int = 0
    verdict: Verdict | None = None
    tried: int | None = None


def decide(signals: Signals, state: State, policy: Policy, now: int) -> Decision:
    """At most one step, and never one that the policy forbids."""
    if state.evaluated_at is not None and now <= state.evaluated_at:
        return Decision("hold", state, "this instant was judged already")
    state = _observe(signals, state, policy, now)
    trial = state.trial
    if trial is None or now < trial.at + policy.effect_after:
        return _step(signals, state, policy, now)
    verdict = _verdict(signals, policy)
    state = replace(state, trial=None)
    if verdict == "no effect" and policy.revert and state.served(trial.tier) == 0:
        return _revert(signals, state, policy, trial, now)
    return replace(_step(signals, state, policy, now), verdict=verdict, tried=trial.tier)


def released(state: State, policy: Policy, now: int) -> State:
    """The state after a person restored everything: a step like any other, so the dwell holds before the next."""
    if not state.shed:
        return replace(state, hot=0)
    after = stepped(_empty(state), policy, "restore", now)
    return replace(after, hot=0, evaluated_at=max(now, state.evaluated_at or now))


def withdrawn(state: State, policy: Policy, tier: int, now: int) -> State:
    """The state after a step that could not be completed was taken back: it is not tried again for a while."""
    futile = *(known for known in state.futile if known[0] != tier), (tier, now + policy.retry)
    return replace(state.without(tier), futile=futile)


def _empty(state: State) -> State:
    return replace(state, shed=(), ramp=0, trial=None, entries=(), quiet_since=None)


def _step(signals: Signals, state: State, policy: Policy, now: int) -> Decision:
    enterable = [burn for burn in signals.burns if burn.hot and doubt(burn, signals, policy) is None]
    if enterable:
        return _enter(worst(enterable), signals, state, policy, now)
    hot = [burn for burn in signals.burns if burn.hot]
    if hot:
        burn = worst(hot)
        return Decision("hold", state, f"{burn}, but {doubt(burn, signals, policy)}")
    if not state.shed:
        return Decision("hold", state, "nothing burns fast enough to shed for")
    return _exit(signals, state, policy, now)


def _observe(signals: Signals, state: State, policy: Policy, now: int) -> State:
    """Count how long it has been hot or quiet. After an interruption, or without data, counting starts again."""
    interrupted = state.evaluated_at is not None and now - state.evaluated_at > INTERRUPTION
    for tier in state.shed:
        state = state if tier in signals.tiers else state.without(tier)
    known = {burn.objective for burn in signals.burns}
    entries = tuple(entry for entry in state.entries if entry.objective in known) if state.shed else ()
    futile = tuple(known for known in state.futile if now < known[1])
    state = replace(state, entries=entries, futile=futile, evaluated_at=now)
    enterable = any(burn.hot and doubt(burn, signals, policy) is None for burn in signals.burns)
    hot = 1 + (0 if interrupted else state.hot) if enterable else 0
    quiet = bool(state.shed) and restless(signals, state, policy) is None
    since = state.quiet_since if state.quiet_since is not None and not interrupted else now
    return replace(state, hot=min(hot, policy.evaluations), quiet_since=since if quiet else None)


def _verdict(signals: Signals, policy: Policy) -> Verdict:
    good = helped(signals.effect, policy)
    return "unclear" if good is None else "helped" if good else "no effect"


def _revert(signals: Signals, state: State, policy: Policy, trial: Trial, now: int) -> Decision:
    after = withdrawn(state, policy, trial.tier, now)
    reason = f"it did not help: {signals.effect}; not tried again before {clock(now + policy.retry)}"
    return Decision("revert", after, reason, trial.tier, share=NORMAL, verdict="no effect", tried=trial.tier)


def _enter(cause: Burn, signals: Signals, state: State, policy: Policy, now: int) -> Decision:
    if state.hot < policy.evaluations:
        return Decision("hold", state, f"{cause}: seen {state.hot} of {policy.evaluations} times in a row")
    tier = _next(signals, state, now)
    held = _held(tier, signals, state, policy, now)
    if tier is None or held is not None:
        return Decision("hold", state, f"{cause}{held}")
    after = stepped(state, policy, "shed", now)
    trial = None if tier in state.shed else Trial(tier, now, cause.objective)
    ramp = state.ramp if tier > state.level else 0
    after = replace(after, shed=tuple(sorted({*state.shed, tier})), ramp=ramp, trial=trial)
    entry = Entry(cause.objective, cause.long, cause.short, cause.factor)
    if all(known.objective != entry.objective for known in state.entries):
        after = replace(after, entries=(*state.entries, entry))
    return Decision("shed", after, f"{cause}, page from {cause.factor:g}×{_doubled(state, after)}", tier, cause)


def _next(signals: Signals, state: State, now: int) -> int | None:
    """The least important tier with something left to give: one that is coming back, or one that is not shed."""
    left = [tier for tier in signals.tiers if tier >= FIRST and state.served(tier) > 0]
    return max((tier for tier in left if tier in state.shed or not state.is_futile(tier, now)), default=None)


def _held(tier: int | None, signals: Signals, state: State, policy: Policy, now: int) -> str | None:
    """What keeps the loop from shedding that tier now; None when nothing does."""
    if not signals.may_shed:
        return ", but automatic shedding is off"
    if tier is None:
        tried = "; what was tried in vain is left alone" if state.futile else ""
        shed = "everything that may be shed is shed" if state.shed else "there is nothing that may be shed"
        return f", and {shed}{tried}"
    if state.trial is not None:
        due = clock(state.trial.at + policy.effect_after)
        return f": what shedding tier {state.trial.tier} changes is known at {due}"
    at = ready(state, policy, "shed")
    if now < at:
        return f": the next step comes at {clock(at)} at the earliest"
    dimmed = signals.dimmed + (0 if tier in state.shed else dict(signals.adds).get(tier, 0.0))
    if dimmed > policy.max_dimmed + 1e-9 and tier not in state.shed:
        return f", but with tier {tier} {dimmed:.0%} of all flags would be dimmed (at most {policy.max_dimmed:.0%})"
    return None


def _exit(signals: Signals, state: State, policy: Policy, now: int) -> Decision:
    why = restless(signals, state, policy)
    if why is not None or state.quiet_since is None:
        return Decision("hold", state, f"holding what is shed: {why}")
    if state.trial is not None:
        due = clock(state.trial.at + policy.effect_after)
        return Decision("hold", state, f"what shedding tier {state.trial.tier} changed is known at {due}")
    tier = state.level
    at = max(ready(state, policy, "restore"), state.quiet_since + policy.exit_for)
    if now < at:
        what = f"tier {tier} goes on coming back" if state.ramp else "the next tier returns"
        return Decision("hold", state, f"calm since {clock(state.quiet_since)}; {what} at {clock(at)}")
    share = min((stage for stage in policy.ramp if state.ramp < stage < NORMAL), default=NORMAL)
    after = stepped(state, policy, "restore", now)
    after = after.without(tier) if share == NORMAL else replace(after, ramp=share)
    reason = f"calm for {format_duration(now - state.quiet_since)}{_doubled(state, after)}"
    return Decision("restore" if share == NORMAL else "ramp", after, reason, tier, share=share)


def _doubled(before: State, after: State) -> str:
    return "; too many changes of direction, so the dwell is doubled" if after.doublings > before.doublings else ""
