"""What is known of a service when the loop decides."""

from dataclasses import dataclass

from degradation.rules.shedding.policy import USUAL_DAYS
from slo.maths.windows import format_duration


@dataclass(frozen=True, slots=True)
class Burn:
    """How fast an objective burns over the two windows of a page, and the alert that fires for it, if one does.

    Burn rates are None without data, and 0 where it was seen that nothing happened. `days` is the objective's period.
    """

    objective: str
    long: int
    short: int
    factor: float
    burn_long: float | None
    burn_short: float | None
    events: float
    alert: int | None = None
    days: float = USUAL_DAYS

    @property
    def hot(self) -> bool:
        """Is it a page that burns at its factor or faster, in both windows?"""
        if self.alert is None or self.burn_long is None or self.burn_short is None:
            return False
        return self.burn_long >= self.factor and self.burn_short >= self.factor

    def __str__(self) -> str:
        long, short = format_duration(self.long), format_duration(self.short)
        return f"{self.objective} burns {times(self.burn_long)} over {long} and {times(self.burn_short)} over {short}"


@dataclass(frozen=True, slots=True)
class Effect:
    """How fast an objective burned for some minutes before a step and for as long after it, and on how many events.

    None without data. The events are the fewer ones of both times.
    """

    objective: str
    before: float | None
    after: float | None
    events: float = 0

    def __str__(self) -> str:
        return f"{self.objective} burned {times(self.before)} before and {times(self.after)} after"


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of a service now: its page windows, second signals in words, and the tiers of its flags.

    `dimmed` is the share (0 to 1) of all flags of the installation that are dimmed now, `adds` what a tier of this
    service would add. `effect` is that of the step whose effect is due. Unless it `may_shed`, only restoring goes on.
    """

    burns: tuple[Burn, ...] = ()
    troubled: tuple[str, ...] = ()
    tiers: frozenset[int] = frozenset()
    dimmed: float = 0.0
    adds: tuple[tuple[int, float], ...] = ()
    effect: Effect | None = None
    may_shed: bool = True


def times(burn: float | None) -> str:
    """A burn rate in words."""
    return "an unknown rate" if burn is None else f"{burn:.3g}×"
