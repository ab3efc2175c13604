"""SLIs that are a number at each instant: how much of the time it stands for is good."""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Test = Literal["success", "failure", "lt", "lte", "gt", "gte"]

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
SIGNS = {"lt": "<", "lte": "≤", "gt": ">", "gte": "≥"}
# How far a division may lead past 1, or a difference below 0.
SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Value:
    """A query that gives a ratio of successes or failures, or a number that is compared with `bound`."""

    query: str
    test: Test
    bound: float = 0.0

    def good(self, number: float) -> float | None:
        """The good share of the time the number stands for; None where it says nothing: NaN, or no ratio."""
        if math.isnan(number):
            return None
        if self.test in OPERATORS:
            return float(OPERATORS[self.test](number, self.bound))
        if not self.sound(number):
            return None
        ratio = min(1.0, max(0.0, number))
        return ratio if self.test == "success" else 1 - ratio

    def sound(self, number: float) -> bool:
        """Can the query give this? NaN is what a ratio of nothing is."""
        return self.test in OPERATORS or math.isnan(number) or -SLACK <= number <= 1 + SLACK


def value(sli: Mapping[str, Any]) -> Value | None:
    """The number an SLI, as it is stored, asks for; None when it counts events."""
    if "raw" in sli:
        return Value(sli["raw"], sli["raw_type"])
    return Value(sli["query"], sli["op"], sli["value"]) if "query" in sli else None
