"""Quantiles of a histogram, as near as its buckets tell."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

# Fewer events than this tell no quantile; a high one also needs an event beyond it.
FEW = 10


@dataclass(frozen=True, slots=True)
class Quantile:
    """A value in the unit of the histogram; `beyond`: it lies somewhere above, where there is no boundary left."""

    value: float
    beyond: bool = False


def quantile(share: float, buckets: Iterable[tuple[float, float]]) -> Quantile | None:
    """The value that `share` (0 to 1) of the events do not exceed, by linear interpolation within its bucket.

    `buckets` are (upper bound, events up to it), the last one +Inf; the lowest begins at 0. Counts read a moment apart
    may fall from bound to bound: the highest so far counts, as in Prometheus's histogram_quantile. None where there are
    too few events, or no sound numbers.
    """
    found = _rising(buckets)
    if len(found) < 2 or found[-1][0] != math.inf:
        return None
    total = found[-1][1]
    if total < least(share):
        return None
    rank, low, below = share * total, 0.0, 0.0
    for bound, events in found:
        if events >= rank:
            if bound == math.inf:
                return Quantile(low, beyond=True)
            if bound <= 0:
                return Quantile(bound)
            inside = events - below
            return Quantile(low + (bound - low) * ((rank - below) / inside if inside > 0 else 1.0))
        low, below = max(bound, 0.0), events
    return None


def least(share: float) -> int:
    """How many events it takes to tell this quantile: 100 for the 99th percentile."""
    return max(FEW, math.ceil(1 / (1 - share) - 1e-9)) if share < 1 else FEW


def _rising(buckets: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    highest = 0.0
    for bound, events in sorted(buckets):
        if math.isnan(bound) or not math.isfinite(events):
            return []
        highest = max(highest, events)
        found.append((bound, highest))
    return found
