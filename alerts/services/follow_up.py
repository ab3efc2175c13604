"""What becomes of alerts that are open already: silences, further channels for what nobody takes on, reminders."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from alerts.models import Alert, Channel, Transition
from alerts.rules.follow_up import Standing, Way, due
from alerts.rules.routing import Route, wants
from alerts.rules.words import duration
from alerts.selectors import alerts
from alerts.services.silencing import hush
from alerts.services.tell import announce, route

Kind = Transition.Kind
# What keeps an alert quiet writes these when it begins and when it ends.
_QUIETING = (Kind.SILENCE, Kind.INHIBITION)


@transaction.atomic
def follow_up(at: datetime) -> int:
    """Put silences on open alerts and lift them, escalate what nobody has taken on, and remind of it.

    Called at the end of an evaluation. Returns the number of changes people are told of.
    """
    found = list(alerts().filter(state__in=Alert.OPEN))
    changes = hush(found, at) + _chase([alert for alert in found if alert.state == Alert.State.FIRING], at)
    announce(changes, at)
    return len(changes)


def _chase(firing: Sequence[Alert], at: datetime) -> list[Transition]:
    """Escalations and reminders that are due, written."""
    channels = Channel.objects.filter(Q(after__gt=0) | Q(remind__gt=0), enabled=True)
    ways = [(route(channel), Way(channel.name, channel.after, channel.remind)) for channel in channels]
    free = [alert for alert in firing if not _is_left_alone(alert)] if ways else []
    history = _history(free)
    changes = [change for alert in free for change in _next(alert, ways, history[alert.pk], at)]
    # Somebody may have taken one on since it was read.
    untaken = Alert.objects.select_for_update().filter(state=Alert.State.FIRING, acknowledged_at=None)
    left = set(untaken.filter(pk__in={c.alert_id for c in changes}).values_list("pk", flat=True))
    return Transition.objects.bulk_create([c for c in changes if c.alert_id in left], batch_size=500)


def _is_left_alone(alert: Alert) -> bool:
    return alert.acknowledged_at is not None or alert.suppressed


def _history(of: Sequence[Alert]) -> dict[int, list[Transition]]:
    """What was told of each alert to single channels, and what kept it quiet, in order."""
    found: dict[int, list[Transition]] = defaultdict(list)
    kinds = (Kind.ESCALATION, Kind.REMINDER, *_QUIETING)
    for change in Transition.objects.filter(alert__in=of, kind__in=kinds) if of else ():
        found[change.alert_id].append(change)
    return found


def _next(
    alert: Alert, ways: Iterable[tuple[Route, Way]], history: Sequence[Transition], at: datetime
) -> list[Transition]:
    labels = alert.labels()
    now = due(_standing(alert, history), [way for route, way in ways if wants(route, labels)], at)
    since = (at - (alert.fired_at or alert.opened_at)).total_seconds()
    found = []
    if now.escalate:
        cause = f"not acknowledged for {duration(since)}: told {', '.join(now.escalate)}"
        found.append(_change(alert, Kind.ESCALATION, cause, now.escalate, at))
    if now.remind:
        cause = f"still firing after {duration(since)}: told {', '.join(now.remind)} again"
        found.append(_change(alert, Kind.REMINDER, cause, now.remind, at))
    return found


def _standing(alert: Alert, history: Sequence[Transition]) -> Standing:
    quieted = [change.at for change in history if change.kind in _QUIETING]
    told = {name: change.at for change in history for name in change.channels}
    escalated = {name for change in history if change.kind == Kind.ESCALATION for name in change.channels}
    since = max([alert.fired_at or alert.opened_at, *quieted])
    return Standing(since, escalated=frozenset(escalated), told=told)


def _change(alert: Alert, kind: Kind, cause: str, channels: Iterable[str], at: datetime) -> Transition:
    return Transition(
        alert=alert, kind=kind, at=at, before=alert.state, after=alert.state, cause=cause, channels=list(channels)
    )
