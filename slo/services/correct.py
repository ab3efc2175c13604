"""Corrects a span of a ledger: reads it again from a source that remembers it, and shifts all that comes after.

The rows within the span are written anew from the source's answer; every later row moves by the difference, since
rows are running sums. All of it is one transaction that holds the watermark: a measurement on its way is dropped
whole and asked again, and if the span changed while the source was asked, nothing is done.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F

from slo.errors import BackfillError, BrownoutError, StaleWatermarkError
from slo.maths.ledger import Row, Sums
from slo.maths.windows import floor_to, format_duration, from_epoch, to_epoch
from slo.models import Correction, Measurement, Objective, Watermark
from slo.services import standing, thin
from slo.services.collect import ask, grain, query_of
from slo.services.record import history
from slo.sources import registry
from slo.sources.base import Source

# What is asked in one go, and the longest span of one correction.
SPAN, LONGEST = 3_600, 92 * 86_400
# Times the source is asked anew because the ledger changed meanwhile.
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be corrected and who answers for it."""

    since: datetime
    until: datetime
    by: str
    reason: str
    dry_run: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a correction did to an objective, or would do: the span (epoch seconds) and the differences in it.

    `lost` is the number of seconds that had been observed and the source does not know any more. `problem` says
    why nothing was done.
    """

    objective: str
    start: int = 0
    end: int = 0
    difference: Sums = field(default_factory=Sums)
    lost: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    """The rows that are to be between the first and the last of the old ones, and what that changes."""

    old: Sequence[Row]
    rows: Sequence[Row]
    difference: Sums
    lost: float


def correct(chosen: Sequence[Objective], order: Order, at: datetime) -> list[Outcome]:
    """Correct the span in the ledger of each of the objectives, one after the other.

    What is wrong with one is its outcome's problem and does not concern the others. Raises BackfillError for an
    order that makes no sense.
    """
    if order.since >= order.until:
        raise BackfillError("there is nothing to correct: --since must be before --until")
    if (order.until - order.since).total_seconds() > LONGEST:
        raise BackfillError(f"one correction covers at most {format_duration(LONGEST)}; correct in several steps")
    if not order.reason.strip() and not order.dry_run:
        raise BackfillError("a correction needs its reason: --reason, in words that still make sense in a year")
    return [_attempts(item, order, at) for item in chosen]


def _attempts(item: Objective, order: Order, at: datetime) -> Outcome:
    try:
        adapter = registry.build(item.source.kind, item.source.spec)
        if not adapter.replays:
            raise BackfillError(f"its source {item.source.name} knows only the present ({item.source.kind})")
        for _ in range(ATTEMPTS - 1):
            try:
                return _correct(item, adapter, order, at)
            except StaleWatermarkError:
                continue
        return _correct(item, adapter, order, at)
    except BrownoutError as error:
        return Outcome(item.name, problem=str(error))


def _correct(item: Objective, adapter: Source, order: Order, at: datetime) -> Outcome:
    base, top = _bounds(item, to_epoch(order.since), to_epoch(order.until))
    old = _rows(item, base, top)
    answer = _ask(item, adapter, old, to_epoch(at))
    found = Outcome(item.name, base, top, answer.difference, answer.lost)
    if order.dry_run:
        return found
    if answer.lost > 0 and not order.force:
        raise BackfillError(
            f"the source does not know {format_duration(int(answer.lost))} any more that were observed between "
            f"{_clock(base)} and {_clock(top)}; nothing was changed (--force takes its answer all the same)"
        )
    _write(item, answer, order, at)
    return found


def _bounds(item: Objective, low: int, high: int) -> tuple[int, int]:
    """The rows around the span: the last one up to its start and the first one from its end on."""
    rows = Measurement.objects.filter(objective=item).alias(rest=F("at") % grain(item)).filter(rest=0)
    instants = rows.order_by("at").values_list("at", flat=True)
    first, last = instants.first(), instants.last()
    # Outside the ledger there is nothing to correct: what lies before it is for a plain backfill.
    if first is None or last is None or low >= last or high <= first:
        raise BackfillError(f"its ledger has nothing between {_clock(low)} and {_clock(high)}")
    base = instants.filter(at__lte=low).last() or first
    top = instants.filter(at__gte=high).first() or last
    if base >= top:
        raise BackfillError(f"its ledger has nothing between {_clock(low)} and {_clock(high)}")
    return base, top


def _rows(item: Objective, base: int, top: int) -> list[Row]:
    rows = Measurement.objects.filter(objective=item, at__gte=base, at__lte=top).order_by("at")
    return [Row(at, Sums(*sums)) for at, *sums in rows.values_list("at", "good", "total", "observed")]


def _ask(item: Objective, adapter: Source, old: Sequence[Row], now: int) -> _Answer:
    """Work backwards from the last row, in sums relative to it; only then it is known what they amount to."""
    query, instants, step = query_of(item, {}), [row.at for row in old], max(grain(item), floor_to(SPAN, grain(item)))
    end, rows, lost = Row(old[-1].at, Sums()), list[Row](), 0.0
    while end.at > old[0].at:
        start = max(old[0].at, floor_to(end.at - 1, step))
        (reading,) = ask(adapter, [query], start, end.at, settings.TICK_SECONDS)
        if not reading.samples:
            raise BackfillError(
                reading.problem or f"the source has no answer between {_clock(start)} and {_clock(end.at)}"
            )
        part = history(end, start, reading.samples, lambda instant: _is_kept(instant, now))
        before = old[bisect_right(instants, end.at) - 1].sums - old[bisect_right(instants, start) - 1].sums
        lost += max(0.0, before.observed - (end.sums - part[0].sums).observed)
        end, rows = part[0], [*part, *rows]
    first, shift = old[0].sums, rows[0].sums
    whole = Sums() - shift
    made = [Row(row.at, first + row.sums - shift) for row in rows[1:]]
    return _Answer(old, [*made, Row(old[-1].at, first + whole)], whole - (old[-1].sums - first), lost)


def _is_kept(instant: int, now: int) -> bool:
    step = thin.step(now - instant)
    return step > 0 and instant % step == 0


def _write(item: Objective, answer: _Answer, order: Order, at: datetime) -> None:
    base, top, change = answer.old[0].at, answer.old[-1].at, answer.difference
    with transaction.atomic():
        list(Watermark.objects.select_for_update().filter(pk=item.pk))
        if _rows(item, base, top) != list(answer.old):
            raise StaleWatermarkError(
                f"{item.name} changed between {_clock(base)} and {_clock(top)} meanwhile; try again"
            )
        rows = Measurement.objects.filter(objective=item)
        rows.filter(at__gt=base, at__lte=top).delete()
        Measurement.objects.bulk_create(
            [
                Measurement(
                    objective=item, at=row.at, good=row.sums.good, total=row.sums.total, observed=row.sums.observed
                )
                for row in answer.rows
            ],
            batch_size=2_000,
        )
        rows.filter(at__gt=top).update(
            good=F("good") + change.good, total=F("total") + change.total, observed=F("observed") + change.observed
        )
        Watermark.objects.filter(pk=item.pk).update(version=F("version") + 1)
        standing.forget(pk=item.pk)
        Correction.objects.create(
            objective=item,
            at=at,
            start=base,
            end=top,
            good=change.good,
            total=change.total,
            observed=change.observed,
            forced=answer.lost > 0,
            by=order.by[:200],
            reason=order.reason.strip(),
        )


def _clock(instant: int) -> str:
    return f"{from_epoch(instant):%Y-%m-%d %H:%M:%S} UTC"
