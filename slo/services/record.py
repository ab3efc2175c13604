"""Appends what was measured to the ledger: whole, once, and in order, whoever else is writing.

A batch is one transaction. It locks the watermarks it is about to move (a row lock on PostgreSQL; on SQLite the
transaction holds the only write lock from its start) and goes on only with those that still have the version the
reading was asked from; rows, cursor and watermark are committed together.
"""

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import DataError, IntegrityError, transaction
from django.db.models import OuterRef, Subquery

from slo.maths.ledger import Row, Sums
from slo.models import Measurement, Watermark
from slo.sources.base import Reading, Sample

log = logging.getLogger(__name__)

# Objectives a transaction: few round trips, and no long lock.
BATCH = 500
_MARK = ("version", "at", "cursor", "problem")
_SUMS = ("good", "total", "observed")


@dataclass(frozen=True, slots=True)
class Entry:
    """A reading with the watermark it was asked from and the instant of the row its first sample adds to.

    That row is the watermark's own or, where the tail was asked again, an earlier one.
    """

    mark: Watermark
    base: int
    reading: Reading


def begin(objectives: Iterable[int], at: int) -> None:
    """Start the ledger of each of these objectives (primary keys) at `at`, unless it has been started already."""
    wanted = list(objectives)
    with transaction.atomic():
        Watermark.objects.bulk_create(
            [Watermark(objective_id=pk, started=at, at=at) for pk in wanted], ignore_conflicts=True
        )
        # Where another worker was first, its row is the first one.
        mine = Watermark.objects.filter(pk__in=wanted, version=0, started=at, at=at).values_list("pk", flat=True)
        Measurement.objects.bulk_create(
            [Measurement(objective_id=pk, at=at, good=0, total=0, observed=0) for pk in mine], ignore_conflicts=True
        )


def append(entries: Sequence[Entry]) -> list[Watermark]:
    """Append the readings, revising rows after their base where the answer has changed.

    Returns the watermarks as they are now; those that another worker moved in the meantime are left out, and
    their readings dropped whole. An objective whose data cannot be stored does not keep the others from it.
    """
    done: list[Watermark] = []
    for start in range(0, len(entries), BATCH):
        done += _append(entries[start : start + BATCH])
    return done


def prepend(
    firsts: Mapping[int, int], readings: Sequence[Reading], start: int, kept: Callable[[int], bool]
) -> set[int]:
    """Put history before the first row of each ledger, from `start` on; running sums are negative there.

    `firsts` are the instants of the first rows by objective; `kept` tells which instants get a row besides
    `start`. No row that exists is touched. Returns the objectives whose ledgers begin at `start` now; where the
    first row is another by now, nothing is done.
    """
    answers = {reading.objective: reading for reading in readings if reading.samples}
    with transaction.atomic():
        marks = Watermark.objects.select_for_update().filter(pk__in=answers).order_by("pk")
        locked = {mark.pk: mark for mark in marks}
        before = first_rows(locked)
        done = {pk for pk in locked if pk in before and before[pk].at == firsts[pk] > start}
        rows = {pk: history(before[pk], start, answers[pk].samples, kept) for pk in done}
        Measurement.objects.bulk_create([_measurement(pk, row) for pk in done for row in rows[pk]])
        Watermark.objects.filter(pk__in=done).update(started=start)
    return done


def first_rows(objectives: Iterable[int]) -> dict[int, Row]:
    """The first row of each of these ledgers."""
    first = Measurement.objects.filter(objective=OuterRef("objective")).order_by("at").values("at")[:1]
    rows = Measurement.objects.filter(objective__in=list(objectives), at=Subquery(first))
    return {pk: Row(at, Sums(*sums)) for pk, at, *sums in rows.values_list("objective_id", "at", *_SUMS)}


def history(first: Row, start: int, samples: Sequence[Sample], kept: Callable[[int], bool]) -> list[Row]:
    """The rows from `start` on that lead up to the first row: nothing is known between the last sample and it."""
    running, rows = first.sums, []
    clean = _clean(start, samples)
    for end, sample in zip([start, *(sample.at for sample in clean)][::-1], [*clean[::-1], None], strict=True):
        if end < first.at and (kept(end) or end == start):
            rows.append(Row(end, running))
        if sample:
            running -= Sums(sample.good, sample.total, sample.observed)
    return rows[::-1]


def _append(entries: Sequence[Entry]) -> list[Watermark]:
    try:
        return _transaction(entries)
    except (DataError, IntegrityError, TypeError, ValueError, LookupError):
        if len(entries) == 1:
            log.exception("The reading of objective %s cannot be stored", entries[0].reading.objective)
            return []
    middle = len(entries) // 2
    return _append(entries[:middle]) + _append(entries[middle:])


