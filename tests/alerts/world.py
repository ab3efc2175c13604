"""What the tests of this package start from: an objective that burns, and somebody to tell."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from alerts.channels import fake
from alerts.models import Alert, Channel, Delivery
from alerts.rules.bundle import Bundle
from alerts.services.deliver import deliver
from alerts.services.evaluate import evaluate
from slo.maths.windows import to_epoch
from slo.models import BurnPolicy, Measurement, Objective, Watermark
from tests.factories import NOW, ledger, objective

TICK = timedelta(seconds=30)
HOUR_WINDOW = {"severity": "page", "long": 3600, "short": 300, "factor": 14.4}


def channel(name: str = "team", *, kind: str = "fake", severities: Sequence[str] = ("page",), **fields: Any) -> Channel:
    return Channel.objects.create(name=name, kind=kind, severities=list(severities), **fields)


def burning(name: str = "checkout", *, at: datetime = NOW, bad: float = 20, **fields: Any) -> Objective:
    """An objective with two hours of ledger, of which the last ten minutes lost `bad` events of 100 a step.

    Only the first window of the SRE table judges it, unless a policy is given.
    """
    if "burn_policy" not in fields:
        fields["burn_policy"], _ = BurnPolicy.objects.get_or_create(name="hour", defaults={"windows": [HOUR_WINDOW]})
    item = objective(name, **fields)
    ledger(item, end=at, seconds=7_200, bad=lambda left: bad if left < 600 else 0)
    return item


def fired(name: str = "checkout", *, at: datetime = NOW, **fields: Any) -> Alert:
    """The page that a burning objective leads to."""
    burning(name, at=at, **fields)
    evaluate(at)
    return Alert.objects.get(objective__name=name, severity="page")


def extend(item: Objective, until: datetime, *, total: float = 100, bad: float = 0, step: int = 30) -> None:
    """Go on with the ledger up to `until`."""
    last = Measurement.objects.filter(objective=item).order_by("-at").first()
    assert last is not None
    rows = []
    good, everything, observed = last.good, last.total, last.observed
    for at in range(last.at + step, to_epoch(until) + 1, step):
        good, everything, observed = good + total - bad, everything + total, observed + step
        rows.append(Measurement(objective=item, at=at, good=good, total=everything, observed=observed))
    Measurement.objects.bulk_create(rows)
    Watermark.objects.filter(objective=item).update(at=to_epoch(until))


def run(start: datetime, end: datetime, step: timedelta = TICK) -> None:
    """Evaluate at every step after `start` up to `end`."""
    at = start + step
    while at <= end:
        evaluate(at)
        at += step


def tell(at: datetime) -> list[Bundle]:
    """Deliver what is due to channels of kind `fake`. Returns what they were told."""
    with fake.installed() as receiver:
        deliver(at)
    return receiver.sent


def resolve(alert: Alert, *, after: timedelta = timedelta(minutes=20)) -> Alert:
    """Let it end: the errors stop, and `after` that nothing burns any more."""
    assert alert.fired_at is not None
    end = alert.fired_at + after
    extend(its(alert), end)
    run(end - timedelta(minutes=3), end)
    alert.refresh_from_db()
    assert alert.state == Alert.State.RESOLVED
    return alert


def its(alert: Alert) -> Objective:
    """The objective it is about."""
    assert alert.objective is not None
    return alert.objective


def states(alert: Alert) -> list[tuple[str, str]]:
    """Its transitions as (before, after)."""
    return list(alert.transitions.values_list("before", "after"))


def owed(alert: Alert) -> list[tuple[str, str, str]]:
    """Its deliveries as (channel, told, state)."""
    found = Delivery.objects.filter(transitions__alert=alert).distinct().order_by("pk")
    return [(delivery.channel.name, delivery.told, delivery.state) for delivery in found]
