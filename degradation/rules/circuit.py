"""A circuit: whether calls to a component are let through, and when that changes.

The semantics are resilience4j's (https://resilience4j.readme.io/docs/circuitbreaker). What was counted comes from
outside: the sliding window is one subtraction on the ledger, so nothing but the phase is stored, and a decision
depends on the stored state and its arguments alone. Instants are whole seconds since the epoch.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from slo.maths.windows import format_duration

Phase = Literal["closed", "open", "half-open", "forced open", "forced closed"]
Forced = Literal["forced open", "forced closed"]


@dataclass(frozen=True, slots=True)
class Settings:
    """When a circuit opens, for how long, and what closes it again. Times in seconds, rates from 0 to 1.

    It opens on at least `minimum_calls` within `window`, of which at least `failures` and the share `failure_rate`
    failed, or the share `slow_rate` was slow. The first opening lasts `open_for`; each re-opening `growth` times
    longer, up to `jitter` of it more by chance, `longest` at most. Half-open it looks at `permits` calls and closes
    when `successes` of them went well.
    """

    # resilience4j: 100 calls, 50 % failures or 100 % slow, 60 s open, 10 probes; under 50 % failures are 6 of 10.
    window: int = 60
    minimum_calls: int = 100
    failures: int = 0
    failure_rate: float = 0.5
    slow_rate: float = 1.0
    open_for: int = 60
    growth: float = 2.0
    jitter: float = 0.1
    longest: int = 600
    permits: int = 10
    successes: int = 6

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Settings":
        """What was said, and the defaults for the rest.

        Who counts failures to open asks for no more calls than that, as breakers that count failures do, and a short
        `permits` or a long `open_for` moves what depends on it.
        """
        said = dict(stored)
        if "failures" in said:
            said.setdefault("minimum_calls", said["failures"])
        if "permits" in said:
            said.setdefault("successes", said["permits"] // 2 + 1)
        said.setdefault("longest", max(cls().longest, said.get("open_for", 0)))
        return cls(**said)


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of a span: how many and how many of them failed; of `timed` ones, how many were slow."""

    total: float = 0.0
    failed: float = 0.0
    timed: float = 0.0
    slow: float = 0.0

    @property
    def sound(self) -> bool:
        """Are these numbers of calls?"""
        return all(math.isfinite(number) and number >= 0 for number in (self.total, self.failed, self.timed, self.slow))


@dataclass(frozen=True, slots=True)
class State:
    """Where a circuit stands since when. Open and forced phases have an end; `openings` counts them in a row."""

    phase: Phase = "closed"
    since: int = 0
    until: int | None = None
    openings: int = 0

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "State":
        return cls(**{name: stored[name] for name in cls.__dataclass_fields__ if name in stored})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def forced(self) -> bool:
        return self.phase.startswith("forced")


@dataclass(frozen=True, slots=True)
class Decision:
    """The state from now on, and why it is another one; without a reason it is the same."""

    state: State
    reason: str = ""


def counted_from(state: State, at: int, settings: Settings) -> int:
    """From which instant on the calls up to `at` decide: those of the window, and none from before the phase."""
    if state.phase == "half-open":
        return min(state.since, at)
    return min(max(state.since, at - settings.window), at)


def decide(state: State, calls: Calls | None, at: int, settings: Settings, luck: float) -> Decision:
    """What becomes of the circuit at `at`, given the calls since `counted_from`; None where nothing was observed.

    `luck` from 0 to 1 is the chance in how long it stays open. At most one change a decision: calls made while it was
    open are no probes. No data holds, and so does a clock that went back.
    """
    if at < state.since:
        return Decision(state)
    if state.until is not None:
        return _timed_out(state, state.until) if at >= state.until else Decision(state)
    if calls is None or not calls.sound:
        return Decision(state)
    if state.phase == "half-open":
        return _probed(state, calls, at, settings, luck)
    reason = _trouble(calls, settings)
    return Decision(_opened(state, at, settings, luck), reason) if reason else Decision(state)


def force(state: State, phase: Forced, at: int, until: int) -> State:
    """Held in a phase until an instant, whatever the traffic does."""
    return State(phase, at, until, state.openings)


def release(state: State, at: int) -> State:
    """No longer forced: after a cut it is tried out first, else it is closed with an empty window."""
    return State("half-open", at, None, state.openings) if state.phase == "forced open" else State("closed", at)


def open_seconds(openings: int, settings: Settings, luck: float) -> int:
    """How long the circuit stays open at its n-th opening in a row: from `open_for` to `longest`."""
    grown = min(settings.open_for * settings.growth ** min(openings - 1, 64), settings.longest)
    chance = min(1.0, max(0.0, luck)) if math.isfinite(luck) else 0.0
    return min(round(grown * (1 + settings.jitter * chance)), max(settings.longest, settings.open_for))


def _timed_out(state: State, until: int) -> Decision:
    # From that instant on, however late it is noticed.
    if state.forced:
        return Decision(release(state, until), "the time it was forced for is up")
    reason = f"its {format_duration(max(1, until - state.since))} are over: it is tried out"
    return Decision(State("half-open", until, None, state.openings), reason)


def _opened(state: State, at: int, settings: Settings, luck: float) -> State:
    openings = state.openings + 1
    return State("open", at, at + open_seconds(openings, settings, luck), openings)


def _trouble(calls: Calls, settings: Settings) -> str:
    """Why a closed circuit opens, if it does."""
    least = max(1, settings.minimum_calls)
    if calls.total >= least and calls.failed >= max(1, settings.failures):
        share = calls.failed / calls.total
        if share >= settings.failure_rate:
            return f"{_share(calls.failed, calls.total)} calls failed, opens from {settings.failure_rate:.0%}"
    if calls.timed >= least and calls.slow >= 1 and calls.slow / calls.timed >= settings.slow_rate:
        return f"{_share(calls.slow, calls.timed)} calls were slow, opens from {settings.slow_rate:.0%}"
    return ""


def _probed(state: State, calls: Calls, at: int, settings: Settings, luck: float) -> Decision:
    """Of more calls than permits, as many as permitted count, failed ones in proportion and rounded up."""
    tried = math.floor(min(calls.total, settings.permits))
    failed = math.ceil(tried * min(1.0, calls.failed / calls.total) - 1e-9) if tried else 0
    slow = calls.timed >= 1 and calls.slow / calls.timed >= settings.slow_rate
    if settings.permits - failed < settings.successes:
        return Decision(_opened(state, at, settings, luck), f"{failed} of {tried} probes failed")
    if tried - failed < settings.successes:
        return Decision(state)
    if slow:
        return Decision(_opened(state, at, settings, luck), f"{_share(calls.slow, calls.timed)} probes were slow")
    return Decision(State("closed", at), f"{tried - failed} of {tried} probes went well")


def _share(part: float, whole: float) -> str:
    return f"{part:,.0f} of {whole:,.0f}"
