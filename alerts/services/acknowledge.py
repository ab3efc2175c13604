"""Somebody takes an alert on."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from alerts.errors import AlertOverError, AlreadyAcknowledgedError
from alerts.models import Alert, Transition
from alerts.rules.words import clip, instant
from alerts.selectors import alerts
from alerts.services.tell import announce

NOTE_LENGTH, VIA_LENGTH = 2_000, 200


def acknowledge(alert: Alert, user: AbstractBaseUser | None, note: str, at: datetime, *, via: str = "") -> Alert:
    """Note who looks after an open alert, and tell those who were told of it. Returns the alert as it is now.

    `user` is None for a program, and for somebody elsewhere whom `via` names, as `pagerduty:alice@example.com`.
    Raises AlreadyAcknowledgedError (the first one keeps it) and AlertOverError.
    """
    note, via = note.strip()[:NOTE_LENGTH], clip(via, VIA_LENGTH)
    with transaction.atomic():
        taken = Alert.objects.filter(pk=alert.pk, state__in=Alert.OPEN, acknowledged_at=None).update(
            acknowledged_at=at, acknowledged_by=user, acknowledged_via=via, acknowledgement=note
        )
        now = alerts().get(pk=alert.pk)
        if not taken:
            raise _refusal(now)
        change = Transition.objects.create(
            alert=now,
            kind=Transition.Kind.ACKNOWLEDGEMENT,
            at=at,
            before=now.state,
            after=now.state,
            cause=f"acknowledged: {note}" if note else "acknowledged",
            actor_id=user.pk if user else None,
            via=via,
        )
        if now.state == Alert.State.FIRING:
            announce([change], at)
    return now


def give_back(alert: Alert, cause: str, at: datetime, *, via: str = "") -> bool:
    """Nobody looks after an alert any more: it is as if nobody had acknowledged it, and escalates again.

    False where its acknowledgement is not the one that was read, or it has ended.
    """
    with transaction.atomic():
        same = Alert.objects.filter(pk=alert.pk, state__in=Alert.OPEN, acknowledged_at=alert.acknowledged_at)
        if alert.acknowledged_at is None or not same.update(
            acknowledged_at=None, acknowledged_by=None, acknowledged_via="", acknowledgement=""
        ):
            return False
        change = Transition.objects.create(
            alert=alert,
            kind=Transition.Kind.ACKNOWLEDGEMENT,
            at=at,
            before=alert.state,
            after=alert.state,
            cause=cause,
            via=clip(via, VIA_LENGTH),
        )
        if alert.state == Alert.State.FIRING:
            announce([change], at)
    return True


def _refusal(alert: Alert) -> AlreadyAcknowledgedError | AlertOverError:
    if alert.acknowledged_at is None:
        return AlertOverError(f"This alert is {alert.state}: only a pending or firing one can be acknowledged")
    who = alert.acknowledged_by or alert.acknowledged_via or "a program"
    note = f": {alert.acknowledgement}" if alert.acknowledgement else ""
    return AlreadyAcknowledgedError(f"{who} acknowledged this alert at {instant(alert.acknowledged_at)}{note}")
