"""Rows to test with: each function makes one thing with sensible defaults, and ledgers from a few words."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from slo.maths.windows import to_epoch
from slo.models import Component, Measurement, Objective, Service, Source, Watermark

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_numbers = count(1)


def service(name: str = "", **fields: Any) -> Service:
    return Service.objects.create(name=name or f"service-{next(_numbers)}", **fields)


def component(name: str = "", *, tier: int = 2, **fields: Any) -> Component:
    fields.setdefault("service", None)
    fields["service"] = fields["service"] or service()
    return Component.objects.create(name=name or f"component-{next(_numbers)}", tier=tier, **fields)


def source(name: str = "", *, kind: str = "prometheus", **fields: Any) -> Source:
    return Source.objects.create(name=name or f"source-{next(_numbers)}", kind=kind, **fields)


def objective(name: str = "", *, target: float = 0.999, days: int = 30, **fields: Any) -> Objective:
    """An availability objective of a rolling period of `days`, on a service and source of its own by default."""
    fields.setdefault(
        "sli", {"good": 'http_requests_total{code="200"}', "total": "http_requests_total", "counter": True}
    )
    fields.setdefault("period", {"rolling": days * 86_400})
    if "service" not in fields:
        fields["service"] = fields["component"].service if fields.get("component") else service()
    if "source" not in fields:
        fields["source"] = source()
    return Objective.objects.create(name=name or f"objective-{next(_numbers)}", target=target, **fields)


def ledger(
    item: Objective,
    *,
    end: datetime = NOW,
    seconds: int = 3_600,
    step: int = 30,
    total: float = 100,
    bad: float | Callable[[int], float | None] = 0,
) -> Watermark:
    """A ledger of the last `seconds` up to `end`: `total` events a step, `bad` of them bad.

    `bad` may be a function of the seconds left until `end`; where it gives None nothing was observed.
    """
    last = to_epoch(end)
    first = last - seconds
    good_sum = total_sum = observed = 0.0
    rows = [Measurement(objective=item, at=first, good=0, total=0, observed=0)]
    for at in range(first + step, last + 1, step):
        failed = bad(last - at) if callable(bad) else bad
        if failed is not None:
            good_sum, total_sum, observed = good_sum + total - failed, total_sum + total, observed + step
        rows.append(Measurement(objective=item, at=at, good=good_sum, total=total_sum, observed=observed))
    Measurement.objects.bulk_create(rows)
    return Watermark.objects.create(objective=item, started=first, at=last)


def sums(item: Objective) -> Iterable[tuple[int, float, float, float]]:
    """The ledger's rows: instant, good, total, observed."""
    return Measurement.objects.filter(objective=item).order_by("at").values_list("at", "good", "total", "observed")
