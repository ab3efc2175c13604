"""What the values of counters alone cannot tell, put right by the start times of their processes.

Plain increments take a counter that a new process has brought beyond its old value for progress, and a long-running
process that is scraped for the first time for a new one. Both are rare, so the plain answer is asked for everything
and corrections, series by series, only for the targets and steps where something like it has happened:

- a process that has taken another's place: a counter's earlier value is new again if it is the other process's;
- a process found only now that has long been running: its counters give their baseline; if it was seen within the
  last day, they give what they counted since;
- a target whose labels changed: what is known under the old labels is not counted again under the new ones.

Without start times, the values have to do: then what a new process counts is short by the old value where it is
above that, and a long-running process found only now brings its whole counters.
"""

import logging
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from slo.errors import QueryError
from slo.sources import promql
from slo.sources.grid import Grid
from slo.sources.prometheus_http import Series, Server
from slo.sources.promql import Target
from slo.sources.selector import Selector

log = logging.getLogger(__name__)

# Added to answers to tell them apart; no counter has such a label.
LABEL = "__asked__"
# Expressions a request; counters of targets looked into one by one in a tick. Beyond, see `Restarts`.
TOGETHER, MOST = 50, 1_000

Labels = Mapping[str, str]
Asked = tuple[str, str]
"""A name and the expression that is asked under it."""


@dataclass(frozen=True, slots=True)
class Value:
    """A series and its value."""

    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class Correction:
    """What to add to the plain increments of a scope at a step, for one target.

    `missed` are old values that were taken for progress. `brought` are the counters of a process found only now,
    `before` what they had counted already as far as it is known. Where it is not known they give their baseline,
    unless it is the process that was there before (`known`): then they are new.
    """

    step: int
    missed: Sequence[Value] = ()
    brought: Sequence[Value] = ()
    before: Sequence[Value] = ()
    known: bool = False

    def of(self, selector: Selector) -> float:
        """The part of the series selected. Raises QueryError for a regular expression of Prometheus's own dialect."""
        missed, brought, before = (_sum(selector, values) for values in (self.missed, self.brought, self.before))
        return missed - (min(brought, before) if before or self.known else brought)


@dataclass(slots=True)
class Corrections:
    """The corrections of a scope, found quickly by the labels that a selector asks for."""

    every: list[Correction] = field(default_factory=list)
    _by_label: dict[tuple[str, str], list[Correction]] = field(default_factory=lambda: defaultdict(list))

    def add(self, correction: Correction) -> None:
        self.every.append(correction)
        values = (*correction.missed, *correction.brought, *correction.before)
        for pair in {pair for value in values for pair in value.labels.items()}:
            self._by_label[pair].append(correction)

    def of(self, selector: Selector) -> Iterator[tuple[int, float]]:
        """Steps, and what to add to the increments there. Raises QueryError, see `Correction.of`."""
        exact = [(m.label, m.value) for m in selector.matchers if m.operator == "=" and m.value]
        chosen = min((self._by_label.get(pair, []) for pair in exact), key=len, default=self.every)
        for correction in chosen:
            if value := correction.of(selector):
                yield correction.step, value


@dataclass(slots=True)
class Found:
    """A process found at a step: when it started, and the labels it is known under."""

    start: float
    labels: Labels


