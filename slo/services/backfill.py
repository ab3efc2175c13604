"""Fills in what happened before a ledger began, from sources that remember it."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from slo.errors import BackfillError, BrownoutError
from slo.maths.windows import floor_to, from_epoch, to_epoch
from slo.models import Objective
from slo.services import thin
from slo.services.collect import ask, begin_all, grain, query_of
from slo.services.record import first_rows, prepend
from slo.sources import registry
from slo.sources.base import Query, Source

# What is asked and committed in one go: an hour of as many objectives as make this many samples.
SPAN, SAMPLES = 3_600, 60_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far an objective's ledger reaches back now (epoch seconds), and what there is to say about it."""

    objective: str
    start: int
    note: str = ""
    failed: bool = False


@dataclass(slots=True)
class Group:
    """Objectives of one source whose ledgers begin at the same instant, with rows `grain` seconds apart."""

    adapter: Source
    grain: int
    first: int
    queries: list[Query]


def backfill(
    chosen: Sequence[Objective],
    since: datetime,
    until: datetime,
    at: datetime,
    progress: Callable[[float], None] = lambda _: None,
) -> list[Outcome]:
    """Prepend history from `since` to `until` to the ledgers of the chosen objectives, as of `at`.

    Only what lies before a ledger's first row is filled in, newest first, so that an interrupted run goes on
    where it ended. `progress` is told the share that is done. Raises BackfillError when nothing can be done.
    """
    tick = settings.TICK_SECONDS
    low, high = (floor_to(to_epoch(moment), tick) for moment in (since, until))
    _check(chosen, low, high, to_epoch(at))
    names = {item.pk: item.name for item in chosen}
    starts, notes, failed = _begun(chosen, floor_to(to_epoch(at), tick)), dict.fromkeys(names, ""), set[int]()
    groups = list(_groups(chosen, starts, tick))
    for number, group in enumerate(groups):
        pks = [query.objective for query in group.queries]
        if group.first < high:
            text = f"it has its own measurements from {from_epoch(group.first):%Y-%m-%d %H:%M:%S} UTC on; these stay"
            notes |= dict.fromkeys(pks, text)
        for done, reached, problems in _fill(group, low, min(high, group.first), to_epoch(at), tick):
            starts |= reached
            notes |= problems
            failed |= problems.keys()
            progress((number + done) / len(groups))
    return [Outcome(names[pk], starts[pk], notes[pk], pk in failed) for pk in names]


def _check(chosen: Sequence[Objective], low: int, high: int, now: int) -> None:
    if low >= high:
        raise BackfillError("there is nothing to fill: --since must be before --until by at least a tick")
    oldest = now - thin.POLICY[-1].age
    if low < oldest:
        raise BackfillError(f"history is kept from {from_epoch(oldest):%Y-%m-%d} on; --since must not be earlier")
    for item in chosen:
        if not registry.build(item.source.kind, item.source.spec).replays:
            raise BackfillError(
                f"the objective {item.name} is measured by the source {item.source.name}, which knows only the present "
                f"({item.source.kind}); history needs a Prometheus"
            )


def _begun(chosen: Sequence[Objective], at: int) -> dict[int, int]:
    """The instant of each ledger's first row; a ledger that has none begins at `at`."""
    pks = [item.pk for item in chosen]
    begin_all(chosen, at)
    return {pk: row.at for pk, row in first_rows(pks).items()}


def _groups(chosen: Sequence[Objective], starts: Mapping[int, int], tick: int) -> Iterator[Group]:
    together: dict[tuple[int, int, int], list[Objective]] = defaultdict(list)
    for item in chosen:
        together[item.source_id, starts[item.pk], grain(item)].append(item)
    size = max(1, SAMPLES * tick // SPAN)
    for (_, first, step), items in together.items():
        adapter = registry.build(items[0].source.kind, items[0].source.spec)
        for start in range(0, len(items), size):
            yield Group(adapter, step, first, [query_of(item, {}) for item in items[start : start + size]])


def _fill(
    group: Group, low: int, high: int, now: int, tick: int
) -> Iterator[tuple[float, dict[int, int], dict[int, str]]]:
    """Work backwards. Yields the share done, how far which ledgers reach, and what is wrong with which."""
    firsts = {query.objective: group.first for query in group.queries}
    queries, end = group.queries, floor_to(high, group.grain)
    low += -low % group.grain
    while end > low and queries:
        start = max(low, floor_to(end - 1, floor_to(SPAN, group.grain)))
        try:
            readings = ask(group.adapter, queries, start, end, tick)
        except BrownoutError as error:
            yield 1.0, {}, {query.objective: str(error) for query in queries}
            return
        done = prepend(firsts, readings, start, lambda instant: _is_kept(instant, now))
        problems = {r.objective: r.problem for r in readings if r.objective not in done and r.problem}
        firsts = dict.fromkeys(done, start)
        queries, end = [query for query in queries if query.objective in done], start
        yield (high - end) / max(1, high - low), firsts, problems


def _is_kept(instant: int, now: int) -> bool:
    step = thin.step(now - instant)
    return step > 0 and instant % step == 0
