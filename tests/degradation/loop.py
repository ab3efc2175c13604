"""The loop played on made-up signals, evaluation by evaluation."""

from dataclasses import replace
from typing import Any

from degradation.rules.shedding import (
    Burn,
    Decision,
    Policy,
    Signals,
    State,
    decide,
)

# Everything at once: how a tier comes back by shares has tests of its own.
POLICY = Policy(ramp=())
ALL = frozenset({1, 2, 3, 4})
HOUR = 3_600
START = 1_772_452_800


def burn(over_long: float | None = 20, over_short: float | None = 20, **changes: Any) -> Burn:
    fast = Burn("checkout", HOUR, 300, 14.4, over_long, over_short, events=5_000, alert=7)
    return replace(fast, **changes)


def slow(over_long: float | None = 7, over_short: float | None = 7, **changes: Any) -> Burn:
    return burn(over_long, over_short, long=6 * HOUR, short=1_800, factor=6.0, **changes)


CALM = burn(0.1, 0.0, alert=None)


def signals(*burns: Burn, troubled: tuple[str, ...] = (), tiers: frozenset[int] = ALL) -> Signals:
    return Signals(burns, troubled, tiers)


class Loop:
    """Plays evaluations 30 seconds apart and keeps the steps as (seconds since the start, action, tier)."""

    def __init__(self, policy: Policy = POLICY, state: State | None = None) -> None:
        self.policy, self.state, self.now = policy, state or State(), START
        self.steps: list[tuple[int, str, int | None]] = []
        self.last: Decision | None = None

    def play(self, seconds: int, given: Signals, tick: int = 30) -> "Loop":
        for _ in range(0, seconds, tick):
            self.now += tick
            self.last = decide(given, self.state, self.policy, self.now)
            self.state = self.last.state
            if self.last.action != "hold":
                self.steps.append((self.now - START, self.last.action, self.last.tier))
        return self

    @property
    def reason(self) -> str:
        assert self.last is not None
        return self.last.reason


HOT, COOL = signals(burn()), signals(CALM)
