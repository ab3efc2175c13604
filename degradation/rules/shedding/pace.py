"""How fast the loop may go: intervals between steps, dwell between directions, and flapping."""

from dataclasses import replace

from degradation.rules.shedding.policy import Policy
from degradation.rules.shedding.state import Direction, State
from slo.maths.windows import from_epoch


def stepped(state: State, policy: Policy, direction: Direction, now: int) -> State:
    """The state after a step; a change of direction is remembered, and too many of them double the dwell."""
    toggles, doublings = state.toggles, state.doublings
    if direction != state.direction:
        toggles = (*_recent(state, policy, now), now)
        doublings = doublings + 1 if len(toggles) >= policy.flap_toggles else 0
    return replace(state, direction=direction, stepped_at=now, toggles=toggles, doublings=doublings)


def ready(state: State, policy: Policy, direction: Direction) -> int:
    """The earliest instant of a step in that direction."""
    if state.stepped_at is None:
        return 0
    if direction != state.direction:
        return state.stepped_at + dwell(state, policy)
    ramping = direction == "restore" and state.ramp > 0
    return state.stepped_at + (policy.ramp_step if ramping else policy.step)


def dwell(state: State, policy: Policy) -> int:
    """Seconds between a step and one in the other direction."""
    # 32 doublings of a second are more than a century: no cap is higher.
    return max(policy.dwell, min(policy.dwell_cap, policy.dwell << min(state.doublings, 32)))


def flapping(state: State, policy: Policy, now: int) -> bool:
    """Has it changed direction so often, lately, that a person should look?"""
    return len(_recent(state, policy, now)) >= policy.flap_toggles


def clock(instant: int) -> str:
    """An instant in words."""
    return f"{from_epoch(instant):%H:%M:%S} UTC"


def _recent(state: State, policy: Policy, now: int) -> tuple[int, ...]:
    return tuple(at for at in state.toggles if at > now - policy.flap_span)