@dataclass(slots=True)
class Restarts:
    """The restarts and arrivals at the steps of a grid; `recent` is how long (ms) a counter may stay unseen.

    Of more than `MOST` counters and targets with a doubt at once, the rest is told by the values alone, and what
    was found again after long gives its baseline.
    """

    grid: Grid
    recent: int
    _starts: dict[Target, dict[int, float]] | None = None
    _found: dict[int, dict[Target, Found]] = field(default_factory=dict)
    _again: dict[int, dict[Target, bool]] = field(default_factory=dict)
    _corrections: dict[Selector, Corrections] = field(default_factory=dict)

    def corrections(self, server: Server, selectors: Iterable[Selector]) -> Mapping[Selector, Corrections]:
        """By scope, see `scope`; each is looked into once. Raises SourceError."""
        asked = [one for one in dict.fromkeys(map(scope, selectors)) if one not in self._corrections]
        self._corrections |= {one: Corrections() for one in asked}
        try:
            if self._starts is None:
                self._starts = {}
                self._look(server)
            if asked and self._starts:
                self._restarted(server, asked, self._starts)
            for step in self._found if asked else ():
                self._arrived(server, asked, step)
        except QueryError as error:
            # Not every such server knows start times.
            log.warning("Restarts are told by the values of counters alone: %s", error)
        return self._corrections

    def _look(self, server: Server) -> None:
        """Which processes have taken another's place, and which have been found only now."""
        starts: dict[Target, dict[int, float]] = defaultdict(dict)
        found: dict[int, dict[Target, Found]] = defaultdict(dict)
        for kind, series in self._over_all(
            server, [("changed", promql.changed()), ("found", promql.found(self.grid.step))]
        ):
            target = _target(series.labels)
            for moment, start in series.values:
                step = self.grid.step_of(moment)
                if kind == "changed":
                    starts[target][step] = max(start, starts[target].get(step, start))
                else:
                    found[step][target] = Found(start, series.labels)
        self._starts = dict(starts)
        self._found = {step: self._not_new(server, step, targets) for step, targets in found.items()}

    def _not_new(self, server: Server, step: int, targets: Mapping[Target, Found]) -> dict[Target, Found]:
        """Those of the processes found at a step that may have counted before anybody looked for them.

        Notes in passing which of them were seen within the last day, and whether under the same labels.
        """
        every = sorted(targets)
        asked = [
            ("start", promql.last_starts(every, self.grid.step)),
            ("seen", promql.last_seen(every, self.grid.step)),
        ]
        again: dict[Target, bool] = {}
        replaced: set[Target] = set()
        seen: dict[str, float] = {}
        for kind, series in self._at(server, asked, step):
            ((_, value),) = series.values
            target = _target(series.labels)
            if kind == "seen":
                seen[target.job] = value
            elif target in targets and abs(value - targets[target].start) <= promql.WOBBLE:
                again[target] = again.get(target, False) or series.labels == targets[target].labels
            elif target in targets:
                replaced.add(target)
        self._again[step] = again
        return {
            target: found
            for target, found in targets.items()
            if target in again or not (target in replaced or found.start >= seen.get(target.job, math.inf))
        }

    def _restarted(
        self, server: Server, scopes: Sequence[Selector], starts: Mapping[Target, Mapping[int, float]]
    ) -> None:
        grid = self.grid
        asked = [
            (str(number), promql.returning(one.name, targets, grid.step, self.recent))
            for number, one in enumerate(scopes)
            if (targets := _within(one, starts))
        ]
        suspects: dict[int, dict[tuple[str, Target], int]] = defaultdict(dict)
        for number, series in self._over_all(server, asked):
            target = _target(series.labels)
            for moment, _ in series.values:
                start = starts.get(target, {}).get(grid.step_of(moment))
                if start is not None:
                    suspects[grid.step_of(moment)][number, target] = round(moment - start * 1000)
        left = MOST
        for step, ages in suspects.items():
            chosen = list(ages.items())[:left]
            left -= len(chosen)
            expressions = [
                (number, promql.of_another(scopes[int(number)].name, target, grid.step, age))
                for (number, target), age in chosen
            ]
            for (number, _), values in _grouped(self._at(server, expressions, step)).items():
                self._corrections[scopes[int(number)]].add(Correction(step, missed=values))

    def _arrived(self, server: Server, scopes: Sequence[Selector], step: int) -> None:
        grid, found, again = self.grid, self._found[step], self._again[step]
        births = [
            (str(number), promql.births(one.name, targets, grid.step))
            for number, one in enumerate(scopes)
            if (targets := _within(one, found))
        ]
        brought = _grouped(self._at(server, births, step))
        pairs = [(number, target) for number, target in brought if target in found and target in again][:MOST]
        ages = {target: round(grid.moment(step) - found[target].start * 1000) for _, target in pairs}
        asked = [
            (number, promql.left_behind(scopes[int(number)].name, target, grid.step, ages[target]))
            for number, target in pairs
        ]
        before = _grouped(self._at(server, asked, step))
        for (number, target), values in brought.items():
            if target in found:
                known = again.get(target, False) and (number, target) in pairs
                correction = Correction(step, brought=values, before=before.get((number, target), ()), known=known)
                self._corrections[scopes[int(number)]].add(correction)

    def _over_all(self, server: Server, asked: Sequence[Asked]) -> Iterator[tuple[str, Series]]:
        for first, last in self.grid.pieces(promql.MANY):
            yield from self._answers(server, asked, first, last)

    def _at(self, server: Server, asked: Sequence[Asked], step: int) -> Iterator[tuple[str, Series]]:
        return self._answers(server, asked, step, step)

    def _answers(self, server: Server, asked: Sequence[Asked], first: int, last: int) -> Iterator[tuple[str, Series]]:
        grid = self.grid
        for low in range(0, len(asked), TOGETHER):
            named = [promql.named(text, name, LABEL) for name, text in asked[low : low + TOGETHER]]
            for series in server.range(promql.fused(named), grid.moment(first), grid.moment(last), grid.step):
                labels = {name: value for name, value in series.labels.items() if name not in (LABEL, "__name__")}
                yield series.labels.get(LABEL, ""), Series(labels, series.values)


def scope(selector: Selector) -> Selector:
    """The part of a selector that tells which metric and jobs it is about."""
    return Selector(selector.name, tuple(matcher for matcher in selector.matchers if matcher.label == "job"))


def _within(scope: Selector, targets: Iterable[Target]) -> list[Target]:
    try:
        return sorted(target for target in targets if scope.matches({"job": target.job}))
    except QueryError:  # An expression of Prometheus's own dialect: it is about them all.
        return sorted(targets)


def _target(labels: Labels) -> Target:
    return Target(labels.get("job", ""), labels.get("instance", ""))


def _grouped(answers: Iterable[tuple[str, Series]]) -> dict[tuple[str, Target], list[Value]]:
    """The values of a single step by name and target."""
    groups: dict[tuple[str, Target], list[Value]] = defaultdict(list)
    for name, series in answers:
        ((_, value),) = series.values
        groups[name, _target(series.labels)].append(Value(series.labels, value))
    return groups


def _sum(selector: Selector, values: Sequence[Value]) -> float:
    return math.fsum(value.value for value in values if selector.matches(value.labels))
