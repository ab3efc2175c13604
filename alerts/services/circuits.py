"""The circuit of a channel as a row: what the breaker's rule says of it, and what came of the last sending."""

from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction

from alerts.channels.base import Answer
from alerts.models import Channel, ChannelCircuit
from alerts.rules import breaker
from alerts.rules.breaker import Breaker


def standing(channel: Channel, at: datetime) -> Literal["closed", "open", "half-open"]:
    """The state of a channel's circuit; open as well while a receiver is given the time it asked for."""
    row = ChannelCircuit.objects.filter(channel=channel).first()
    if row is None:
        return "closed"
    return "open" if row.resume_at and row.resume_at > at else breaker.state(present(row), at)


def probe(channel: Channel, at: datetime, lease: timedelta) -> bool:
    """Take the one sending a half-open circuit lets through; False if somebody else has it."""
    half_open = ChannelCircuit.objects.filter(channel=channel, opened_at__isnull=False, resume_at__lte=at)
    return bool(half_open.update(resume_at=at + lease))


def note(channel: Channel, answer: Answer, at: datetime, luck: float) -> None:
    """What an answer makes of the circuit; call it in a transaction. A receiver that refuses a message is well."""
    ChannelCircuit.objects.get_or_create(channel=channel)
    row = ChannelCircuit.objects.select_for_update().get(channel=channel)
    failed = answer.outcome == "retry"
    after = breaker.failed(present(row), at, luck, answer.retry_after) if failed else breaker.succeeded()
    row.failures, row.openings = after.failures, after.openings
    row.opened_at, row.resume_at, row.answer = after.opened_at, after.resume_at, answer.text
    if answer.outcome == "accepted":
        row.accepted_at = at
    else:
        row.failed_at = at
    row.save()


@transaction.atomic
def note_silence(channel: Channel, at: datetime) -> None:
    """Count an attempt of which nobody knows what came as a failure; it leaves the present one its way."""
    ChannelCircuit.objects.get_or_create(channel=channel)
    row = ChannelCircuit.objects.select_for_update().get(channel=channel)
    row.failures, row.failed_at, row.answer = row.failures + 1, at, "No answer before the sender was gone"
    row.save()


def present(row: ChannelCircuit) -> Breaker:
    """The row as the rule knows it."""
    return Breaker(row.failures, row.openings, row.opened_at, row.resume_at)
