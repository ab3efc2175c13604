"""What follows from something more important is held back, and told if it outlasts that."""

from datetime import datetime

from alerts.models import Alert, Transition
from alerts.rules import inhibition
from alerts.selectors import alerts
from alerts.services.moves import note


def inhibit(at: datetime) -> list[Transition]:
    """Hold back what follows from something more important, and let go of it. Returns what was let go and still fires.

    Everything that fires is looked at, so it does not matter which of the two came first.
    """
    firing = list(alerts().filter(state=Alert.State.FIRING))
    held = inhibition.held_back(
        inhibition.Firing(alert.pk, alert.labels(), alert.fired_at or alert.opened_at) for alert in firing
    )
    by_pk = {alert.pk: alert for alert in firing}
    moved = [alert for alert in firing if alert.inhibited_by_id != held.get(alert.pk, (None, ""))[0]]
    causes: dict[int, str] = {}
    for alert in moved:
        source, reason = held.get(alert.pk, (None, ""))
        causes[alert.pk] = _because(by_pk[source], reason) if source else "nothing holds it back any more"
        alert.inhibited_by = by_pk[source] if source else None
    Alert.objects.bulk_update(moved, ["inhibited_by"], batch_size=200)
    changes = note(moved, Transition.Kind.INHIBITION, at, causes)
    return [change for change in changes if change.alert.inhibited_by_id is None]


def _because(source: Alert, reason: str) -> str:
    return f"held back by {source} (alert {source.pk}): {reason}"
