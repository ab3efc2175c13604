"""Counts events in a Prometheus (or Thanos, Mimir, VictoriaMetrics) over its HTTP API."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from slo.errors import DefinitionError, QueryError, SourceError
from slo.sources import buckets, native, prometheus_values, promql
from slo.sources.base import Query, Reading, Sample
from slo.sources.connection import Connection
from slo.sources.families import families
from slo.sources.grid import Grid, steps_per_tick
from slo.sources.histograms import Asked, Found, increased
from slo.sources.intervals import interval_of, intervals
from slo.sources.memory import retention
from slo.sources.prometheus_http import Series, Server
from slo.sources.restarts import Corrections, Restarts, scope
from slo.sources.selector import Selector, parse, written

# Objectives a request asks for: with fewer the requests cost, with more the `or` between their expressions does.
OBJECTIVES = 10
# Scrapes that may fail in a row, or be stated too short, before nothing is taken for known any more.
PATIENCE = 4
# Scrape intervals after which a counter that comes back is looked into.
RECENT = 2

FOREIGN = "Prometheus answered with series that were not asked for; is a proxy changing queries?"

Name = Literal["good", "bad", "total"]


class Part(NamedTuple):
    """One of the two expressions of an objective."""

    objective: int
    name: Name
    expression: str
    counter: Selector | None = None


@dataclass(slots=True)
class Answer:
    """What came for a part: values by step (1 is the first), from how many series, or what is wrong."""

    values: dict[int, float] = field(default_factory=dict)
    series: set[frozenset[tuple[str, str]]] = field(default_factory=set)
    problem: str = ""


Answers = dict[tuple[int, Name], Answer]


@dataclass(slots=True)
class Prometheus:
    """A Prometheus at `url`. `scrape_interval` is how often it scrapes what is counted; times are seconds."""

    url: str
    scrape_interval: float = 15
    timeout: float = 10
    connection: Connection = field(default_factory=Connection)
    replays: bool = field(default=True, init=False)
    _restarts: dict[Grid, Restarts] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.scrape_interval <= 0 or self.timeout <= 0:
            raise DefinitionError("the scrape interval and the timeout of a Prometheus must be above 0")

    def remembers(self) -> int | None:
        """See `slo.sources.memory.Remembering`."""
        with Server(self.url, self.timeout, self.connection.access()) as server:
            return retention(server.status)

    def collect(self, queries: Sequence[Query], start: int, end: int, tick: int) -> list[Reading]:
        """See `slo.sources.base.Source.collect`. Raises SourceError when Prometheus itself does not answer."""
        counters, broken = _checked([query for query in queries if query.counter and not query.value])
        others, mixed = self._filled([query for query in queries if not query.counter or query.value], tick)
        readings = {reading.objective: reading for reading in (*broken, *mixed)}
        if end > start:
            with Server(self.url, self.timeout, self.connection.access()) as server:
                readings |= self._count(server, counters, start, end, tick)
                readings |= self._collect(
                    server, [query for query in others if not query.value], Grid(start, end, tick)
                )
                values = _batches([query for query in others if query.value])
                instants = prometheus_values.Instants(start, end, tick, steps_per_tick(tick, self.scrape_interval))
                readings |= prometheus_values.collect(server, values, instants)
        return [readings.get(query.objective, Reading(query.objective)) for query in queries]

    def survey(self, query: Query, start: int, end: int, step: int) -> Reading:
        """See `slo.sources.base.Surveyed.survey`. Raises SourceError."""
        if not query.counter or query.value:
            return self._survey_values(query, start, end, step)
        sound, broken = _checked([query])
        if broken:
            return broken[0]
        grid, patience = Grid(start, end, step), max(float(step), PATIENCE * self.scrape_interval)
        with Server(self.url, self.timeout, self.connection.access()) as server:
            reading = self._collect(server, sound, grid, patience)[query.objective]
            found = self._count_natively(server, sound, grid, patience) if _is_silent(reading) else {}
        return found.get(query.objective, reading)

    def _survey_values(self, query: Query, start: int, end: int, step: int) -> Reading:
        """Of queries over a fixed window one in so many is asked, which tells the ratio and not the number."""
        sound, broken = self._filled([query], step)
        if broken:
            return broken[0]
        with Server(self.url, self.timeout, self.connection.access()) as server:
            if query.value:
                instants = prometheus_values.Instants(start, end, step, 1)
                return prometheus_values.collect(server, iter([sound]), instants)[query.objective]
            return self._collect(server, sound, Grid(start, end, step))[query.objective]

    def label_sets(self, selector: str, labels: Sequence[str], at: int) -> list[dict[str, str]]:
        """See `slo.sources.base.Labelled.label_sets`. Raises SourceError or QueryError."""
        with Server(self.url, self.timeout, self.connection.access()) as server:
            found = server.range(promql.label_sets(selector, labels), at * 1000, at * 1000, 1000)
        return [{name: series.labels.get(name, "") for name in labels} for series in found]

    def histograms(self, asked: Sequence[Asked], at: int, seconds: int) -> list[Found]:
        """See `slo.sources.histograms.Histogrammed.histograms`. Raises SourceError."""
        with Server(self.url, self.timeout, self.connection.access()) as server:
            return increased(server, asked, at, seconds) if asked else []

    def _count(self, server: Server, queries: Sequence[Query], start: int, end: int, tick: int) -> dict[int, Reading]:
        """The readings of counters, asked at steps that are no longer than these are scraped apart."""
        known = intervals(server) if queries else {}
        groups: dict[float, list[Query]] = defaultdict(list)
        for query in queries:
            selectors = parse(query.total), parse(query.good or query.bad)
            groups[interval_of(selectors, known, self.scrape_interval)].append(query)
        readings: dict[int, Reading] = {}
        for seconds, group in groups.items():
            grid = Grid(start, end, tick, steps_per_tick(tick, seconds))
            restarts = self._restarts.setdefault(grid, Restarts(grid, round(RECENT * seconds * 1000)))
            readings |= self._collect(server, group, grid, PATIENCE * seconds, restarts)
            silent = [query for query in group if _is_silent(readings[query.objective])]
            readings |= self._count_natively(server, silent, grid, PATIENCE * seconds)
        return readings

    def _count_natively(
        self, server: Server, queries: Sequence[Query], grid: Grid, patience: float
    ) -> dict[int, Reading]:
        """The readings of those that the server has no classic series of, but native histograms."""
        histograms = native.found(server, queries, grid)
        asked = [
            native.counted(query, histograms[query.objective], grid.step, patience)
            for query in queries
            if query.objective in histograms
        ]
        readings = self._collect(server, asked, grid)
        for objective, reading in readings.items():
            if not reading.problem:
                problem = native.doubt(server, histograms[objective], grid)
                readings[objective] = replace(reading, problem=problem)
        return readings

    def _collect(
        self,
        server: Server,
        queries: Sequence[Query],
        grid: Grid,
        patience: float = 0,
        restarts: Restarts | None = None,
    ) -> dict[int, Reading]:
        answers: Answers = {}
        parts = {query.objective: _parts(query, grid.step, patience) for query in queries}
        together = [part for query in queries if not query.suspect for part in parts[query.objective]]
        _ask_families(server, together, grid, patience, answers)
        for batch in _batches(queries):
            left = [part for query in batch for part in parts[query.objective] if part[:2] not in answers]
            for first, last in grid.pieces(len(left)) if left else ():
                _ask(server, left, grid, first, last, answers)
        if restarts:
            every = [part for each in parts.values() for part in each]
            counters = [part.counter for part in every if part.counter]
            _correct(every, restarts.corrections(server, counters), answers)
        return {query.objective: self._reading(server, query, grid, answers) for query in queries}

    def _reading(self, server: Server, query: Query, grid: Grid, answers: Answers) -> Reading:
        total, good = answers[query.objective, "total"], answers.get((query.objective, "good"))
        if query.counter and good and total.series and not (good.series or good.problem):
            problem = buckets.refusal(server, parse(query.good), grid)
            if problem:
                return Reading(query.objective, tuple(_nothing(grid)), problem=problem)
        return _reading(query, grid, answers)

    def _filled(self, queries: Sequence[Query], tick: int) -> tuple[list[Query], list[Reading]]:
        filled, broken = [], []
        for query in queries:
            try:
                filled.append(prometheus_values.filled(query, tick, self.scrape_interval))
            except QueryError as error:
                broken.append(Reading(query.objective, problem=str(error)))
        return filled, broken


def _checked(queries: Sequence[Query]) -> tuple[list[Query], list[Reading]]:
    good, broken = [], []
    for query in queries:
        try:
            parse(query.good or query.bad)
            parse(query.total)
            good.append(query)
        except QueryError as error:
            broken.append(Reading(query.objective, problem=str(error)))
    return good, broken


def _batches(queries: Sequence[Query]) -> Iterator[Sequence[Query]]:
    """Those that failed the last time go alone, so that the others need not be asked twice because of them."""
    sound = [query for query in queries if not query.suspect]
    for start in range(0, len(sound), OBJECTIVES):
        yield sound[start : start + OBJECTIVES]
    for query in queries:
        if query.suspect:
            yield [query]


def _parts(query: Query, step: int, patience: float) -> list[Part]:
    total, part = query.total, query.good or query.bad
    name: Name = "good" if query.good else "bad"
    if not query.counter:
        return [Part(query.objective, "total", total), Part(query.objective, name, part)]
    total, part = total.strip(), part.strip()
    # The total alone tells what was observed.
    counted = promql.while_scraped(promql.increments(total, step), total, patience)
    return [
        Part(query.objective, "total", counted, parse(total)),
        Part(query.objective, name, promql.increments(part, step), parse(part)),
    ]


def _correct(parts: Sequence[Part], corrections: Mapping[Selector, Corrections], answers: Answers) -> None:
    for part in parts:
        if part.counter and (known := corrections[scope(part.counter)]).every:
            values = answers[part[:2]].values
            for step, value in _corrections(known, part.counter):
                if step in values:
                    values[step] += value


def _corrections(known: Corrections, selector: Selector) -> Sequence[tuple[int, float]]:
    try:
        return list(known.of(selector))
    except QueryError:
        return []  # An expression of Prometheus's own dialect: the values have to tell.


def _ask_families(server: Server, parts: Sequence[Part], grid: Grid, patience: float, answers: Answers) -> None:
    """Ask for those parts that make families; what Prometheus refuses is left to be asked one by one."""
    counters = [part for part in parts if part.counter]
    for family in families([(part.name == "total", part.counter) for part in counters if part.counter]):
        members = {value: [counters[place] for place in places] for value, places in family.members.items()}
        found: Answers = {part[:2]: Answer() for some in members.values() for part in some}
        selector = written(family.selector)
        expression = promql.increments(selector, grid.step, family.label)
        if next(iter(members.values()))[0].name == "total":
            expression = promql.while_scraped(expression, selector, patience, family.label)
        try:
            for first, last in grid.pieces(len(members)):
                for series in server.range(expression, grid.moment(first), grid.moment(last), grid.step):
                    if (value := series.labels.get(family.label, "")) not in members:
                        raise SourceError(FOREIGN)
                    for part in members[value]:
                        _take(series, grid, found[part[:2]])
        except QueryError:
            continue
        answers.update(found)


def _take(series: Series, grid: Grid, answer: Answer) -> None:
    answer.series.add(frozenset(series.labels.items()))
    for moment, value in series.values:
        answer.values[grid.step_of(moment)] = value


def _ask(server: Server, parts: Sequence[Part], grid: Grid, first: int, last: int, answers: Answers) -> None:
    """Ask for all parts at once; when Prometheus refuses, halve until the broken ones are alone."""
    fused = promql.fused([promql.named(part.expression, f"{part.objective}:{part.name}") for part in parts])
    try:
        found = server.range(fused, grid.moment(first), grid.moment(last), grid.step)
    except QueryError as error:
        if len(parts) == 1:
            answers.setdefault(parts[0][:2], Answer()).problem = f"the {parts[0].name} query is refused: {error}"
            return
        middle = len(parts) // 2
        _ask(server, parts[:middle], grid, first, last, answers)
        _ask(server, parts[middle:], grid, first, last, answers)
        return
    for part in parts:
        answers.setdefault(part[:2], Answer())
    _sort(found, grid, answers)


def _sort(found: Sequence[Series], grid: Grid, answers: Answers) -> None:
    names = {f"{objective}:{name}": answer for (objective, name), answer in answers.items()}
    for series in found:
        answer = names.get(series.labels.get("sli", ""))
        if answer is None:
            raise SourceError(FOREIGN)
        _take(series, grid, answer)


def _reading(query: Query, grid: Grid, answers: Answers) -> Reading:
    name: Name = "good" if query.good else "bad"
    total, part = answers[query.objective, "total"], answers[query.objective, name]
    refusal = total.problem or part.problem or _ambiguous(total, "total") or _ambiguous(part, name)
    if refusal:
        return Reading(query.objective, problem=refusal)
    samples = tuple(_samples(query, grid, total, part))
    return Reading(query.objective, samples, problem=_doubt(query, samples, total, part))


def _is_silent(reading: Reading) -> bool:
    return not reading.problem and not any(sample.observed for sample in reading.samples)


def _ambiguous(answer: Answer, name: Name) -> str:
    if len(answer.series) <= 1:
        return ""
    return f"the {name} query gives {len(answer.series)} series where one is needed; put sum(…) around it"


def _samples(query: Query, grid: Grid, total: Answer, part: Answer) -> Iterator[Sample]:
    ticks: dict[int, list[int]] = defaultdict(list)
    for step in total.values:
        ticks[(step - 1) // grid.per_tick].append(step)
    for tick in range((grid.end - grid.start) // grid.tick):
        at = grid.start + (tick + 1) * grid.tick
        present = ticks.get(tick, ())
        values = [(total.values[step], part.values.get(step, 0.0)) for step in present]
        if not all(countable(value) for pair in values for value in pair):
            yield Sample(at, 0.0, 0.0, 0.0)
            continue
        events, counted = math.fsum(pair[0] for pair in values), math.fsum(pair[1] for pair in values)
        yield Sample(at, counted if query.good else events - counted, events, len(present) * grid.step / 1000)


def _nothing(grid: Grid) -> Iterator[Sample]:
    """No observation in any tick."""
    for at in range(grid.start + grid.tick, grid.end + 1, grid.tick):
        yield Sample(at, 0.0, 0.0, 0.0)


def countable(value: float) -> bool:
    """Can this be a number of events?"""
    return math.isfinite(value) and value >= 0


def _doubt(query: Query, samples: Sequence[Sample], total: Answer, part: Answer) -> str:
    for answer, name in ((total, "total"), (part, "good" if query.good else "bad")):
        wrong = next((value for value in answer.values.values() if not countable(value)), None)
        if wrong is not None:
            return f"the {name} query gave {wrong:g}, which is no number of events; those ticks are left unobserved"
    if query.good and not part.series and any(sample.total for sample in samples):
        return f"the good selector {query.good} matched no series, although {query.total} counted events"
    return ""
