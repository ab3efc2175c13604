"""Reads the counters of services directly, for people who have no Prometheus."""

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from slo.errors import DefinitionError, QueryError, SourceError
from slo.sources.base import Query, Reading, Sample
from slo.sources.connection import Access, Connection
from slo.sources.exposition import Labels, Page, fetch
from slo.sources.histograms import Asked, Found, subtracted
from slo.sources.selector import Selector, parse

# Targets asked at the same time.
AT_ONCE = 8

# What a cursor holds for a target: {"start": process start or None, "total": {series: value}, "part": {…}}.
Known = Mapping[str, Any]


class Pages(NamedTuple):
    """What the targets answered at one instant: pages, and why the others did not."""

    answered: Mapping[str, Page]
    failed: Mapping[str, str]


class Counted(NamedTuple):
    """Events since the cursor, and the values to go on from, by series."""

    events: float
    values: dict[str, float]


@dataclass(slots=True)
class Scrape:
    """The `/metrics` pages of `targets` (addresses), each read once an instant; `timeout` in seconds.

    It knows only the present: what a target counted while it could not be read is counted when it is back, and
    a target seen for the first time gives its baseline. While only some of the targets that have an objective's
    series answer, their share is the share of time that counts as observed.
    """

    targets: Sequence[str]
    timeout: float = 5
    connection: Connection = field(default_factory=Connection)
    replays: bool = field(default=False, init=False)
    _pages: dict[int, Pages] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.targets or self.timeout <= 0:
            raise DefinitionError("a scrape source needs targets (addresses) and a timeout above 0")
        self.targets = tuple(dict.fromkeys(self.targets))

    def collect(self, queries: Sequence[Query], start: int, end: int, tick: int) -> list[Reading]:
        """See `slo.sources.base.Source.collect`. Raises SourceError when no target answers."""
        pages = self._read(end)
        return [_reading(query, pages, end, min(tick, end - start)) for query in queries]

    def label_sets(self, selector: str, labels: Sequence[str], at: int) -> list[dict[str, str]]:
        """See `slo.sources.base.Labelled.label_sets`. Raises SourceError or QueryError."""
        asked = parse(selector)
        found = {
            tuple(own.get(name, "") for name in labels): None
            for page in self._read(at).answered.values()
            for own, _ in page.series.get(asked.name, ())
            if asked.matches(own)
        }
        return [dict(zip(labels, values, strict=True)) for values in found]

    def histograms(self, asked: Sequence[Asked], at: int, seconds: int) -> list[Found]:
        """See `slo.sources.histograms.Histogrammed.histograms`. Raises SourceError when no target answers."""
        pages = self._read(at).answered
        return [subtracted(item, pages, at, seconds) for item in asked]

    def _read(self, at: int) -> Pages:
        if at not in self._pages:
            self._pages = {at: _fetch_all(self.targets, self.timeout, self.connection.access())}
        return self._pages[at]


def _fetch_all(targets: Sequence[str], timeout: float, access: Access) -> Pages:
    answered, failed = {}, {}
    with ThreadPoolExecutor(min(AT_ONCE, len(targets))) as pool:
        outcomes = pool.map(lambda url: _outcome(url, timeout, access), targets)
        for target, outcome in zip(targets, outcomes, strict=True):
            if isinstance(outcome, Page):
                answered[target] = outcome
            else:
                failed[target] = outcome
    if not answered:
        raise SourceError("; ".join(failed.values())[:500])
    return Pages(answered, failed)


def _outcome(url: str, timeout: float, access: Access) -> Page | str:
    try:
        return fetch(url, timeout, access)
    except SourceError as error:
        return access.hide(str(error))


def _reading(query: Query, pages: Pages, end: int, seconds: int) -> Reading:
    if not query.counter or query.value:
        refusal = "a scrape source counts bare selectors of counters; other queries need a Prometheus"
        return Reading(query.objective, problem=refusal)
    try:
        return _count(query, parse(query.total), parse(query.good or query.bad), pages, Sample(end, 0, 0, seconds))
    except QueryError as error:
        return Reading(query.objective, problem=str(error))


def _count(query: Query, total: Selector, part: Selector, pages: Pages, full: Sample) -> Reading:
    """Add up what every target counted since the cursor. `full` is the sample of a full observation of nothing."""
    asked = [query.total, query.good, query.bad]
    # A cursor of other selectors says nothing about these series.
    known: Mapping[str, Known] = query.cursor.get("targets", {}) if query.cursor.get("asked") == asked else {}
    kept: dict[str, Known] = {target: known[target] for target in pages.failed if target in known}
    missed = sum(bool(before["total"]) for before in kept.values())
    events = counted = 0.0
    seen = 0
    for target, page in pages.answered.items():
        before = known.get(target)
        whole, share = _increase(total, "total", page, before), _increase(part, "part", page, before)
        kept[target] = {"start": page.started, "total": whole.values, "part": share.values}
        if whole.values and before is None:
            missed += 1
        elif whole.values:
            seen, events, counted = seen + 1, events + whole.events, counted + share.events
    good = counted if query.good else events - counted
    sample = Sample(full.at, good, events, full.observed * seen / (seen + missed)) if seen else Sample(full.at, 0, 0, 0)
    return Reading(query.objective, (sample,), {"asked": asked, "targets": kept}, _doubt(query, sample, pages, kept))


def _increase(selector: Selector, name: str, page: Page, before: Known | None) -> Counted:
    """What the selected series counted since `before`; a restart, a fall or a birth counts from 0."""
    values = dict(_selected(selector, page))
    if before is None:
        return Counted(0.0, values)
    earlier: Mapping[str, float] = {} if _restarted(page, before) else before[name]
    events = 0.0
    for series, value in values.items():
        past = earlier.get(series, 0.0)
        events += value - past if value >= past else value
    return Counted(events, values)


def _restarted(page: Page, before: Known) -> bool:
    # More than a second later: some exporters derive their start from an uptime, and it trembles.
    return page.started is not None and before["start"] is not None and page.started - before["start"] > 1


def _selected(selector: Selector, page: Page) -> Iterator[tuple[str, float]]:
    for labels, value in page.series.get(selector.name, ()):
        if not selector.matches(labels):
            continue
        if not math.isfinite(value) or value < 0:
            raise QueryError(f"{selector.name} has the value {value:g}, which is no number of events")
        yield _key(labels), value


def _key(labels: Labels) -> str:
    return ",".join(f"{name}={value!r}" for name, value in sorted(labels.items()))


def _doubt(query: Query, sample: Sample, pages: Pages, known: Mapping[str, Known]) -> str:
    if query.good and sample.total and not any(target["part"] for target in known.values()):
        return f"the good selector {query.good} matched no series, although {query.total} counted events"
    concerned = [why for target, why in pages.failed.items() if target not in known or known[target]["total"]]
    if concerned:
        everyone = len(pages.answered) + len(pages.failed)
        return f"{len(concerned)} of {everyone} targets did not answer: {'; '.join(concerned)}"[:500]
    return ""
