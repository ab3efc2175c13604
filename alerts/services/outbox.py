"""What is owed to whom, as rows: claimed by one sender at a time, settled by what came of it.

Every write is conditional on what it found, so two senders, a crash or a retry cannot settle a message twice. A
crash between sending and settling sends it again under the same key: at least once, and never out of order.
"""

import random
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from alerts.channels.base import Answer
from alerts.errors import NotDeadError
from alerts.models import Alert, Channel, Delivery
from alerts.rules.retry import delay, given_up

LEASE = timedelta(seconds=30)


def tidy(at: datetime) -> None:
    """Give up what is owed to disabled channels, and stop reminding of alerts that fire no more."""
    disabled = _free(at).filter(channel__enabled=False)
    over = _free(at).exclude(transition__alert__state=Alert.State.FIRING).filter(sends__gt=0)
    _update(disabled, at, state=Delivery.State.DEAD, answer="The channel is disabled: enable it and send this again")
    _update(over, at, state=Delivery.State.SENT)


def waiting_channels(at: datetime) -> list[Channel]:
    """Channels that are owed something by now, and that no other sender is busy with."""
    owed = Delivery.objects.filter(channel=OuterRef("pk"), state=Delivery.State.DUE, due_at__lte=at)
    leased = Delivery.objects.filter(channel=OuterRef("pk"), state=Delivery.State.DUE, leased_until__gt=at)
    return list(Channel.objects.filter(Exists(owed), ~Exists(leased), enabled=True))


def claim(channel: Channel, at: datetime) -> Delivery | None:
    """Lease the next message owed to the channel; None when there is none."""
    while True:
        pk = _sendable(at).filter(channel=channel, due_at__lte=at).values_list("pk", flat=True).first()
        if pk is None:
            return None
        if _free(at).filter(pk=pk).update(leased_until=at + LEASE, attempts=F("attempts") + 1):
            return (
                Delivery.objects.select_related(
                    "channel",
                    "transition__alert__objective",
                    "transition__alert__service",
                    "budget_change__objective__service",
                )
                .filter(pk=pk, leased_until=at + LEASE)
                .first()
            )


def settle(delivery: Delivery, answer: Answer, at: datetime, remind: timedelta | None) -> None:
    """Note what came of a claimed delivery, unless its lease has run out and it went to another sender.

    `remind` is after what time the channel wants to hear again of an alert that still fires.
    """
    fields: dict[str, object] = {"leased_until": None, "answer": answer.text}
    with transaction.atomic():
        if answer.outcome == "accepted":
            fields |= {"sends": F("sends") + 1, "sent_at": at, "attempts": 0}
            again = remind if _still_firing(delivery) else None
            fields |= {"due_at": at + again} if again else {"state": Delivery.State.SENT}
        elif answer.outcome == "refused" or _hopeless(delivery, at):
            fields |= {"state": Delivery.State.DEAD}
        else:
            luck = random.random()  # noqa: S311 (spreads the load, guards nothing)
            seconds = delay(delivery.attempts, luck, answer.retry_after)
            fields |= {"due_at": at + timedelta(seconds=seconds)}
        mine = Delivery.objects.filter(
            pk=delivery.pk, state=Delivery.State.DUE, leased_until=delivery.leased_until, attempts=delivery.attempts
        )
        mine.update(**fields)


def send_again(delivery: Delivery, at: datetime) -> None:
    """Put a dead delivery back, with a fresh count of attempts (one, if it is a day old). Raises NotDeadError.

    What the channel has been told of the same alert since is owed again after it, so that the last word stays
    the last.
    """
    again = {"state": Delivery.State.DUE, "due_at": at, "attempts": 0, "sends": 0, "leased_until": None}
    with transaction.atomic():
        if not Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.DEAD).update(**again):
            raise NotDeadError("This delivery is not dead: it has arrived or is still being tried")
        later = Delivery.objects.filter(_about(delivery), channel=delivery.channel_id, pk__gt=delivery.pk)
        later.exclude(state=Delivery.State.DUE).update(**again)


def _free(at: datetime) -> QuerySet[Delivery]:
    """Due deliveries nobody is sending."""
    return Delivery.objects.filter(Q(leased_until=None) | Q(leased_until__lte=at), state=Delivery.State.DUE)


def _about(delivery: Delivery) -> Q:
    """What is told of the same alert, or of the budget of the same objective."""
    if delivery.transition:
        return Q(transition__alert=delivery.transition.alert_id)
    return Q(budget_change__objective__budget_changes=delivery.budget_change_id)


def _update(chosen: QuerySet[Delivery], at: datetime, **fields: object) -> None:
    # The condition has to stand in the UPDATE itself: PostgreSQL checks it again after waiting for a row,
    # a subquery it does not.
    pks = list(chosen.values_list("pk", flat=True))
    if pks:
        _free(at).filter(pk__in=pks).update(**fields)


def _sendable(at: datetime) -> QuerySet[Delivery]:
    """Free ones that no earlier message about the same alert (or budget) to the same channel has to precede."""
    earlier = Delivery.objects.filter(
        Q(transition__alert=OuterRef("transition__alert"))
        | Q(budget_change__objective=OuterRef("budget_change__objective")),
        channel=OuterRef("channel"),
        state=Delivery.State.DUE,
        pk__lt=OuterRef("pk"),
    )
    return _free(at).filter(~Exists(earlier)).order_by("pk")


def _still_firing(delivery: Delivery) -> bool:
    """Does the delivery tell of a firing that goes on?"""
    if delivery.transition is None or delivery.transition.after != Alert.State.FIRING:
        return False
    return Alert.objects.filter(pk=delivery.transition.alert_id, state=Alert.State.FIRING).exists()


def _hopeless(delivery: Delivery, at: datetime) -> bool:
    since = delivery.sent_at or delivery.origin.at
    return given_up(delivery.attempts, (at - since).total_seconds())
