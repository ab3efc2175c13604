"""Silences are put on open alerts, and lifted: each time with its cause in the alert's history."""

from collections.abc import Iterable
from datetime import datetime

from alerts.models import Alert, Silence, Transition
from alerts.rules.words import instant
from alerts.services.standing import standing

BATCH = 200


def hush(found: Iterable[Alert], at: datetime) -> list[Transition]:
    """Let each open alert be held by the silence in force for it at `at`, or by none.

    Call it in a transaction. Returns the ends of silences that people should hear of: their alerts fire, and nothing
    else keeps them quiet nor has anybody taken them on.
    """
    present = standing(at)
    wanted = {alert: present.holding(alert.labels()) if present.quiets else None for alert in found}
    moved = _unmoved_since([alert for alert, silence in wanted.items() if _changes(alert, silence, at)])
    changes = [_hold(alert, wanted[alert], at) for alert in moved]
    Alert.objects.bulk_update(moved, ["silence"], batch_size=BATCH)
    Transition.objects.bulk_create(changes, batch_size=BATCH)
    return [change for change in changes if _is_news(change.alert)]


def _changes(alert: Alert, silence: Silence | None, at: datetime) -> bool:
    # A judgement that is late knows nothing of a silence somebody has made since.
    unknown = alert.silence is not None and alert.silence.created_at > at
    return alert.silence != silence and not unknown


def _unmoved_since(found: list[Alert]) -> list[Alert]:
    """Those, now locked, that are still as they were read."""
    if not found:
        return []
    rows = Alert.objects.select_for_update().filter(pk__in=[alert.pk for alert in found], state__in=Alert.OPEN)
    held = dict(rows.order_by("pk").values_list("pk", "silence"))
    return [alert for alert in found if alert.pk in held and held[alert.pk] == alert.silence_id]


def _hold(alert: Alert, silence: Silence | None, at: datetime) -> Transition:
    before, alert.silence = alert.silence, silence
    if silence:
        cause, actor = put_on(silence, at), silence.created_by
    else:
        cause, actor = _lifted(before), before.ended_by if before else None
    kind, state = Transition.Kind.SILENCE, alert.state
    return Transition(alert=alert, kind=kind, at=at, before=state, after=state, cause=cause, actor=actor)


def put_on(silence: Silence, at: datetime) -> str:
    """What an alert's history says when a silence is put on it."""
    until = silence.as_rule().until(at)
    ending = f" until {instant(until)}" if until else ""
    return f"silenced{ending} by {silence.author}: {silence.reason}"


def _lifted(silence: Silence | None) -> str:
    if silence is None or not silence.ended_reason:
        return "the silence is over"
    who = silence.ended_by or silence.ended_via or "a program"
    return f"the silence was ended by {who}: {silence.ended_reason}"


def _is_news(alert: Alert) -> bool:
    return alert.state == Alert.State.FIRING and not alert.suppressed and alert.acknowledged_at is None
