"""Send what is owed: every channel in a lane of its own, so that a slow one delays nobody else."""

import logging
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta

from alerts.channels import registry
from alerts.channels.base import Adapter, Answer
from alerts.errors import ChannelError
from alerts.models import Channel, Delivery
from alerts.selectors import runbook_names
from alerts.services import outbox
from alerts.services.messages import compose

log = logging.getLogger(__name__)

# A sending that takes longer counts as failed. Well below the lease, which keeps other senders off meanwhile.
SEND_SECONDS = 10.0
# After this time a run starts nothing new; the next run goes on.
RUN_SECONDS = 10.0


def deliver(at: datetime) -> int:
    """Send everything due at `at`, channels side by side. Returns the number of messages that were accepted."""
    outbox.tidy(at)
    channels = outbox.waiting_channels(at)
    return _Run(at).send(channels) if channels else 0


def send_again(delivery: Delivery, at: datetime) -> None:
    """Owe a dead delivery again. Raises NotDeadError."""
    outbox.send_again(delivery, at)


class _Lane:
    """One channel's messages, one after the other; threads see only `adapter.send`."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.adapter: Adapter | None = None
        self.delivery: Delivery | None = None
        self.deadline = 0.0

    @property
    def remind(self) -> timedelta | None:
        return self.adapter.remind if self.adapter else None


class _Run:
    """One run of the outbox. Rows are read and written by this thread alone, the others only talk to receivers."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.started = time.monotonic()
        self.accepted = 0
        self.runbooks = runbook_names()
        self.running: dict[Future[Answer], _Lane] = {}

    def send(self, channels: list[Channel]) -> int:
        pool = ThreadPoolExecutor(len(channels), "deliver")
        try:
            for channel in channels:
                self._next(_Lane(channel), pool)
            while self.running:
                self._collect(pool)
        finally:
            # A thread still stuck in its network call is left behind; its time-outs end it.
            pool.shutdown(wait=False, cancel_futures=True)
        return self.accepted

    def _moment(self) -> datetime:
        """The instant this run has come to."""
        return self.at + timedelta(seconds=time.monotonic() - self.started)

    def _next(self, lane: _Lane, pool: ThreadPoolExecutor) -> None:
        """Start the lane's next message; close the lane when nothing more is owed or time is up."""
        while time.monotonic() - self.started < RUN_SECONDS:
            lane.delivery = outbox.claim(lane.channel, self._moment())
            if lane.delivery is None:
                break
            try:
                lane.adapter = lane.adapter or registry.adapter(lane.channel.kind, lane.channel.spec)
                bundle = compose(lane.delivery, self.runbooks, self._moment())
            except ChannelError as error:
                self._settle(lane, Answer("refused", str(error)))
                continue
            except Exception as error:
                log.exception("Delivery %s cannot be worded", lane.delivery.pk)
                self._settle(lane, Answer("retry", f"The message could not be worded: {type(error).__name__}"))
                continue
            lane.deadline = time.monotonic() + SEND_SECONDS
            self.running[pool.submit(lane.adapter.send, bundle, bundle.at)] = lane
            return
        if lane.adapter:
            lane.adapter.close()

    def _collect(self, pool: ThreadPoolExecutor) -> None:
        """Settle what has ended or overrun; a lane goes on unless its receiver is in trouble."""
        soonest = min(lane.deadline for lane in self.running.values())
        done, _ = wait(self.running, max(0.0, soonest - time.monotonic()), FIRST_COMPLETED)
        late = {f for f, lane in self.running.items() if f not in done and lane.deadline <= time.monotonic()}
        for future in done | late:
            lane = self.running.pop(future)
            answer = _outcome(future) if future in done else Answer("retry", f"No answer within {SEND_SECONDS:g} s")
            self._settle(lane, answer)
            if answer.outcome != "retry":
                self._next(lane, pool)
            elif lane.adapter and future in done:
                lane.adapter.close()

    def _settle(self, lane: _Lane, answer: Answer) -> None:
        delivery = lane.delivery
        if delivery is None:
            return
        outbox.settle(delivery, answer, self._moment(), lane.remind)
        self.accepted += answer.outcome == "accepted"
        if answer.outcome != "accepted":
            log.warning("Delivery %s to %s: %s (%s)", delivery.pk, lane.channel.name, answer.outcome, answer.text)


def _outcome(future: Future[Answer]) -> Answer:
    error = future.exception()
    if error is None:
        return future.result()
    # Only the kind of error is kept: its words may hold an address or a header with a secret in it.
    log.error("A channel failed with %s", type(error).__name__)
    return Answer("retry", f"The channel failed: {type(error).__name__}")
