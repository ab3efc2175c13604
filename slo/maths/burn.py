"""Burn rates and the multi-window policies that judge them.

Source of the table and the formulas: The Site Reliability Workbook, chapter 5, "Alerting on SLOs".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from slo.errors import PolicyError
from slo.maths.ledger import Window
from slo.maths.windows import format_duration

Severity = Literal["page", "ticket"]
SEVERITIES: tuple[Severity, ...] = ("page", "ticket")


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """Alert when the burn rate over both windows (seconds) is above `factor`."""

    severity: Severity
    long: int
    short: int
    factor: float

    def __str__(self) -> str:
        return f"{self.severity} {self.factor:g}× over {format_duration(self.long)} and {format_duration(self.short)}"


@dataclass(frozen=True, slots=True)
class BudgetShare:
    """A window stated by the share of the period's budget that may be spent before it alerts."""

    severity: Severity
    long: int
    short: int
    share: float


@dataclass(frozen=True, slots=True)
class Minimum:
    """The fewest events, and bad events, in its long window on which a burn window may alert.

    A burn rate says nothing when next to nothing happened: one failure of three requests at night burns 333 times
    too fast at a target of 99.9 %. The default asks for five bad events, so that an objective that fails exactly as
    often as it may pages falsely once in years: above a factor of 14.4 with five bad events, at most 5 / 14.4 = 0.35
    were due, and Poisson gives five or more of them once in 30,000 hours (with three it would be once a month). And
    for ten events, so that one client that tries the same thing over and over is not taken for everybody.
    """

    events: float = 10
    bad: float = 5

    def met(self, window: Window) -> bool:
        """Has enough happened in the window to judge it?"""
        total, bad = window.total, window.bad
        return total is not None and bad is not None and total >= self.events and bad >= self.bad


# SRE Workbook, table 5-8: recommended parameters; short window = long / 12.
SRE_TABLE = (
    BudgetShare("page", 3_600, 300, 0.02),
    BudgetShare("page", 21_600, 1_800, 0.05),
    BudgetShare("ticket", 86_400, 7_200, 0.10),
    BudgetShare("ticket", 259_200, 21_600, 0.10),
)

# Datadog's recommendation for seven days. The workbook's shares are meant for thirty: over a week they would alert at a
# burn rate of 0.23, at which the promise is kept with ease.
WEEK_TABLE = (
    BudgetShare("page", 3_600, 300, 0.10),
    BudgetShare("page", 21_600, 1_800, 0.20),
    BudgetShare("ticket", 86_400, 7_200, 0.40),
)
WEEK = 604_800
# Below this a burn rate leaves budget over at the end of the period (the workbook's lowest is 1, or 0.93 over 28 days).
LEAST_FACTOR = 0.9


def factor(share: float, period: int, long: int) -> float:
    """The burn rate that spends `share` of a budget of `period` seconds within `long` seconds."""
    return share * period / long


def scale(shares: tuple[BudgetShare, ...], period: int) -> tuple[BurnWindow, ...]:
    """The windows for a period in seconds; those not shorter than the period are left out."""
    return tuple(
        BurnWindow(s.severity, s.long, s.short, factor(s.share, period, s.long)) for s in shares if s.long < period
    )


def default_windows(period: int) -> tuple[BurnWindow, ...]:
    """The windows for a period in seconds that nothing else is said of; none for one of a few hours."""
    shares = WEEK_TABLE if period <= WEEK else SRE_TABLE
    return tuple(window for window in scale(shares, period) if window.factor >= LEAST_FACTOR)


def check(windows: tuple[BurnWindow, ...], target: float) -> None:
    """Refuse windows that can never fire: the highest burn rate there is, is 1 / (1 − target).

    Raises PolicyError naming the window.
    """
    highest = 1 / (1 - target)
    for window in windows:
        if window.short >= window.long:
            raise PolicyError(f"{window}: the short window must be shorter than the long one")
        # A billionth of slack: at 1 − 1/14.4 the two sides are equal but for rounding.
        if window.factor >= highest * (1 - 1e-9):
            raise PolicyError(
                f"{window} can never fire at a target of {target * 100:g} %: burn rates there stay below {highest:.4g}"
            )


def burn_rate(ratio: float | None, target: float) -> float | None:
    """How many times faster than allowed the budget is being spent; None where nothing is known."""
    return None if ratio is None else (1 - ratio) / (1 - target)


def exceeded(windows: tuple[BurnWindow, ...], burns: Mapping[int, float | None]) -> tuple[BurnWindow, ...]:
    """The windows whose burn rates (by window length in seconds) are both above their factor."""
    return tuple(w for w in windows if _above(burns.get(w.long), w.factor) and _above(burns.get(w.short), w.factor))


def _above(burn: float | None, factor: float) -> bool:
    return burn is not None and burn > factor


def seconds_to_detect(window: BurnWindow, target: float, error_ratio: float) -> float | None:
    """Seconds of a constant error ratio, from clean, until the long window is above its factor; None if never."""
    if error_ratio <= 0 or error_ratio / (1 - target) <= window.factor:
        return None
    return (1 - target) / error_ratio * window.factor * window.long


def seconds_to_reset(window: BurnWindow, target: float, error_ratio: float) -> float:
    """Seconds after the end of a long outage until the short window is below its factor again."""
    return window.short * (1 - window.factor * (1 - target) / error_ratio)
