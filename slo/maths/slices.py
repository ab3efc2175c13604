"""Time slices: short spans that are judged one by one, and counted instead of events.

Source: OpenSLO, budgetingMethod. With Timeslices a slice is good or bad as a whole; with RatioTimeslices it is as good
as its ratio, so that the figure over a period is the average of its slices'.
"""

from dataclasses import dataclass
from typing import Literal

from slo.maths.ledger import Sums

Method = Literal["Timeslices", "RatioTimeslices"]

# A slice that was seen for less than this share of it is not judged: it would be a guess.
LEAST = 0.5


@dataclass(frozen=True, slots=True)
class Slices:
    """How slices of `window` seconds are judged; `target` is the ratio from which on one is good (Timeslices)."""

    method: Method
    window: int
    target: float = 1.0

    def judge(self, within: Sums) -> Sums:
        """A slice as one event, by what was counted within it.

        Half of it must have been observed, and it is then judged by that half; one in which nothing happened is
        observed and does not count: no events are neither good nor bad.
        """
        if within.observed < LEAST * self.window:
            return Sums()
        if within.total <= 0:
            return Sums(0.0, 0.0, within.observed)
        ratio = min(1.0, max(0.0, within.good / within.total))
        if self.method == "RatioTimeslices":
            return Sums(ratio, 1.0, within.observed)
        # 19 of 20 is 95 %, whatever the division says.
        return Sums(float(ratio >= self.target - 1e-12), 1.0, within.observed)

    def end(self, at: int) -> int:
        """The end of the slice that the seconds up to `at` belong to (epoch seconds)."""
        return at + -at % self.window
