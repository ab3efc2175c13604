"""Where the loop stands for a service, to be kept between evaluations."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

# Tier 1 is critical: only people dim it. NOTHING is one past the least important tier.
FIRST, NOTHING = 2, 5
NORMAL = 100

Direction = Literal["", "shed", "restore"]


@dataclass(frozen=True, slots=True)
class Entry:
    """The window of an objective that made the loop shed: what has to calm down before anything comes back."""

    objective: str
    long: int
    short: int
    factor: float


@dataclass(frozen=True, slots=True)
class Trial:
    """A step whose effect is still to be measured, on the objective that it was taken for."""

    tier: int
    at: int
    objective: str


@dataclass(frozen=True, slots=True)
class State:
    """Where the loop stands: the tiers that are shed, and what share (percent) of the most important one is back.

    `futile` are tiers whose shedding did not help, each with the instant until which it is not tried again.
    """

    shed: tuple[int, ...] = ()
    ramp: int = 0
    trial: Trial | None = None
    futile: tuple[tuple[int, int], ...] = ()
    entries: tuple[Entry, ...] = ()
    hot: int = 0
    quiet_since: int | None = None
    direction: Direction = ""
    stepped_at: int | None = None
    toggles: tuple[int, ...] = ()
    doublings: int = 0
    evaluated_at: int | None = None
    dry: bool = False

    @property
    def level(self) -> int:
        """The most important tier that is shed; NOTHING if none is."""
        return min(self.shed, default=NOTHING)

    @property
    def idle(self) -> bool:
        """Nothing is shed and nothing builds up: the passing of time changes nothing."""
        return not self.shed and self.hot == 0

    def sheds(self, tier: int) -> bool:
        """Are flags of this tier shed, at least for some users? Those of tier 1 never are."""
        return tier >= FIRST and tier in self.shed

    def served(self, tier: int) -> int:
        """The percentage of users that have the tier back."""
        if not self.sheds(tier):
            return NORMAL
        return self.ramp if tier == self.level else 0

    def without(self, tier: int) -> "State":
        """The state with this tier back, whole."""
        left = tuple(other for other in self.shed if other != tier)
        trial = None if self.trial and self.trial.tier == tier else self.trial
        after = replace(self, shed=left, ramp=0 if tier == self.level else self.ramp, trial=trial)
        return after if left else replace(after, entries=(), quiet_since=None)

    def is_futile(self, tier: int, now: int) -> bool:
        """Was it tried in vain, a short while ago?"""
        return any(other == tier and now < until for other, until in self.futile)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "State":
        """The state out of `as_json`; a fresh one out of nothing."""
        known = {name: value for name, value in stored.items() if name in cls.__dataclass_fields__}
        # Before tiers came back by shares, all from a level on were shed.
        if "level" in stored and "shed" not in stored:
            known["shed"] = range(max(FIRST, stored["level"]), NOTHING)
        trial = known.get("trial")
        return cls(
            **{
                **known,
                "shed": tuple(known.get("shed", ())),
                "trial": Trial(**trial) if trial else None,
                "futile": tuple((tier, until) for tier, until in known.get("futile", ())),
                "entries": tuple(Entry(**entry) for entry in known.get("entries", ())),
                "toggles": tuple(known.get("toggles", ())),
            }
        )
