"""See which channels do not get through, and raise an alert about each: it is told over the others."""

import logging
from datetime import datetime

from django.db.models import Count

from alerts.models import Alert, Channel, ChannelCircuit, Delivery
from alerts.rules import delivery as rules
from alerts.rules.delivery import Trouble
from alerts.services.raising import hold

log = logging.getLogger(__name__)


def watch(at: datetime) -> None:
    """Begin and end the alerts about channels. What goes wrong is logged: sending does not depend on it."""
    try:
        _watch(at)
    except Exception:
        log.exception("Whether the channels get through could not be judged at %s", at)


def _watch(at: datetime) -> None:
    open_ = set(Alert.objects.filter(kind=Alert.Kind.DELIVERY, state__in=Alert.OPEN).values_list("subject", "severity"))
    known = _troubles(at)
    for channel in Channel.objects.filter(enabled=True):
        trouble = known.get(channel.pk, Trouble())
        key = (channel.name, rules.severity(channel.severities))
        if rules.failing(trouble, at) or key in open_:
            _hold(*key, trouble, at)
        open_.discard(key)
    for name, severity in open_:
        # Deleted, disabled, or no longer of that severity.
        _hold(name, severity, Trouble(), at)


def _troubles(at: datetime) -> dict[int, Trouble]:
    given_up = Delivery.objects.filter(state=Delivery.State.DEAD, owed_at__gt=at - rules.DEAD_FOR)
    dead = dict(given_up.values_list("channel").annotate(n=Count("pk")).order_by())
    circuits = {row.channel_id: row for row in ChannelCircuit.objects.all()}
    return {
        pk: Trouble(row.opened_at if row else None, dead.get(pk, 0), row.answer if row else "")
        for pk in {*dead, *circuits}
        for row in [circuits.get(pk)]
    }


def _hold(name: str, severity: str, trouble: Trouble, at: datetime) -> None:
    failing = rules.failing(trouble, at)
    hold(
        Alert.Kind.DELIVERY,
        name,
        severity=severity,
        title=name,
        cause=rules.cause(trouble, at),
        condition=failing,
        at=at,
    )
