"""Thins the ledger with age. Running sums stay true at the rows that remain, so nothing is recomputed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q

from slo.maths.windows import to_epoch
from slo.models import Heartbeat, Measurement, Watermark
from slo.services.heartbeat import beat
from slo.services.record import first_rows

HOUR, DAY = 3_600, 86_400
# The part of the pipeline whose last sign of life tells how far thinning has come.
NAME = "thin"
# Objectives a statement, so that none deletes more than some ten thousand rows.
OBJECTIVES = 25


@dataclass(frozen=True, slots=True)
class Band:
    """From `age` seconds on, rows are kept at multiples of `step` seconds (0: not at all).

    `slice` is how much time one statement looks at.
    """

    age: int
    step: int
    slice: int


# Every tick for 6 hours, then a minute up to 3 days, 5 minutes up to 35 days, an hour up to 13 months.
POLICY = (
    Band(6 * HOUR, 60, 6 * HOUR),
    Band(3 * DAY, 300, 2 * DAY),
    Band(35 * DAY, HOUR, 14 * DAY),
    Band(396 * DAY, 0, 120 * DAY),
)


def step(age: int) -> int:
    """The distance in seconds of the rows that are kept at that age in seconds; 1 keeps all, 0 keeps none."""
    return next((band.step for band in reversed(POLICY) if age >= band.age), 1)


def thin(at: datetime) -> int:
    """Delete the rows that the policy no longer asks for at `at`. Returns how many.

    The last row of every ledger stays, and the first one as long as it is not too old. Rows that were written
    for an age already passed by (after a long outage) go when they reach the next band.
    """
    now = to_epoch(at)
    last = Heartbeat.objects.filter(name=NAME).first()
    since = min(to_epoch(last.at), now) if last else None
    objectives = list(Watermark.objects.order_by("pk").values_list("pk", flat=True))
    deleted = 0
    for low in range(0, len(objectives), OBJECTIVES):
        chunk = objectives[low : low + OBJECTIVES]
        first = min((row.at for row in first_rows(chunk).values()), default=now)
        for band in POLICY:
            begin = first if since is None else max(first, since - band.age)
            deleted += sum(_delete(chunk, band, *span) for span in _slices(begin, now - band.age, band.slice))
    beat(NAME, at)
    return deleted


def _slices(start: int, end: int, length: int) -> Iterator[tuple[int, int]]:
    for low in range(start, end, length):
        yield low, min(end, low + length)


def _delete(objectives: Sequence[int], band: Band, start: int, end: int) -> int:
    rows = Measurement.objects.filter(objective__in=objectives, at__gte=start, at__lt=end)
    kept = Q(at=OuterRef("at"))
    if band.step:
        kept |= Q(started=OuterRef("at"))
        rows = rows.alias(rest=F("at") % band.step).exclude(rest=0)
    ends = Watermark.objects.filter(kept, objective=OuterRef("objective"))
    return rows.filter(~Exists(ends)).delete()[0]
