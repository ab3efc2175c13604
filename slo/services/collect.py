"""Measures every objective: asks its source for what happened since its watermark, and records the answer.

Threads talk to the sources, one source each; this thread alone talks to the database. Sources are independent: a
slow or failing one holds up nobody else's numbers.
"""

import logging
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings

from slo.errors import BrownoutError
from slo.maths.values import value
from slo.maths.windows import floor_to, to_epoch
from slo.models import Objective, SourceState, Watermark
from slo.models import Source as SourceRow
from slo.services import slices
from slo.services.events import waiting
from slo.services.record import Entry, append, begin
from slo.services.split import split
from slo.sources import registry
from slo.sources.base import Query, Reading, Source
from slo.sources.events import Events

log = logging.getLogger(__name__)

# How far back (seconds) a source that replays is asked again, for samples that came late.
TAIL = 180
# Sources asked at the same time.
AT_ONCE = 16
# What is asked of a replaying source and committed in one go: after an outage, progress is kept from span to span.
OBJECTIVES, TICKS = 500, 240
INCOMPLETE = "its SLI needs a total query and either a good or a bad one"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Objectives of one source with the same base row, and the span they are asked about (epoch seconds).

    `grain` is the distance of their rows in seconds.
    """

    grain: int
    base: int
    start: int
    end: int
    marks: Mapping[int, Watermark]
    queries: Sequence[Query]


@dataclass(slots=True)
class Job:
    """What is left to ask of one source."""

    source: SourceRow
    adapter: Source
    chunks: deque[Chunk] = field(default_factory=deque)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the sources said: when one is at fault as a whole, `problem` is its text."""

    source: SourceRow
    problem: str = ""


def collect(at: datetime) -> None:
    """Measure every objective up to the last tick at or before `at`.

    What cannot be measured is told by the watermark's or the source's problem. Nothing happens for objectives
    that have been measured up to then or beyond, such as after the clock went back.
    """
    split(at)
    tick = settings.TICK_SECONDS
    end = floor_to(to_epoch(at), tick)
    wanted = list(Objective.objects.select_related("source").order_by("pk"))
    marks, started = _marks(wanted, end)
    jobs, outcomes = _jobs(wanted, marks, started, end, tick)
    _save([*outcomes, *_run(jobs, tick)], at)


def _marks(wanted: Sequence[Objective], end: int) -> tuple[dict[int, Watermark], set[int]]:
    """The watermark of each objective, and which of them have been started just now."""
    marks = {mark.pk: mark for mark in Watermark.objects.all()}
    new = {item.pk for item in wanted} - marks.keys()
    if new:
        begin_all([item for item in wanted if item.pk in new], end)
        marks |= {mark.pk: mark for mark in Watermark.objects.filter(pk__in=new)}
    return marks, new


def begin_all(new: Iterable[Objective], at: int) -> None:
    """Start the ledgers of these objectives at `at`, or at the end of the slice before."""
    by_grain: dict[int, list[int]] = defaultdict(list)
    for item in new:
        by_grain[grain(item)].append(item.pk)
    for size, pks in by_grain.items():
        begin(pks, floor_to(at, size))


def _jobs(
    wanted: Iterable[Objective], marks: Mapping[int, Watermark], started: set[int], end: int, tick: int
) -> tuple[list[Job], list[Outcome]]:
    """What to ask of each source, and the sources that cannot even be asked."""
    by_source: dict[int, list[Objective]] = defaultdict(list)
    for item in wanted:
        mark = marks.get(item.pk)
        if mark and (mark.at < end or (item.pk in started and mark.at <= end)):
            by_source[item.source_id].append(item)
    jobs, outcomes = [], []
    for items in by_source.values():
        source = items[0].source
        try:
            job = Job(source, registry.build(source.kind, source.spec))
        except BrownoutError as error:
            outcomes.append(Outcome(source, str(error)))
            continue
        job.chunks.extend(_chunks(job.adapter, items, marks, started, end, tick))
        jobs.append(job)
    return jobs, outcomes


def _chunks(
    adapter: Source, items: Sequence[Objective], marks: Mapping[int, Watermark], started: set[int], end: int, tick: int
) -> Iterator[Chunk]:
    """Objectives that stand at the same watermark are asked together; the freshest first."""
    groups: dict[Span, list[Query]] = defaultdict(list)
    sent = waiting(items, marks) if isinstance(adapter, Events) else {}
    for item in items:
        mark = marks[item.pk]
        span = _replayed(mark, grain(item), end, tick) if adapter.replays else _present(mark, item, end)
        known = mark.at if adapter.replays else span.start
        suspect = bool(mark.problem) and mark.at + tick < end
        # In the tick of its start an objective is asked all the same: it gives no rows, but a baseline or a problem.
        if known < span.end or item.pk in started:
            query = query_of(item, mark.cursor, suspect=suspect)
            if item.pk in sent:
                span, query = _sent(span, sent[item.pk].base, tick), replace(query, posts=sent[item.pk].posts)
            groups[span].append(query)
    size = OBJECTIVES if adapter.replays else len(items)
    for (step, base, start, last), queries in sorted(groups.items(), key=lambda group: group[0][1:3], reverse=True):
        for low in range(0, len(queries), size):
            part = queries[low : low + size]
            yield Chunk(step, base, start, last, {query.objective: marks[query.objective] for query in part}, part)


class Span(NamedTuple):
    """What an objective is asked about, as a chunk has it."""

    grain: int
    base: int
    start: int
    end: int


