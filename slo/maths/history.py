"""The rows of one ledger over a span: many windows, and what would have been judged at each instant."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime

from slo.maths.ledger import Row, Span, Sums, Window, clip, window
from slo.maths.status import SHORT, Facts, Status, judge
from slo.maths.windows import from_epoch, to_epoch


class Rows:
    """Rows in the order of time, and the spans that do not count."""

    def __init__(self, rows: Sequence[Row], holes: Sequence[Span] = ()) -> None:
        self._rows = rows
        self._holes = holes
        self._instants = [row.at for row in rows]

    def instants(self, start: int, end: int) -> list[int]:
        """The instants of the rows there are after `start` up to `end`."""
        return self._instants[bisect_right(self._instants, start) : bisect_right(self._instants, end)]

    def window(self, start: int, end: int) -> Window:
        """The window between two instants, exclusions taken out."""
        holes = [(s, self._row(s.start), self._row(s.end)) for s in clip(self._holes, start, end)]
        return window(start, end, self._row(start), self._row(end), holes)

    def judged(self, facts: Facts, since: datetime, until: datetime) -> Iterator[Status]:
        """The status at every instant after `since` up to `until` that has a row."""
        for at in self.instants(to_epoch(since), to_epoch(until)):
            begin, finish = facts.period.bounds(from_epoch(at))
            windows = {length: self.window(at - length, at) for length in facts.windows}
            yield judge(facts, self.window(to_epoch(begin), at), finish, windows, from_epoch(at), windows[SHORT])

    def _row(self, at: int) -> Row:
        if not self._rows:
            return Row(at, Sums())
        return self._rows[max(0, bisect_right(self._instants, at) - 1)]
