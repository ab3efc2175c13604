"""Owe the channels word of what changed."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from alerts.models import Alert, Channel, Delivery, Transition
from alerts.rules.message import episode_key


def announce(changes: Sequence[Transition], at: datetime) -> None:
    """Owe word of these changes to every channel that wants the severity, or has been told of the alert before.

    Where a change names channels (an escalation, a reminder), they alone are told; of an acknowledgement those who
    know of the alert.
    Call it in the transaction of the changes, without those that are kept quiet. A resolution is told only where
    something was told.
    """
    channels = list(Channel.objects.filter(enabled=True)) if changes else []
    if not channels:
        return
    told: dict[int, set[int]] = defaultdict(set)
    known = Delivery.objects.filter(transition__alert__in=[c.alert_id for c in changes])
    for alert, channel in known.values_list("transition__alert", "channel"):
        told[alert].add(channel)
    owed = [
        Delivery(transition=change, channel=channel, dedup_key=_key(change), due_at=at)
        for change in changes
        for channel in channels
        if _hears(channel, change, told[change.alert_id])
    ]
    Delivery.objects.bulk_create(owed, batch_size=500)


def _hears(channel: Channel, change: Transition, told: set[int]) -> bool:
    if change.channels:
        return channel.name in change.channels
    return channel.pk in told or (change.kind != Transition.Kind.ACKNOWLEDGEMENT and _wants(channel, change))


def _wants(channel: Channel, change: Transition) -> bool:
    if channel.after or change.after == Alert.State.RESOLVED:
        return False
    return change.alert.severity in channel.severities


def _key(change: Transition) -> str:
    alert = change.alert
    again = "" if change.kind == Transition.Kind.STATE else f":{change.pk}"
    return f"{episode_key(alert.subject, alert.severity, alert.pk, alert.opened_at)}:{change.after}{again}"