def _replayed(mark: Watermark, step: int, end: int, tick: int) -> Span:
    last = floor_to(end, step)
    # Whole minutes have a row whatever the tick is, or was.
    base = max(mark.started, floor_to(mark.at - TAIL, 60 if step == tick else step))
    return Span(step, base, min(base + -base % step, last - step), last)


def _present(mark: Watermark, item: Objective, end: int) -> Span:
    start = max(mark.at, slices.until(mark.cursor)) if item.slices() else mark.at
    return Span(grain(item), mark.at, start, end)


def _sent(span: Span, base: int, tick: int) -> Span:
    """The span from `base` on, where posts that came late are to be placed."""
    return span._replace(base=base, start=min(base + -base % tick, span.end - tick))


def grain(item: Objective) -> int:
    """The seconds between two rows of an objective's ledger: a tick, or a slice of whole ticks."""
    cut = item.slices()
    return cut.window if cut else int(settings.TICK_SECONDS)


def query_of(item: Objective, cursor: Mapping[str, Any], *, suspect: bool = False) -> Query:
    """What an objective asks of its source."""
    sli: dict[str, Any] = item.sli if isinstance(item.sli, dict) else {}
    return Query(
        objective=item.pk,
        total=str(sli.get("total", "")),
        good=str(sli.get("good", "")),
        bad=str(sli.get("bad", "")),
        counter=bool(sli.get("counter", True)),
        cursor=cursor,
        suspect=suspect,
        terms=sli.get("probe") or sli.get("events") or {},
        value=value(sli),
        slices=item.slices(),
    )


def _run(jobs: Sequence[Job], tick: int) -> list[Outcome]:
    """Work all jobs off, recording each span as it comes; a source's first failure ends its turn."""
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="source") as pool:
        pending = {pool.submit(_ask, job, tick): job for job in jobs if job.chunks}
        while pending:
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                job = pending.pop(future)
                problem = _finish(job, future, tick)
                if job.chunks and not problem:
                    pending[pool.submit(_ask, job, tick)] = job
                else:
                    outcomes.append(Outcome(job.source, problem))
    return outcomes


def _ask(job: Job, tick: int) -> list[Reading]:
    """Ask for the next span of the first chunk. Runs in a thread: no database here."""
    chunk = job.chunks[0]
    return ask(job.adapter, chunk.queries, chunk.start, _span_end(job, tick), tick)


def ask(adapter: Source, queries: Sequence[Query], start: int, end: int, tick: int) -> list[Reading]:
    """A reading for every query, whatever is wrong with some. Raises BrownoutError when the source fails."""
    problems = {query.objective: _problem(query, tick) for query in queries}
    refused = [Reading(objective, problem=problem) for objective, problem in problems.items() if problem]
    whole = {query.objective: query for query in queries if not problems[query.objective]}
    readings = _readings(adapter, [slices.asked(query) for query in whole.values()], start, end, tick)
    return refused + [slices.sliced(whole[reading.objective], reading, replays=adapter.replays) for reading in readings]


def _problem(query: Query, tick: int) -> str:
    """Why a query cannot be asked, if so."""
    if query.slices and query.slices.window % tick:
        return f"its time slices of {query.slices.window} s are not made of whole ticks of {tick} s"
    whole = query.value or query.terms or (query.total and bool(query.good) != bool(query.bad))
    return "" if whole else INCOMPLETE


def _span_end(job: Job, tick: int) -> int:
    chunk = job.chunks[0]
    if not job.adapter.replays:
        return chunk.end
    return min(chunk.end, chunk.start + max(chunk.grain, floor_to(TICKS * tick, chunk.grain)))


def _readings(adapter: Source, queries: Sequence[Query], start: int, end: int, tick: int) -> list[Reading]:
    try:
        return adapter.collect(queries, start, end, tick)
    except BrownoutError:
        raise
    except Exception as error:
        if len(queries) == 1:
            log.exception("Objective %s cannot be read", queries[0].objective)
            return [Reading(queries[0].objective, problem=f"cannot be read: {type(error).__name__}: {error}")]
    middle = len(queries) // 2
    return [
        reading
        for half in (queries[:middle], queries[middle:])
        for reading in _readings(adapter, half, start, end, tick)
    ]


def _finish(job: Job, future: Future[list[Reading]], tick: int) -> str:
    """Record the answer for a span and put what is left of the chunk back in front. Returns what went wrong."""
    try:
        readings = future.result()
    except BrownoutError as error:
        log.warning("Source %s: %s", job.source.name, error)
        return str(error)
    chunk, end = job.chunks[0], _span_end(job, tick)
    job.chunks.popleft()
    entries = [Entry(chunk.marks[reading.objective], chunk.base, reading) for reading in readings]
    marks = {mark.pk: mark for mark in append(entries) if mark.at == end}
    left = [query for query in chunk.queries if query.objective in marks]
    if end < chunk.end and left:
        job.chunks.appendleft(Chunk(chunk.grain, end, end, chunk.end, marks, left))
    return ""


def _save(outcomes: Sequence[Outcome], at: datetime) -> None:
    """Note which sources answered and which did not; the instant of the last answer outlives a failure."""
    states = [
        SourceState(source=o.source, asked_at=at, answered_at=None if o.problem else at, problem=o.problem)
        for o in outcomes
    ]
    for answered in (True, False):
        SourceState.objects.bulk_create(
            [state for state in states if (state.answered_at is not None) == answered],
            update_conflicts=True,
            unique_fields=["source"],
            update_fields=["asked_at", "problem", *(["answered_at"] if answered else [])],
        )
