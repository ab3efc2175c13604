"""Send a channel a message that says it is a test, through the real adapter, and tell what came of it."""

import logging
import time
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from alerts.channels import registry
from alerts.channels.base import Adapter, Answer
from alerts.errors import ChannelError, TriedLatelyError
from alerts.models import Channel, ChannelTrial
from alerts.rules.bundle import Bundle, alone
from alerts.rules.message import Message
from alerts.rules.verdicts import NAMES
from alerts.services.messages import link

log = logging.getLogger(__name__)

# A test is a message to people: one after the other, and not as fast as one can press a button.
PAUSE = timedelta(seconds=10)
KEPT = 20


def try_channel(channel: Channel, by: str, at: datetime) -> ChannelTrial:
    """Test a channel, enabled or not, for whoever `by` names. Takes up to about ten seconds and touches no alert.

    Where an incident would stay open at the receiver, its end is told right after. Raises TriedLatelyError.
    """
    trial = _claim(channel, by[:200], at)
    started = time.monotonic()
    answer = _send(channel, message(channel, trial, at), at)
    trial.seconds = time.monotonic() - started
    trial.outcome, trial.answer = answer.outcome, answer.text
    trial.save(update_fields=["outcome", "answer", "seconds"])
    log.info("The channel %s was tested by %s: %s", channel.name, trial.by, answer.outcome)
    return trial


@transaction.atomic
def _claim(channel: Channel, by: str, at: datetime) -> ChannelTrial:
    """One test at a time. Raises TriedLatelyError."""
    Channel.objects.select_for_update().get(pk=channel.pk)
    last = ChannelTrial.objects.filter(channel=channel).first()
    if last and last.at > at - PAUSE:
        raise TriedLatelyError(
            f"{last.by} tested the channel {channel.name} just now: read that answer, or wait "
            f"{PAUSE.total_seconds():g} s between two tests",
            PAUSE.total_seconds(),
        )
    old = ChannelTrial.objects.filter(channel=channel).values_list("pk", flat=True)[KEPT - 1 :]
    ChannelTrial.objects.filter(pk__in=list(old)).delete()
    return ChannelTrial.objects.create(channel=channel, by=by, at=at)


def message(channel: Channel, trial: ChannelTrial, at: datetime) -> Message:
    """What a test says: that it is one."""
    return Message(
        episode=f"{channel.name}:test:{trial.pk}-{int(at.timestamp())}",
        kind="test",
        state="firing",
        severity="test",
        title=f"the channel {channel.name}",
        cause=f"{trial.by} asked for this message; nothing is wrong",
        since=at,
        labels={"alertname": NAMES["test"], "kind": "test", "severity": "test", "channel": channel.name},
        page_url=link("channel", channel.name),
    )


def _send(channel: Channel, told: Message, at: datetime) -> Answer:
    try:
        adapter = registry.adapter(channel.kind, channel.spec)
    except ChannelError as error:
        return Answer("refused", str(error))
    try:
        return _told(adapter, alone(told, f"{told.episode}:firing", at), at)
    except Exception as error:  # noqa: BLE001 a test of a channel shows whatever goes wrong with it
        # Its words may hold an address or a header with a secret in it.
        log.error("The channel %s failed its test with %s", channel.name, type(error).__name__)  # noqa: TRY400
        return Answer("retry", f"The channel failed: {type(error).__name__}")
    finally:
        adapter.close()


def _told(adapter: Adapter, bundle: Bundle, at: datetime) -> Answer:
    answer = adapter.send(bundle, at)
    if answer.outcome == "accepted" and adapter.lasting:
        over = replace(bundle.first, state="resolved", until=at)
        adapter.send(alone(over, f"{bundle.episode}:resolved", at), at)
    return answer
