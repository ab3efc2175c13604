"""Puts what was counted by the tick together into time slices, which are what the ledger of such an objective holds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from slo.maths.ledger import Sums
from slo.maths.slices import Slices
from slo.sources.base import Query, Reading, Sample


def asked(query: Query) -> Query:
    """The query as its source knows it: the cursor of a query in slices holds the source's own, and the open slice."""
    return replace(query, cursor=query.cursor.get("source", {})) if query.slices else query


def sliced(query: Query, reading: Reading, *, replays: bool) -> Reading:
    """The reading with a sample for each slice that is over.

    A source that replays is asked for whole slices. One that knows only the present is asked every tick, and what it
    has counted of a slice that is not over is kept in the cursor.
    """
    if query.slices is None or not reading.samples:
        return reading
    kept: dict[int, Sums] = {} if replays else _open(query.cursor)
    for sample in reading.samples:
        end = query.slices.end(sample.at)
        kept[end] = kept.get(end, Sums()) + Sums(sample.good, sample.total, sample.observed)
    last = reading.samples[-1].at
    over = tuple(_samples(query.slices, {end: sums for end, sums in kept.items() if end <= last}))
    left = [[end, sums.good, sums.total, sums.observed] for end, sums in kept.items() if end > last]
    cursor = {"source": dict(reading.cursor), "open": left, "until": last}
    return replace(reading, samples=over, cursor={} if replays else cursor)


def until(cursor: Mapping[str, Any]) -> int:
    """How far an open slice has been measured (epoch seconds); 0 before any."""
    return int(cursor.get("until", 0))


def _open(cursor: Mapping[str, Any]) -> dict[int, Sums]:
    held: Iterable[tuple[int, float, float, float]] = cursor.get("open", ())
    return {end: Sums(*sums) for end, *sums in held}


def _samples(slices: Slices, kept: Mapping[int, Sums]) -> Iterator[Sample]:
    for end in sorted(kept):
        judged = slices.judge(kept[end])
        yield Sample(end, judged.good, judged.total, judged.observed)
