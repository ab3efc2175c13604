"""Running sums and what they mean between two instants.

A ledger row holds everything counted since the ledger's origin, so any span is one subtraction of two rows
and stays event-exact however many rows between them are gone. Only differences carry meaning: history added
before the origin has negative sums.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sums:
    """Good events, all events, and seconds with data: at a row since the origin, or within a span."""

    good: float = 0.0
    total: float = 0.0
    observed: float = 0.0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.good + other.good, self.total + other.total, self.observed + other.observed)

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(self.good - other.good, self.total - other.total, self.observed - other.observed)


@dataclass(frozen=True, slots=True)
class Row:
    """The running sums at an instant (seconds since the epoch)."""

    at: int
    sums: Sums


@dataclass(frozen=True, slots=True)
class Window:
    """What was counted from `start` to `end` (seconds since the epoch), exclusions already taken out.

    `elapsed` is the length in seconds that could have been observed: the span less its exclusions.
    """

    start: int
    end: int
    sums: Sums
    elapsed: float

    @property
    def good(self) -> float | None:
        return self.sums.good if self.known else None

    @property
    def total(self) -> float | None:
        return self.sums.total if self.known else None

    @property
    def bad(self) -> float | None:
        """Bad events; never negative, since a bucket may be read a moment before its count."""
        return max(0.0, self.sums.total - self.sums.good) if self.known else None

    @property
    def known(self) -> bool:
        """Was anything observed? An idle span is known, an unobserved one is not."""
        return self.sums.observed > 0

    @property
    def ratio(self) -> float | None:
        """Good share of the events, 0 to 1; None without events: no data is neither good nor bad."""
        if not self.known or self.sums.total <= 0:
            return None
        return min(1.0, max(0.0, self.sums.good / self.sums.total))

    @property
    def completeness(self) -> float:
        """Observed share of the span, 0 to 1."""
        return min(1.0, self.sums.observed / self.elapsed) if self.elapsed > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open seconds since the epoch: [start, end)."""

    start: int
    end: int


def merge(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    """The spans clipped to [start, end), overlapping ones joined, in order; empty ones dropped."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda s: s.start):
        low, high = max(span.start, start), min(span.end, end)
        if low >= high:
            continue
        if merged and low <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(high, merged[-1].end))
        else:
            merged.append(Span(low, high))
    return merged


def clip(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """The part within [start, end) of spans that `merge` has put in order."""
    low = bisect_right(spans, start, key=lambda span: span.end)
    high = bisect_left(spans, end, key=lambda span: span.start)
    return [Span(max(span.start, start), min(span.end, end)) for span in spans[low:high]]


def window(start: int, end: int, first: Row, last: Row, holes: Sequence[tuple[Span, Row, Row]] = ()) -> Window:
    """Subtract two rows, then each excluded span (with the rows at its bounds).

    `first` and `last` are the rows at or before `start` and `end`.
    """
    sums, elapsed = last.sums - first.sums, float(end - start)
    for span, low, high in holes:
        sums -= high.sums - low.sums
        elapsed -= span.end - span.start
    return Window(start, end, sums, elapsed)
