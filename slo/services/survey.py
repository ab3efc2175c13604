"""What a source has seen of an SLI in the last 30 days, asked in few requests; nothing of it is kept in the ledger."""

import logging
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any

from slo import selectors_ledger
from slo.errors import BrownoutError
from slo.maths.history import Rows
from slo.maths.ledger import Row, Sums
from slo.maths.windows import floor_to, to_epoch
from slo.models import Objective, Source
from slo.services import slices
from slo.services.collect import ask, query_of
from slo.sources import registry
from slo.sources.base import Query, Reading, Sample, Surveyed

# Five minutes is the shortest window of the SRE Workbook's alerts; 30 days of them are one request of 8,640 points.
STEP, DAYS, SECONDS = 300, 30, 30 * 86_400
# Seconds a person waits, surveys at a time, and answers that are remembered for the next few key strokes.
LIMIT, AT_ONCE, REMEMBERED = 8.0, 4, 64
BUSY = "several previews are being asked for at the moment; try again in a few seconds"

log = logging.getLogger(__name__)

_pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="survey")
_asked: dict[Any, Future[Reading]] = {}
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Survey:
    """Rows `STEP` seconds apart from `start` to `end` (epoch seconds), or what is wrong.

    `note` tells how exact the figures are; `origin` says where they are from.
    """

    start: int
    end: int
    rows: Rows
    origin: str = ""
    note: str = ""
    problem: str = ""


def survey(item: Objective, at: datetime) -> Survey:
    """The last 30 days of the SLI of an objective, which need not be stored. Never raises."""
    end = floor_to(to_epoch(at), STEP)
    start = end - SECONDS
    try:
        adapter = registry.build(item.source.kind, _hurried(item.source))
    except BrownoutError as error:
        return Survey(start, end, Rows([]), problem=str(error))
    if not adapter.replays:
        return _of_ledger(item, start, end)
    reading = _reading(item, adapter, start, end)
    rows = list(_rows(reading.samples, start))
    observed = rows[-1].sums.observed > 0
    note = "asked every five minutes: what is counted just before a restart may be missing, the ledger has it"
    if not item.sli.get("counter"):
        note = "asked every five minutes, so the ratio is near, and the number of events is not" if observed else ""
    problem = reading.problem
    if not observed and not problem:
        problem = f"{item.source} has no data of it in the last {DAYS} days; are the names and labels right?"
    return Survey(start, end, Rows(rows), str(item.source), note if observed else "", problem)


def forget() -> None:
    """Ask anew from now on."""
    with _lock:
        _asked.clear()


def _hurried(source: Source) -> dict[str, Any]:
    spec: dict[str, Any] = dict(source.spec)
    if source.kind == Source.Kind.PROMETHEUS:
        spec["timeout"] = min(float(spec.get("timeout", 10)), LIMIT)
    return spec


def _of_ledger(item: Objective, start: int, end: int) -> Survey:
    """A source that knows only the present tells nothing in advance, but what it told already is there."""
    kept = Objective.objects.filter(name=item.name).first()
    if kept is None or (kept.sli, kept.source_id) != (item.sli, item.source_id):
        problem = f"{item.source} ({item.source.kind}) knows only the present: figures begin once it is saved"
        return Survey(start, end, Rows([]), problem=problem)
    history = selectors_ledger.History(kept, start, end)
    windows = ((at, history.window(start, at).sums) for at in range(start, end + 1, STEP))
    rows = [Row(at, sums) for at, sums in windows]
    problem = "" if rows[-1].sums.observed else f"nothing was measured in the last {DAYS} days"
    return Survey(start, end, Rows(rows), "the ledger, exclusions taken out", "", problem)


def _reading(item: Objective, adapter: Any, start: int, end: int) -> Reading:
    query = replace(query_of(item, {}), objective=0)
    future = _future((item.source_id, str(item.source.spec), str(item.sli), end), adapter, query, start, end)
    if future is None:
        return Reading(0, problem=BUSY)
    try:
        error = future.exception(LIMIT)
    except LateError:
        return Reading(0, problem=f"{item.source} has not answered within {LIMIT:.0f} s; it may have by the next try")
    if error is None:
        return future.result()
    if not isinstance(error, BrownoutError):
        log.error("The SLI of %s cannot be surveyed", item.name, exc_info=error)
        return Reading(0, problem=f"cannot be read: {type(error).__name__}: {error}")
    return Reading(0, problem=str(error))


def _future(key: Any, adapter: Any, query: Query, start: int, end: int) -> Future[Reading] | None:
    """The answer, being asked for if nobody has asked before; None while too many wait for theirs."""
    with _lock:
        known = _asked.get(key)
        if known is not None and not (known.done() and known.exception()):
            return known
        waiting = sum(not future.done() for future in _asked.values())
        if waiting >= AT_ONCE:
            return None
        for old in [old for old, future in _asked.items() if future.done()][: max(0, len(_asked) - REMEMBERED + 1)]:
            del _asked[old]
        _asked[key] = future = _pool.submit(_ask, adapter, query, start, end)
        return future


def _ask(adapter: Any, query: Query, start: int, end: int) -> Reading:
    """In a thread: no database here."""
    step = query.slices.window if query.slices else STEP
    first = start + -start % step
    last = floor_to(end, step)
    if not isinstance(adapter, Surveyed):
        return ask(adapter, [query], first, last, step)[0]
    return slices.sliced(query, adapter.survey(slices.asked(query), first, last, step), replays=True)


def _rows(samples: Iterable[Sample], start: int) -> Iterable[Row]:
    """Running sums at the instants that windows of five minutes need."""
    sums = Sums()
    yield Row(start, sums)
    for sample in samples:
        sums += Sums(sample.good, sample.total, sample.observed)
        if sample.at % STEP == 0:
            yield Row(sample.at, sums)
