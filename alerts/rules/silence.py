"""Which silence holds an alert, by its labels and the hour."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from alerts.rules.matchers import Matcher, matches_all
from slo.maths.recurrence import Recurrence
from slo.maths.windows import from_epoch, to_epoch

Phase = Literal["active", "coming", "ended"]

# How far ahead the next occurrence of a rule is looked for: the rarest rules come back once in four years.
_AHEAD = timedelta(days=4 * 366)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A silence: alerts whose labels fulfil all `matchers` are not told of from `start` until `end`.

    With a `recurrence` it comes back. `ended_at` ends it for good before its time; `cut_until` is the end of an
    occurrence that was cut short. Instants are aware.
    """

    pk: int
    matchers: tuple[Matcher, ...]
    start: datetime
    end: datetime
    recurrence: Recurrence | None = None
    ended_at: datetime | None = None
    cut_until: datetime | None = None

    def until(self, at: datetime) -> datetime | None:
        """The end of the occurrence that is in force at an instant; None when there is none."""
        if self._over(at) or (self.cut_until is not None and at < self.cut_until):
            return None
        if self.recurrence is None:
            return self.end if self.start <= at < self.end else None
        second = to_epoch(at)
        # Occurrences that overlap hold as one.
        ends = [from_epoch(span.end) for span in self.recurrence.spans(second, second + 1)]
        return max((end for end in ends if end > at), default=None)

    def coming(self, at: datetime) -> tuple[datetime, datetime] | None:
        """The first occurrence that begins after an instant: its start and end."""
        if self._over(at):
            return None
        if self.recurrence is None:
            return (self.start, self.end) if self.start > at else None
        begin = to_epoch(max(at, self.start - timedelta(seconds=1)))
        spans = self.recurrence.spans(begin, begin + int(_AHEAD.total_seconds()))
        return next(((from_epoch(s.start), from_epoch(s.end)) for s in spans if from_epoch(s.start) > at), None)

    def phase(self, at: datetime) -> Phase:
        """Is it in force, still to come (again), or over?"""
        if self.until(at):
            return "active"
        return "coming" if self.coming(at) else "ended"

    def holds(self, labels: Mapping[str, str], at: datetime) -> bool:
        """Is an alert with these labels silenced by it?"""
        return self.until(at) is not None and matches_all(self.matchers, labels)

    def _over(self, at: datetime) -> bool:
        return self.ended_at is not None and at >= self.ended_at


def holding(silences: Iterable[Quiet], labels: Mapping[str, str], at: datetime) -> Quiet | None:
    """The silence that holds an alert: of several the one in force for longest, then the oldest."""
    found = [silence for silence in silences if silence.holds(labels, at)]
    return max(found, key=lambda silence: (silence.until(at), -silence.pk), default=None)
