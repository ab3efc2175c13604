"""What receivers report back: kept once each, and noted on the alerts it is about."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from alerts.channels import registry
from alerts.errors import UnsignedError
from alerts.models import Alert, Channel, Delivery, Report, Transition
from alerts.selectors_channels import channel as named
from slo.errors import NotFoundError
from slo.openslo.schema import Spec

KEPT = timedelta(days=30)


def reporting(kind: str, name: str) -> tuple[Channel, Spec]:
    """A channel of that kind with its definition. Raises NotFoundError, ChannelError."""
    found = named(name)
    if found.kind != kind:
        raise NotFoundError(f"The channel {name!r} is no {kind} channel")
    return found, registry.adapter_class(kind).spec.model_validate(found.spec)


def unsigned(channel: Channel, field: str, *, expected: bool) -> UnsignedError:
    """The refusal of a report that cannot be believed."""
    if not expected:
        return UnsignedError(f"The channel {channel.name} takes no reports: give it a {field}")
    return UnsignedError("The signature or token is missing or wrong")


def record(channel: Channel, key: str, at: datetime, **fields: Any) -> Report | None:
    """Note a report for the first time; None if it has been noted before. Call it in a transaction."""
    Report.objects.filter(channel=channel, at__lt=at - KEPT).delete()
    report, new = Report.objects.get_or_create(channel=channel, key=key, defaults={"at": at, "outcome": "", **fields})
    return report if new else None


def conclude(report: Report, outcome: str, about: Iterable[Alert] = ()) -> Report:
    """What became of a report."""
    report.outcome = outcome[:500]
    report.save(update_fields=["outcome"])
    report.alerts.add(*about)
    return report


def note(alert: Alert, cause: str, at: datetime, via: str) -> None:
    """Put something on the timeline of an alert that changes nothing and is told to nobody."""
    Transition.objects.create(
        alert=alert,
        kind=Transition.Kind.DELIVERY,
        at=at,
        before=alert.state,
        after=alert.state,
        cause=cause,
        via=via[:200],
    )


def keep_from(channel: Channel, at: datetime, via: str) -> None:
    """Owe nothing to a channel about what it has just told us itself. Call it in the transaction of the changes."""
    own = set(Transition.objects.filter(at=at, via=via).values_list("pk", flat=True))
    untried = Delivery.objects.filter(
        channel=channel, state=Delivery.State.DUE, attempts=0, sends=0, transitions__in=own
    ).distinct()
    echoes = [d.pk for d in untried.prefetch_related("transitions") if {t.pk for t in d.transitions.all()} <= own]
    Delivery.objects.filter(pk__in=echoes).delete()
