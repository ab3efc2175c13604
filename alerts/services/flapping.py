"""Alerts that come and go are noticed when they fire again."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.models import Alert, Transition
from alerts.rules import words
from alerts.rules.flapping import DAMPING, flaps
from alerts.services.cases import Key
from alerts.services.moves import note


def notice(changes: Sequence[Transition], at: datetime) -> list[Transition]:
    """Mark those of the alerts that have just begun to fire which come and go."""
    fresh = {_key(change.alert): change.alert for change in changes if change.after == Alert.State.FIRING}
    if not fresh:
        return []
    fired, calmed = _episodes(fresh, at)
    found = [alert for key, alert in fresh.items() if flaps(fired[key], calmed.get(key), at)]
    for alert in found:
        alert.flapping_since = at
    Alert.objects.filter(pk__in=[alert.pk for alert in found]).update(flapping_since=at)
    causes = {alert.pk: _cause(fired[_key(alert)], calmed.get(_key(alert))) for alert in found}
    return note(found, Transition.Kind.FLAPPING, at, causes)


def _episodes(fresh: dict[Key, Alert], at: datetime) -> tuple[dict[Key, list[datetime]], dict[Key, datetime]]:
    """When the latest episodes of these alerts fired, and when the last one that flapped ended."""
    fired: dict[Key, list[datetime]] = defaultdict(list)
    calmed: dict[Key, datetime] = {}
    since = at - timedelta(seconds=DAMPING.span)
    found = Alert.objects.filter(subject__in={alert.subject for alert in fresh.values()})
    # An episode that flapped fired longer ago than it ended; calm alone lasts half an hour.
    recent = found.filter(fired_at__gt=since) | found.filter(ended_at__gt=since, flapping_since__isnull=False)
    rows = recent.values_list("kind", "subject", "severity", "fired_at", "ended_at", "flapping_since")
    for kind, subject, severity, fired_at, ended_at, flapping in rows.order_by("opened_at"):
        key = (kind, subject, severity)
        if fired_at and fired_at > since:
            fired[key].append(fired_at)
        if flapping and ended_at:
            calmed[key] = ended_at
    return fired, calmed


def _cause(fired: Sequence[datetime], calmed: datetime | None) -> str:
    why = f"flapped until {calmed:%H:%M} UTC, and fires again" if calmed else f"fired {len(fired)} times"
    within = "" if calmed else f" within {words.duration(DAMPING.span)}"
    return f"{why}{within}: it goes on until it has been calm for {words.duration(DAMPING.calm)}"


def _key(alert: Alert) -> Key:
    return alert.kind, alert.subject, alert.severity
