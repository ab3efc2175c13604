"""Latency counted by native histograms, where a server holds a metric as such and not as classic buckets.

`last_over_time` does not give back native histograms everywhere, so earlier values are looked for among those of the
derived counters, at instants one step apart. The bucket a threshold lies in is interpolated; on a boundary there is
none. A reset is told by the number of all events, as an interpolated count may also fall when a client merges buckets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from slo.errors import QueryError
from slo.sources import promql
from slo.sources.base import Query
from slo.sources.buckets import threshold_of
from slo.sources.grid import Grid
from slo.sources.prometheus_http import Bucket, Server
from slo.sources.restarts import scope
from slo.sources.selector import Selector, parse, written

# Histograms are looked for over no less than Prometheus looks back by itself, at no more than so many instants, in so
# many expressions a request.
LEAST, POINTS, TOGETHER = 300, 5_000, 50
# Events are whole up to the noise of a share times a count.
NOISE = 1e-6


@dataclass(frozen=True, slots=True)
class Histogram:
    """The native histogram a query may mean: what is counted of it is all, and what is within `threshold`."""

    every: Selector
    within: Selector
    threshold: float


def histogram_of(query: Query) -> Histogram | None:
    """The histogram of a good bucket and the count of all; None where it is anything else. Raises QueryError."""
    if not (query.counter and query.good):
        return None
    every, within = parse(query.total), parse(query.good)
    threshold = threshold_of(within)
    base = every.name.removesuffix("_count")
    if threshold is None or f"{base}_count" != every.name or f"{base}_bucket" != within.name:
        return None
    matchers = tuple(matcher for matcher in within.matchers if matcher.label != "le")
    return Histogram(Selector(base, every.matchers), Selector(base, matchers), threshold)


def found(server: Server, queries: Sequence[Query], grid: Grid) -> Mapping[int, Histogram]:
    """Those of the objectives, without classic series, that the server holds as native histograms.

    None where the server does not know native histograms. Raises SourceError.
    """
    meant = {query.objective: histogram for query in queries if (histogram := histogram_of(query))}
    seconds = max(LEAST, grid.end - grid.start)
    step = max(grid.step, seconds * 1000 // POINTS)
    asked = [
        promql.named(f"group(last_over_time({_count(written(histogram.every))}[{seconds}s:{step}ms]))", str(objective))
        for objective, histogram in meant.items()
    ]
    end, there = grid.moment(grid.steps), set()
    for low in range(0, len(asked), TOGETHER):
        try:
            answer = server.range(promql.fused(asked[low : low + TOGETHER]), end, end, grid.step)
        except QueryError:
            return {}
        there |= {series.labels.get("sli") for series in answer}
    return {objective: histogram for objective, histogram in meant.items() if str(objective) in there}


def counted(query: Query, histogram: Histogram, step: int, patience: float) -> Query:
    """The query that counts the histogram's events by steps of so many milliseconds, see `promql.increments`."""
    every = written(histogram.every)
    total = _increments(histogram.every, _count(every), step)
    present = f"count(present_over_time({every}[{round(patience * 1000) - 1}ms]))"
    good = _increments(histogram.within, _within(written(histogram.within), histogram.threshold), step)
    # Asked alone, as a suspect is: what subqueries cost together grows with the square of their number.
    return replace(query, counter=False, total=f"{total} and {present}", good=good, suspect=True)


def doubt(server: Server, histogram: Histogram, grid: Grid) -> str:
    """How far the count is from exact: the bucket the threshold lies in, and its events. Raises SourceError."""
    end = grid.moment(grid.steps)
    try:
        split = [
            bucket
            for series in server.range(written(histogram.within), end, end, grid.step)
            for bucket in series.buckets
            if _inside(bucket, histogram.threshold)
        ]
    except QueryError:
        return ""
    if not split:
        return ""
    low, high = min(bucket.low for bucket in split), max(bucket.high for bucket in split)
    events = sum(bucket.events for bucket in split)
    return (
        f"the threshold {histogram.threshold:g} is no bucket boundary of the native histogram {histogram.every.name}; "
        f"good events are interpolated between {low:g} and {high:g}, where {events:g} of those counted so far lie"
    )


def _inside(bucket: Bucket, threshold: float) -> bool:
    noise = threshold * 1e-9
    return bucket.low + noise < threshold < bucket.high - noise


def _count(histogram: str) -> str:
    return f"histogram_count({histogram})"


def _within(histogram: str, threshold: float) -> str:
    share = f"histogram_fraction(-Inf, {threshold!r}, {histogram})"
    # The share of no events at all is no number.
    return f"((round({share} * {_count(histogram)}, {NOISE}) >= 0) or {_count(histogram)})"


def _increments(histogram: Selector, counter: str, step: int) -> str:
    start = written(Selector(promql.START, scope(histogram).matchers))
    every = _count(written(histogram))
    # The start of the process that showed a series, by series: what another one counted is nothing to start from.
    began = f"({every} * 0 + on (job, instance) group_left () max by (job, instance) ({start}))"
    anew = f"({every} < {_earlier(every, step)}) or ({began} > {_earlier(began, step)} + {promql.WOBBLE})"
    late = f"(({start} unless last_over_time({start}[{promql.HISTORY}] offset {step}ms)) < time() - {promql.YOUNG})"
    progress = f"clamp_min({counter} - {_earlier(counter, step)}, 0) unless ({anew})"
    return f"sum(({progress}) or ({counter} unless on (job, instance) {late}) or ({counter} * 0))"


def _earlier(expression: str, step: int) -> str:
    return f"last_over_time({expression}[{promql.HISTORY}:{step}ms] offset {step}ms)"
