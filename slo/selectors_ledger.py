"""Reads: rows of ledgers and what is excluded, as few of them as windows need."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from django.db import connection
from django.db.models import Q, QuerySet

from slo.maths.history import Rows
from slo.maths.ledger import Row, Span, Sums, merge
from slo.maths.sli import slices
from slo.maths.slices import Slices
from slo.maths.windows import from_epoch
from slo.models import Exclusion, Measurement, Objective, Watermark

T = TypeVar("T")
FEW = 100


class Excerpt(Rows):
    """The rows of one objective around some spans, in memory: many windows that begin and end in one of them."""

    def __init__(self, item: Objective, spans: Sequence[Span]) -> None:
        first, last = min(span.start for span in spans), max(span.end for span in spans)
        holes = excluded_spans([item], first, last).get(item.pk, [])
        edges = (Span(edge, edge) for hole in holes for edge in (hole.start, hole.end))
        self._read = merge((Span(s.start, s.end + 1) for s in (*spans, *edges)), first, last + 1)
        marks = marks_of([item.pk])
        begins = rows_at({item.pk: [span.start for span in self._read]}, marks)[item.pk].values() if marks else ()
        rows = {row.at: row for row in (*begins, *_within(item, self._read))}
        super().__init__([rows[at] for at in sorted(rows)], holes)

    def _row(self, at: int) -> Row:
        read = bisect_right(self._read, at, key=lambda span: span.start)
        if not read or at >= self._read[read - 1].end:
            raise LookupError(f"the ledger was not read around {from_epoch(at):%Y-%m-%d %H:%M:%S}")
        return super()._row(at)


class History(Rows):
    """All rows of one objective over a span, in memory: many windows for one query."""

    def __init__(self, item: Objective, start: int, end: int) -> None:
        kept = Measurement.objects.filter(objective=item).values_list("at", "good", "total", "observed")
        rows = [*kept.filter(at__lt=start).order_by("-at")[:1], *kept.filter(at__gte=start, at__lte=end).order_by("at")]
        holes = excluded_spans([item], start, end).get(item.pk, [])
        super().__init__([Row(row[0], Sums(*row[1:])) for row in rows], holes)


class Mark(NamedTuple):
    """As much of a watermark as reading takes."""

    started: int
    at: int
    problem: str


def marks_of(of: Iterable[int]) -> dict[int, Mark]:
    """The watermarks of objectives by primary key."""
    told = Watermark.objects.filter(objective__in=list(of)).values_list("pk", "started", "at", "problem")
    return {pk: Mark(started, at, problem) for pk, started, at, problem in told}


class Concerned(Protocol):
    """What can be excluded: an objective, or as much of it as somebody read."""

    @property
    def pk(self) -> int: ...
    @property
    def service_id(self) -> int: ...


class Measured(NamedTuple):
    """As much of an objective of a component as its last minutes take: hundreds of components are looked at at once."""

    pk: int
    service_id: int
    component_id: int
    name: str
    indicator: str
    sli: Mapping[str, Any]

    def slices(self) -> Slices | None:
        return slices(self.sli)


def measured(components: Iterable[int]) -> list[Measured]:
    """The objectives of these components."""
    found = Objective.objects.filter(component__in=components)
    return [Measured(*row) for row in found.values_list(*Measured._fields)]


def excluded_spans(wanted: Sequence[Concerned], start: int, end: int) -> dict[int, list[Span]]:
    """What is excluded within [start, end) of each objective that has anything excluded, in order and joined."""
    of_objective: dict[int, list[Span]] = defaultdict(list)
    of_service: dict[int | None, list[Span]] = defaultdict(list)
    for exclusion in touching(wanted, start, end):
        spans = exclusion.spans(start, end)
        if exclusion.objective_id:
            of_objective[exclusion.objective_id] += spans
        else:
            of_service[exclusion.service_id] += spans
    shared = {pk: merge(spans, start, end) for pk, spans in of_service.items()}
    return {
        item.pk: merge([*own, *shared.get(item.service_id, ())], start, end) if own else shared[item.service_id]
        for item in wanted
        if (own := of_objective.get(item.pk)) or item.service_id in shared
    }


def touching(wanted: Sequence[Concerned], start: int, end: int) -> QuerySet[Exclusion]:
    """Those that may have an occurrence within [start, end); of many objectives, also those of others."""
    # Naming hundreds costs more than reading a few exclusions that concern none of them.
    concerned = Q(objective__in=[o.pk for o in wanted]) | Q(service__in={o.service_id for o in wanted})
    concerned = concerned if len(wanted) <= FEW else Q()
    since = Q(end__gt=from_epoch(start)) | ~Q(rule="")
    return Exclusion.objects.filter(concerned, since, start__lt=from_epoch(end))


def rows_at(bounds: Mapping[int, Iterable[int]], marks: Mapping[int, Mark]) -> dict[int, dict[int, Row]]:
    """The row at or before each wanted instant of each objective; the first row where there is none before.

    One index look-up an instant, thousands of them a query: rows are thinned and gaps happen, so that the row
    wanted is seldom at the very instant, and asking for each alone would cost a query each.
    """
    found: dict[int, dict[int, Row]] = {
        pk: {} if pk in marks else {at: Row(at, Sums()) for at in wanted} for pk, wanted in bounds.items()
    }
    pairs = [(pk, at, max(at, marks[pk].started)) for pk, wanted in bounds.items() if pk in marks for at in wanted]
    asking = _AT_OR_BEFORE_AT_ONCE if connection.vendor == "postgresql" else _AT_OR_BEFORE
    for chunk in _chunks(pairs, 5_000):
        wanted = ",".join(f"({pk},{at},{bound})" for pk, at, bound in chunk)
        with connection.cursor() as cursor:
            cursor.execute(asking.format(wanted=wanted))
            for pk, at, row_at, *sums in cursor:
                found[pk][at] = Row(row_at, Sums(*sums))
    return found


def _within(item: Objective, spans: Sequence[Span]) -> list[Row]:
    """The rows of an objective within [start, end) of each of the spans."""
    told = ",".join(f"({span.start},{span.end})" for span in spans)
    with connection.cursor() as cursor:
        cursor.execute(_WITHIN.format(spans=told, objective=item.pk))
        return [Row(at, Sums(*sums)) for at, *sums in cursor]


# Whole numbers only are put into these.
_WITHIN = """
WITH span(low, high) AS (VALUES {spans})
SELECT m.at, m.good, m.total, m.observed
FROM span CROSS JOIN slo_measurement m
WHERE m.objective_id = {objective} AND m.at >= span.low AND m.at < span.high
"""
_AT_OR_BEFORE = """
WITH wanted(objective, at, bound) AS (VALUES {wanted})
SELECT w.objective, w.at, m.at, m.good, m.total, m.observed
FROM wanted w
JOIN slo_measurement m ON m.objective_id = w.objective AND m.at = (
    SELECT MAX(x.at) FROM slo_measurement x WHERE x.objective_id = w.objective AND x.at <= w.bound
)
"""
# The same by one look-up a row instead of two, which SQLite cannot.
_AT_OR_BEFORE_AT_ONCE = """
WITH wanted(objective, at, bound) AS (VALUES {wanted})
SELECT w.objective, w.at, m.at, m.good, m.total, m.observed
FROM wanted w CROSS JOIN LATERAL (
    SELECT x.at, x.good, x.total, x.observed FROM slo_measurement x
    WHERE x.objective_id = w.objective AND x.at <= w.bound ORDER BY x.at DESC LIMIT 1
) m
"""


def _chunks(items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    return (items[i : i + size] for i in range(0, len(items), size))
