"""Reads from a Prometheus what no counter tells exactly: numbers at instants, and queries over a window to fill in."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from slo.errors import QueryError, SourceError
from slo.maths.values import Value
from slo.openslo.placeholder import gives, has_window, over
from slo.sources import promql
from slo.sources.base import Query, Reading, Sample
from slo.sources.prometheus_http import Server

# Scrapes in a window that is to be filled in: rate() needs two, and one or the other may fail or come late.
SCRAPES = 4
STEPS, POINTS = 10_000, 200_000


@dataclass(frozen=True, slots=True)
class Instants:
    """The instants asked for: `per_tick` in each tick after `start` up to `end` (epoch seconds)."""

    start: int
    end: int
    tick: int
    per_tick: int

    @property
    def step(self) -> int:
        """Milliseconds between two instants."""
        return self.tick * 1000 // self.per_tick

    def pieces(self, series: int) -> Iterator[tuple[int, int]]:
        """First and last instant, in milliseconds, of each request for so many series that stays within bounds."""
        size = max(1, min(STEPS, POINTS // max(1, series)))
        first, last = self.start * 1000 + self.step, self.end * 1000
        for low in range(first, last + 1, size * self.step):
            yield low, min(last, low + (size - 1) * self.step)


@dataclass(slots=True)
class Numbers:
    """What came for a query: the numbers at each instant (milliseconds), or what is wrong."""

    at: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    problem: str = ""


def filled(query: Query, tick: int, scrape_interval: float) -> Query:
    """The query with its window filled in, and its events weighted to those of a tick.

    The window is as long as a tick, or some scrapes where these are longer. Raises QueryError when it mixes what is
    given by the second with what is given by the window.
    """
    window = max(tick, math.ceil(SCRAPES * scrape_interval))
    if query.value:
        return replace(query, value=replace(query.value, query=over(query.value.query, f"{window}s")))
    total, good, bad = (_weighted(side, window, tick) for side in (query.total, query.good, query.bad))
    return replace(query, total=total, good=good, bad=bad)


def _weighted(query: str, window: int, tick: int) -> str:
    if not has_window(query):
        return query
    try:
        weight = str(tick) if gives(query) == "rate" else f"{tick} / {window}"
    except ValueError as error:
        raise QueryError(f"a query {error}") from None
    # The line breaks end a trailing comment.
    return f"(\n{over(query, f'{window}s')}\n) * {weight}"


def collect(server: Server, batches: Iterator[Sequence[Query]], instants: Instants) -> dict[int, Reading]:
    """The seconds that were good and observed in each tick, for queries with a value. Raises SourceError."""
    readings: dict[int, Reading] = {}
    for batch in batches:
        numbers = {query.objective: Numbers() for query in batch}
        for first, last in instants.pieces(len(batch)):
            _ask(server, batch, instants.step, (first, last), numbers)
        readings |= {query.objective: _reading(query, instants, numbers[query.objective]) for query in batch}
    return readings


def _ask(
    server: Server, queries: Sequence[Query], step: int, span: tuple[int, int], numbers: Mapping[int, Numbers]
) -> None:
    """Ask for all at once; when Prometheus refuses, halve until the broken ones are alone."""
    asked = [promql.named(query.value.query, str(query.objective)) for query in queries if query.value]
    try:
        found = server.range(promql.fused(asked), *span, step)
    except QueryError as error:
        if len(queries) == 1:
            numbers[queries[0].objective].problem = f"the query is refused: {error}"
            return
        middle = len(queries) // 2
        _ask(server, queries[:middle], step, span, numbers)
        _ask(server, queries[middle:], step, span, numbers)
        return
    names = {str(query.objective): numbers[query.objective] for query in queries}
    for series in found:
        answer = names.get(series.labels.get("sli", ""))
        if answer is None:
            raise SourceError("Prometheus answered with series that were not asked for; is a proxy changing queries?")
        for moment, number in series.values:
            answer.at[moment].append(number)


def _reading(query: Query, instants: Instants, numbers: Numbers) -> Reading:
    # Two series one after the other are a target that was replaced.
    most = max(map(len, numbers.at.values()), default=0)
    if numbers.problem or most > 1:
        several = f"the query gives {most} series where one is needed; put avg(…), min(…) or max(…) around it"
        return Reading(query.objective, problem=numbers.problem or several)
    value = query.value
    assert value is not None  # noqa: S101 only such queries come here
    found = {moment: held[0] for moment, held in numbers.at.items()}
    return Reading(query.objective, tuple(_samples(value, instants, found)), problem=_doubt(value, found))


def _samples(value: Value, instants: Instants, numbers: Mapping[int, float]) -> Iterator[Sample]:
    for at in range(instants.start + instants.tick, instants.end + 1, instants.tick):
        moments = range(at * 1000 - (instants.per_tick - 1) * instants.step, at * 1000 + 1, instants.step)
        shares = [value.good(numbers[moment]) for moment in moments if moment in numbers]
        known = [share for share in shares if share is not None]
        seconds = instants.step / 1000
        yield Sample(at, math.fsum(known) * seconds, len(known) * seconds, len(known) * seconds)


def _doubt(value: Value, numbers: Mapping[int, float]) -> str:
    wrong = next((number for number in numbers.values() if not value.sound(number)), None)
    if wrong is None:
        return ""
    return f"the query gave {wrong:g}, which is no ratio from 0 to 1; those moments are left unobserved"
