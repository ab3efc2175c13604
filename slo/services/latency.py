"""How long components take at present: one request a source for all of them, never in the way of measuring."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from slo.errors import BrownoutError
from slo.maths.quantile import quantile
from slo.maths.windows import to_epoch
from slo.models import Component, ComponentLatency, Objective, Source
from slo.sources import registry
from slo.sources.histograms import Asked, Found, Histogrammed, failed

log = logging.getLogger(__name__)

# Over how many seconds, as with the health of components, and how many sources at the same time.
SPAN, AT_ONCE = 300, 16
KINDS = (Source.Kind.PROMETHEUS, Source.Kind.SCRAPE)


def read(at: datetime) -> None:
    """Note the latency of every component that has a histogram, as of `at`.

    A source that does not answer, and a histogram that it refuses, leave a problem and harm no other.
    """
    wanted = _wanted()
    cursors = dict(ComponentLatency.objects.values_list("pk", "cursor"))
    asked: dict[Source, list[Asked]] = defaultdict(list)
    for number, (source, histogram) in wanted.items():
        asked[source].append(Asked(number, histogram, cursors.get(number, {})))
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="latency") as pool:
        answers = [pool.submit(_ask, source, items, to_epoch(at)) for source, items in asked.items()]
        found = [item for answer in answers for item in answer.result()]
    _save(found, at)
    ComponentLatency.objects.exclude(pk__in=wanted).delete()


def _wanted() -> Mapping[int, tuple[Source, str]]:
    """The histogram of each component, and where it is asked: its own, else that of its first latency objective."""
    found: dict[int, tuple[Source, str]] = {}
    items = Objective.objects.filter(
        component__isnull=False, indicator="latency", parent=None, source__kind__in=KINDS
    ).select_related("source")
    for item in items.order_by("pk"):
        histogram = item.sli.get("histogram")
        if histogram and item.component_id is not None:
            found.setdefault(item.component_id, (item.source, histogram))
    for own in Component.objects.exclude(latency_source=None).select_related("latency_source"):
        if own.latency_source is not None:
            found[own.pk] = (own.latency_source, own.latency_histogram)
    return found


def _ask(source: Source, asked: Sequence[Asked], at: int) -> list[Found]:
    """What the source says of them. Runs in a thread: no database here."""
    try:
        adapter = registry.build(source.kind, source.spec)
        return adapter.histograms(asked, at, SPAN) if isinstance(adapter, Histogrammed) else []
    except BrownoutError as error:
        return failed(asked, str(error))
    except Exception as error:
        log.exception("Latencies cannot be read from %s", source.name)
        return failed(asked, f"cannot be read: {type(error).__name__}: {error}")


def _save(found: Sequence[Found], at: datetime) -> None:
    ComponentLatency.objects.bulk_create(
        [_row(item, at) for item in found],
        update_conflicts=True,
        unique_fields=["component"],
        update_fields=["at", "events", "p50", "p50_beyond", "p99", "p99_beyond", "problem", "cursor"],
    )


def _row(item: Found, at: datetime) -> ComponentLatency:
    p50, p99 = quantile(0.5, item.buckets), quantile(0.99, item.buckets)
    return ComponentLatency(
        component_id=item.number,
        at=at,
        events=item.buckets[-1][1] if item.buckets else 0,
        p50=p50.value if p50 else None,
        p50_beyond=bool(p50 and p50.beyond),
        p99=p99.value if p99 else None,
        p99_beyond=bool(p99 and p99.beyond),
        problem=item.problem[:500],
        cursor=dict(item.cursor),
    )
