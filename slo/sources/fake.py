"""A source whose every event is written down: for tests and for trying things without any service."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from slo.errors import SourceError
from slo.sources import registry
from slo.sources.base import Query, Reading, Sample
from slo.sources.histograms import Asked, Buckets, Found


@dataclass(frozen=True, slots=True)
class Event:
    """Events of one counter at an instant (epoch seconds), which the source knows of from `visible` on."""

    counter: str
    at: int
    good: float
    total: float
    visible: int


@dataclass(slots=True)
class Fake:
    """Answers from the events it was given; a counter is named by the `total` of the queries that ask for it.

    It believes the present to be the end of the span it is asked for. `broken` holds problems by counter.
    """

    replays: bool = True
    events: list[Event] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    labelled: list[dict[str, str]] = field(default_factory=list)
    counted: dict[str, Buckets] = field(default_factory=dict)
    asked: list[tuple[int, int, int]] = field(default_factory=list)
    _outages: list[tuple[int, int]] = field(default_factory=list)
    _silences: list[tuple[int, int]] = field(default_factory=list)

    def count(self, counter: str, at: int, total: float, *, bad: float = 0, visible: int | None = None) -> None:
        """Let `total` events happen at the instant `at`, `bad` of them bad; late ones are `visible` only later."""
        self.events.append(Event(counter, at, total - bad, total, at if visible is None else visible))

    def outage(self, start: int, end: int) -> None:
        """Do not answer when asked after `start` up to `end`; what happens meanwhile is kept."""
        self._outages.append((start, end))

    def silence(self, start: int, end: int) -> None:
        """Observe nothing after `start` up to `end`."""
        self._silences.append((start, end))

    def collect(self, queries: Sequence[Query], start: int, end: int, tick: int) -> list[Reading]:
        """See `slo.sources.base.Source.collect`. Raises SourceError during an outage."""
        self.asked.append((start, end, len(queries)))
        if any(low < end <= high for low, high in self._outages):
            raise SourceError("the fake source is out of order")
        return [self._reading(query, start, end, tick) for query in queries]

    def label_sets(self, selector: str, labels: Sequence[str], at: int) -> list[dict[str, str]]:
        """The sets in `labelled`, whatever the selector. Raises SourceError during an outage."""
        if any(low < at <= high for low, high in self._outages):
            raise SourceError("the fake source is out of order")
        return [{name: found.get(name, "") for name in labels} for found in self.labelled]

    def histograms(self, asked: Sequence[Asked], at: int, seconds: int) -> list[Found]:
        """The buckets in `counted` by histogram, problems from `broken`. Raises SourceError during an outage."""
        if any(low < at <= high for low, high in self._outages):
            raise SourceError("the fake source is out of order")
        self.asked.append((at - seconds, at, len(asked)))
        return [
            Found(item.number, self.counted.get(item.histogram, ()), problem=self.broken.get(item.histogram, ""))
            for item in asked
        ]

    def _reading(self, query: Query, start: int, end: int, tick: int) -> Reading:
        if problem := self.broken.get(query.total):
            return Reading(query.objective, problem=problem)
        if self.replays:
            spans = [(at - tick, at) for at in range(start + tick, end + 1, tick)]
            return Reading(query.objective, tuple(self._sample(query, *span, now=end) for span in spans))
        since = query.cursor.get("until", end)
        sample = self._sample(query, since, end, now=end)
        sample = Sample(end, sample.good, sample.total, min(tick, end - since))
        return Reading(query.objective, (sample,), {"until": end})

    def _sample(self, query: Query, start: int, end: int, now: int) -> Sample:
        if any(low < end <= high for low, high in self._silences):
            return Sample(end, 0.0, 0.0, 0.0)
        found = [e for e in self.events if e.counter == query.total and start < e.at <= end and e.visible <= now]
        return Sample(end, sum(e.good for e in found), sum(e.total for e in found), end - start)


@contextmanager
def standing_in(kind: str = "prometheus", *, replays: bool = True) -> Iterator[Fake]:
    """Let a fake answer for every source of that kind, and put things back afterwards."""
    fake = Fake(replays=replays)
    with registry.replaced(kind, lambda _: fake):
        yield fake
