"""Counts that were sent to us, laid onto the ticks of the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slo.maths.ledger import Span, merge
from slo.sources.base import Post, Query, Reading, Sample

# A post vouches for so many seconds before its instant, where the objective does not say.
HEARTBEAT = 60


def heartbeat(terms: Mapping[str, Any]) -> int:
    """The seconds before its instant that a post vouches for."""
    return int(terms.get("heartbeat", HEARTBEAT))


@dataclass(slots=True)
class Events:
    """Talks to nobody: the posts come with the queries, all those after `start`.

    It may be asked again from any instant whose posts are still kept, and answers for every tick. What is older
    cannot be had again, so it does not count as a source that replays.
    """

    replays: bool = field(default=False, init=False)

    def collect(self, queries: Sequence[Query], start: int, end: int, tick: int) -> list[Reading]:
        """See `slo.sources.base.Source.collect`. The cursor holds the number of the newest post that was seen."""
        return [_reading(query, start, end, tick) for query in queries]


def _reading(query: Query, start: int, end: int, tick: int) -> Reading:
    if end <= start:
        return Reading(query.objective)
    seen = max((post.number for post in query.posts), default=query.cursor.get("seen", 0))
    samples = tuple(_samples(query.posts, start, end, tick))
    return Reading(query.objective, samples, {"seen": max(seen, query.cursor.get("seen", 0))})


def _samples(posts: Sequence[Post], start: int, end: int, tick: int) -> Iterator[Sample]:
    """Events as of their instants; observed is what some post vouches for, counted once."""
    waiting = sorted(posts, key=lambda post: post.at, reverse=True)
    spans = iter(merge((Span(post.at - post.vouched, post.at) for post in posts), start, end))
    span = next(spans, None)
    for at in range(start + tick, end + 1, tick):
        good = total = observed = 0.0
        while waiting and waiting[-1].at <= at:
            post = waiting.pop()
            good, total = good + post.good, total + post.total
        while span and span.start < at:
            observed += min(span.end, at) - max(span.start, at - tick)
            if span.end > at:
                break
            span = next(spans, None)
        yield Sample(at, good, total, observed)