def _transaction(entries: Sequence[Entry]) -> list[Watermark]:
    with transaction.atomic():
        wanted = [entry.mark.pk for entry in entries]
        locked = {mark.pk: mark for mark in Watermark.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
        fresh = [entry for entry in entries if _is_current(entry, locked)]
        rows = _rows(fresh)
        marks, changes = [], []
        for entry in fresh:
            mark = locked[entry.mark.pk]
            change = revision(mark.at, entry.base, rows[mark.pk], entry.reading.samples)
            changes.append((mark.pk, change))
            if _move(mark, entry.reading, change):
                marks.append(mark)
        _store(changes)
        Watermark.objects.bulk_create(
            marks, update_conflicts=True, unique_fields=["objective"], update_fields=list(_MARK)
        )
    return [locked[entry.mark.pk] for entry in fresh]


def _is_current(entry: Entry, locked: Mapping[int, Watermark]) -> bool:
    mark = locked.get(entry.mark.pk)
    return mark is not None and mark.version == entry.mark.version


def _rows(entries: Sequence[Entry]) -> dict[int, dict[int, Sums]]:
    """The rows of each objective from its base on; by base, since nearly all share one."""
    bases: dict[int, list[int]] = defaultdict(list)
    for entry in entries:
        bases[entry.base].append(entry.mark.pk)
    found: dict[int, dict[int, Sums]] = {entry.mark.pk: {} for entry in entries}
    for base, objectives in bases.items():
        rows = Measurement.objects.filter(objective__in=objectives, at__gte=base)
        for pk, at, *sums in rows.values_list("objective_id", "at", *_SUMS).iterator():
            found[pk][at] = Sums(*sums)
    return found


@dataclass(frozen=True, slots=True)
class Revision:
    """What an append changes: rows to write, instants whose row is gone, and where the ledger ends then."""

    rows: tuple[Row, ...]
    gone: tuple[int, ...]
    end: int


def revision(mark: int, base: int, rows: Mapping[int, Sums], samples: Sequence[Sample]) -> Revision:
    """Add samples up from the row at `base`, or from the one at `mark` where the tail must stay as it is.

    It stays when the source has now observed less of it than it once had (it lost data), and when the row at
    `base` is gone. `rows` are those from `base` on, and hold the one at `mark`. The ledger never ends earlier.
    """
    clean = _clean(base, samples)
    if not clean or clean[-1].at <= mark:
        return Revision((), (), mark)
    once = rows[mark].observed - rows[base].observed if base in rows else math.inf
    if _observed(base, mark, clean) < once:
        base, clean = mark, _after(mark, clean)
    running, new = rows[base], {}
    for sample in clean:
        running += Sums(sample.good, sample.total, sample.observed)
        new[sample.at] = running
    written = tuple(Row(at, sums) for at, sums in new.items() if rows.get(at) != sums)
    return Revision(written, tuple(at for at in rows if at > base and at not in new), clean[-1].at)


def _observed(base: int, mark: int, samples: Sequence[Sample]) -> float:
    """Seconds observed from `base` to `mark`; a sample across `mark` counts with what can lie before it."""
    starts = [base, *(sample.at for sample in samples)]
    spans = zip(starts, samples, strict=False)
    return math.fsum(min(sample.observed, mark - start) for start, sample in spans if start < mark)


def _after(mark: int, samples: Sequence[Sample]) -> list[Sample]:
    """The samples after `mark`. One that began before it (the tick was changed) would count events twice."""
    later = [sample for sample in samples if sample.at > mark]
    earlier = [sample.at for sample in samples if sample.at <= mark]
    if earlier and earlier[-1] < mark:
        later[0] = Sample(later[0].at, 0.0, 0.0, 0.0)
    return later


def _clean(base: int, samples: Sequence[Sample]) -> list[Sample]:
    """The samples after `base` in order; what is no number of events counts as not observed."""
    clean, before = [], base
    for sample in sorted(samples, key=lambda s: s.at):
        if sample.at > before:
            clean.append(sample if _is_sound(sample) else Sample(sample.at, 0.0, 0.0, 0.0))
            before = sample.at
    return clean


def _is_sound(sample: Sample) -> bool:
    if not all(math.isfinite(value) for value in (sample.good, sample.total, sample.observed)):
        return False
    # A bad counter may be read a moment after its total; taking that away here would lose an event for good.
    lowest = -max(5.0, 0.001 * sample.total)
    return sample.total >= 0 and sample.good >= lowest and sample.observed > 0


def _move(mark: Watermark, reading: Reading, change: Revision) -> bool:
    """Set the watermark to where the ledger ends now. Is there anything to store?"""
    before = (mark.at, mark.cursor, mark.problem)
    mark.at, mark.problem = change.end, reading.problem
    if reading.samples or reading.cursor:
        mark.cursor = dict(reading.cursor)
    if (mark.at, mark.cursor) != before[:2] or change.rows:
        mark.version += 1
    return (mark.at, mark.cursor, mark.problem) != before or bool(change.rows)


def _store(changes: Sequence[tuple[int, Revision]]) -> None:
    for pk, change in changes:
        if change.gone:
            Measurement.objects.filter(objective=pk, at__in=change.gone).delete()
    Measurement.objects.bulk_create(
        [_measurement(pk, row) for pk, change in changes for row in change.rows],
        update_conflicts=True,
        unique_fields=["objective", "at"],
        update_fields=list(_SUMS),
    )


def _measurement(objective: int, row: Row) -> Measurement:
    return Measurement(
        objective_id=objective, at=row.at, good=row.sums.good, total=row.sums.total, observed=row.sums.observed
    )
