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
from alerts.models import Alert, Channel, ChannelCircuit, Delivery
from alerts.rules.retry import OUTBOX, delay, given_up
from alerts.services import circuits

LEASE = timedelta(seconds=30)


def tidy(at: datetime) -> None:
    """Give up what is owed to disabled channels or has waited too long, and stop reminders that are out of date."""
    disabled = _free(at).filter(channel__enabled=False)
    _update(disabled, at, state=Delivery.State.DEAD, answer="The channel is disabled: enable it and send this again")
    newer = Delivery.objects.filter(group=OuterRef("group"), pk__gt=OuterRef("pk"))
    over = _free(at).filter(Exists(newer) | Q(group__closed_at__isnull=False), sends__gt=0)
    _update(over, at, state=Delivery.State.SENT)
    # Behind an open circuit only few are tried, so the others would not grow too old by failing.
    old = _free(at).filter(owed_at__lt=at - timedelta(seconds=OUTBOX.age), channel__circuit__opened_at__isnull=False)
    _update(
        old.filter(sends=0), at, state=Delivery.State.DEAD, answer="Given up: the channel was out of reach for a day"
    )


def waiting_channels(at: datetime) -> list[Channel]:
    """Channels that are owed something by now, may be sent to, and that no other sender is busy with."""
    owed = Delivery.objects.filter(channel=OuterRef("pk"), state=Delivery.State.DUE, due_at__lte=at)
    leased = Delivery.objects.filter(channel=OuterRef("pk"), state=Delivery.State.DUE, leased_until__gt=at)
    resting = ChannelCircuit.objects.filter(channel=OuterRef("pk"), resume_at__gt=at)
    return list(Channel.objects.filter(Exists(owed), ~Exists(leased), ~Exists(resting), enabled=True))


def claim(channel: Channel, at: datetime) -> Delivery | None:
    """Lease the next message owed to the channel; None when there is none, or its circuit forbids it.

    Through a half-open circuit goes one message: the one that has been tried least, so that none which a receiver
    cannot stomach keeps the others back for ever.
    """
    standing = circuits.standing(channel, at)
    if standing == "open":
        return None
    while True:
        order = ("attempts", "pk") if standing == "half-open" else ("pk",)
        ready = _sendable(at).filter(channel=channel, due_at__lte=at).order_by(*order)
        pk = ready.values_list("pk", flat=True).first()
        if pk is None or (standing == "half-open" and not circuits.probe(channel, at, LEASE)):
            return None
        # Nobody noted what came of the attempt before: the receiver never answered, or the sender died.
        unknown = _free(at).filter(pk=pk, leased_until__isnull=False).exists()
        if _free(at).filter(pk=pk).update(leased_until=at + LEASE, attempts=F("attempts") + 1):
            if unknown:
                circuits.note_silence(channel, at)
            mine = Delivery.objects.filter(pk=pk, leased_until=at + LEASE)
            return mine.select_related("channel", "group__channel").first()


def settle(delivery: Delivery, answer: Answer, at: datetime, remind: timedelta | None) -> None:
    """Note what came of a claimed delivery, unless its lease has run out and it went to another sender.

    `remind` is after what time the channel wants to hear again of an alert that still fires.
    """
    fields: dict[str, object] = {"leased_until": None, "answer": answer.text}
    luck = random.random()  # noqa: S311 (spreads the load, guards nothing)
    with transaction.atomic():
        if answer.outcome == "accepted":
            fields |= {"sends": F("sends") + 1, "sent_at": at, "attempts": 0}
            again = remind if _still_firing(delivery) else None
            fields |= {"due_at": at + again} if again else {"state": Delivery.State.SENT}
        elif answer.outcome == "refused" or _hopeless(delivery, at):
            fields |= {"state": Delivery.State.DEAD}
        else:
            seconds = delay(delivery.attempts, luck, answer.retry_after)
            fields |= {"due_at": at + timedelta(seconds=seconds)}
        mine = Delivery.objects.filter(
            pk=delivery.pk, state=Delivery.State.DUE, leased_until=delivery.leased_until, attempts=delivery.attempts
        )
        if mine.update(**fields):
            circuits.note(delivery.channel, answer, at, luck)


def drop(delivery: Delivery, why: str, at: datetime) -> None:
    """Settle a claimed delivery that has nothing to say any more, without sending it."""
    mine = Delivery.objects.filter(
        pk=delivery.pk, state=Delivery.State.DUE, leased_until=delivery.leased_until, attempts=delivery.attempts
    )
    mine.update(leased_until=None, state=Delivery.State.SENT, answer=why)


def send_again(delivery: Delivery, at: datetime) -> None:
    """Put a dead delivery back, with a fresh count of attempts and a fresh age. Raises NotDeadError.

    What the channel has been told of the same group since is owed again after it, so that the last word stays the
    last.
    """
    again = {"state": Delivery.State.DUE, "due_at": at, "attempts": 0, "sends": 0, "leased_until": None, "owed_at": at}
    with transaction.atomic():
        if not Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.DEAD).update(**again):
            raise NotDeadError("This delivery is not dead: it has arrived or is still being tried")
        later = Delivery.objects.filter(group=delivery.group_id, pk__gt=delivery.pk)
        later.exclude(state=Delivery.State.DUE).update(**again)


def _free(at: datetime) -> QuerySet[Delivery]:
    """Due deliveries nobody is sending."""
    return Delivery.objects.filter(Q(leased_until=None) | Q(leased_until__lte=at), state=Delivery.State.DUE)


def _update(chosen: QuerySet[Delivery], at: datetime, **fields: object) -> None:
    # The condition has to stand in the UPDATE itself: PostgreSQL checks it again after waiting for a row,
    # a subquery it does not.
    pks = list(chosen.values_list("pk", flat=True))
    if pks:
        _free(at).filter(pk__in=pks).update(**fields)


def _sendable(at: datetime) -> QuerySet[Delivery]:
    """Free ones that no earlier message about the same group has to precede."""
    earlier = Delivery.objects.filter(group=OuterRef("group"), state=Delivery.State.DUE, pk__lt=OuterRef("pk"))
    return _free(at).filter(~Exists(earlier))


def _still_firing(delivery: Delivery) -> bool:
    """Is the delivery the last word about a group some of whose alerts fire?"""
    if Delivery.objects.filter(group=delivery.group_id, pk__gt=delivery.pk).exists():
        return False
    return Alert.objects.filter(groups=delivery.group_id, state=Alert.State.FIRING).exists()


def _hopeless(delivery: Delivery, at: datetime) -> bool:
    since = max(filter(None, (delivery.sent_at, delivery.owed_at)))
    return given_up(delivery.attempts, (at - since).total_seconds())
