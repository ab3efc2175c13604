"""What the buckets of histograms counted of late, of many at once: for latencies as people see them, not for promises.

Promises are counted exactly, event by event; a quantile of five minutes may extrapolate as `increase` does.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from slo.errors import QueryError, SourceError
from slo.openslo.selector import buckets
from slo.sources import promql
from slo.sources.exposition import Page
from slo.sources.prometheus_http import Server
from slo.sources.selector import Selector, parse

Buckets = tuple[tuple[float, float], ...]
# Seconds between two pages kept to subtract from: enough to tell five minutes apart, and little to store.
APART = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """A histogram, by its base name with labels, for whoever `number` means; `cursor` as with `Query`."""

    number: int
    histogram: str
    cursor: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """The events up to each bound, +Inf the last, or what is wrong; none where nothing is known."""

    number: int
    buckets: Buckets = ()
    cursor: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


@runtime_checkable
class Histogrammed(Protocol):
    """A source that can tell what histograms counted."""

    def histograms(self, asked: Sequence[Asked], at: int, seconds: int) -> list[Found]:
        """What each counted in the `seconds` up to `at` (epoch seconds), all asked at once.

        A histogram at fault has a problem; raises SourceError when the source does not answer at all.
        """
        ...


# Prometheus -------------------------------------------------------------------------------------------------------


def increased(server: Server, asked: Sequence[Asked], at: int, seconds: int) -> list[Found]:
    """All in one request; when Prometheus refuses, halves until the broken ones are alone."""
    fused = promql.fused(
        [
            promql.named(f"sum by (le) (increase({buckets(item.histogram)}[{seconds}s]))", str(item.number))
            for item in asked
        ]
    )
    try:
        answer = server.range(fused, at * 1000, at * 1000, 1000)
    except QueryError as error:
        if len(asked) == 1:
            return [Found(asked[0].number, problem=f"the query is refused: {error}")]
        middle = len(asked) // 2
        return increased(server, asked[:middle], at, seconds) + increased(server, asked[middle:], at, seconds)
    counted: dict[str, list[tuple[float, float]]] = {str(item.number): [] for item in asked}
    for series in answer:
        name = series.labels.get("sli", "")
        if name not in counted:
            raise SourceError("Prometheus answered with series that were not asked for; is a proxy changing queries?")
        counted[name] += [(_bound(series.labels.get("le", "")), value) for _, value in series.values[-1:]]
    return [Found(item.number, tuple(sorted(counted[str(item.number)]))) for item in asked]


# /metrics ---------------------------------------------------------------------------------------------------------


def subtracted(item: Asked, pages: Mapping[str, Page], at: int, seconds: int) -> Found:
    """What the pages of the targets hold now, less what they held `seconds` ago as the cursor remembers it.

    A target that restarted, or whose counts fell, counts from 0; one that is new tells nothing yet.
    """
    try:
        selector = parse(buckets(item.histogram))
        now = {name: held for name, page in pages.items() if (held := _snapshot(selector, page))["le"]}
    except QueryError as error:
        return Found(item.number, cursor=item.cursor, problem=str(error))
    kept = [each for each in item.cursor.get("snapshots", ()) if at - seconds - APART < each["at"] < at]
    first = kept[0]["targets"] if kept and item.cursor.get("asked") == item.histogram else {}
    total: dict[float, float] = {}
    for name, present in now.items():
        if name in first:
            before = {} if _anew(present, first[name]) else first[name]["le"]
            for text, value in present["le"].items():
                bound = _bound(text)
                total[bound] = total.get(bound, 0.0) + value - before.get(text, 0.0)
    if item.cursor.get("asked") != item.histogram:
        kept = []
    if not kept or at - kept[-1]["at"] >= APART:
        kept = [*kept, {"at": at, "targets": now}]
    return Found(item.number, tuple(sorted(total.items())), {"asked": item.histogram, "snapshots": kept})


def _snapshot(selector: Selector, page: Page) -> dict[str, Any]:
    counted: dict[str, float] = {}
    for labels, value in page.series.get(selector.name, ()):
        bound = _bound(labels.get("le", ""))
        if selector.matches(labels) and not math.isnan(bound) and math.isfinite(value):
            counted[repr(bound)] = counted.get(repr(bound), 0.0) + value
    return {"start": page.started, "le": counted}


def _anew(present: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    if present["start"] is not None and before["start"] is not None and present["start"] - before["start"] > 1:
        return True
    return any(value < before["le"].get(text, 0.0) for text, value in present["le"].items())


def _bound(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def failed(asked: Iterable[Asked], problem: str) -> list[Found]:
    """Nothing of any of them, and why; what the cursors remember stays."""
    return [Found(item.number, cursor=item.cursor, problem=problem) for item in asked]
