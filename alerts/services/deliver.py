"""Send what is owed: every channel in a lane of its own, so that a slow one delays nobody else."""

import logging
import threading
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import datetime, timedelta

from django.db import DatabaseError, connection

from alerts.channels import registry
from alerts.channels.base import Adapter, Answer
from alerts.errors import ChannelError
from alerts.models import Channel, Delivery
from alerts.rules.bundle import Bundle
from alerts.selectors import runbook_names
from alerts.services import outbox
from alerts.services.messages import compose
from alerts.services.tell import close_ended

log = logging.getLogger(__name__)

# A run waits no longer than this for a receiver: then its thread is left to itself, and settles what comes of it.
PATIENCE_SECONDS = 2.0
# After this time nothing new is started; the next run goes on.
RUN_SECONDS = 10.0
# A receiver that keeps a connection and never ends its answer holds a thread; it does not get more than these.
MOST_LEFT = 3

_left: Counter[int] = Counter()
_guard = threading.Lock()


def deliver(at: datetime) -> int:
    """Send everything due at `at`, channels side by side. Returns the number of messages that were accepted.

    It ends `PATIENCE_SECONDS` after the last quick receiver has got everything, whatever the slow ones do.
    """
    outbox.tidy(at)
    close_ended(at)
    channels = outbox.waiting_channels(at)
    return _Run(at).send(channels) if channels else 0


def send_again(delivery: Delivery, at: datetime) -> None:
    """Owe a dead delivery again. Raises NotDeadError."""
    outbox.send_again(delivery, at)


class _Lane:
    """One channel's messages, one after the other."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.adapter: Adapter | None = None
        self.delivery: Delivery | None = None
        self.began = 0.0

    @property
    def remind(self) -> timedelta | None:
        return self.adapter.remind if self.adapter else None

    def close(self) -> None:
        if self.adapter:
            self.adapter.close()


class _Run:
    """One run of the outbox. This thread reads and writes the rows, the others talk to receivers: until they are left
    behind, when they do both."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.started = time.monotonic()
        self.accepted = 0
        self.runbooks = runbook_names()
        self.running: dict[Future[Answer], _Lane] = {}

    def send(self, channels: list[Channel]) -> int:
        for channel in channels:
            if _left[channel.pk] < MOST_LEFT:
                self._next(_Lane(channel))
        while self.running:
            self._collect()
        return self.accepted

    def _moment(self) -> datetime:
        """The instant this run has come to."""
        return self.at + timedelta(seconds=time.monotonic() - self.started)

    def _next(self, lane: _Lane) -> None:
        """Start the lane's next message; close the lane when nothing more is owed or time is up."""
        bundle = self._claim(lane)
        if bundle is None or lane.adapter is None:
            lane.close()
            return
        lane.began = time.monotonic()
        future: Future[Answer] = Future()
        self.running[future] = lane
        work = (future, lane.adapter, bundle, self._moment())
        threading.Thread(target=_work, args=work, name=f"deliver-{lane.channel.name}", daemon=True).start()

    def _claim(self, lane: _Lane) -> Bundle | None:
        """The next message that can be sent; None when there is none, or no time for one."""
        while time.monotonic() - self.started < RUN_SECONDS:
            lane.delivery = outbox.claim(lane.channel, self._moment())
            if lane.delivery is None:
                return None
            try:
                lane.adapter = lane.adapter or registry.adapter(lane.channel.kind, lane.channel.spec)
                bundle = compose(lane.delivery, self.runbooks, self._moment())
            except ChannelError as error:
                self._settle(lane, Answer("refused", str(error)))
                continue
            except DatabaseError:
                raise
            except Exception as error:
                log.exception("Delivery %s cannot be worded", lane.delivery.pk)
                self._settle(lane, Answer("retry", f"The message could not be worded: {type(error).__name__}"))
                continue
            if bundle is not None:
                return bundle
            outbox.drop(lane.delivery, "Not sent: nothing of it was left to tell", self._moment())
        return None

    def _collect(self) -> None:
        """Settle what has ended, and leave behind what takes long; a lane goes on unless its receiver is in trouble."""
        soonest = min(lane.began for lane in self.running.values()) + PATIENCE_SECONDS
        done, _ = wait(self.running, max(0.0, soonest - time.monotonic()), FIRST_COMPLETED)
        for future in done:
            lane = self.running.pop(future)
            answer = _outcome(future)
            self._settle(lane, answer)
            if answer.outcome == "retry":
                lane.close()
            else:
                self._next(lane)
        late = time.monotonic() - PATIENCE_SECONDS
        for future in [future for future, lane in self.running.items() if lane.began <= late]:
            self._leave(future, self.running.pop(future))

    def _leave(self, future: "Future[Answer]", lane: _Lane) -> None:
        with _guard:
            _left[lane.channel.pk] += 1
        here = threading.current_thread()
        future.add_done_callback(lambda done: self._late(done, lane, here))

    def _late(self, future: "Future[Answer]", lane: _Lane, runner: threading.Thread) -> None:
        """Go on with a lane in the thread of its receiver, once that has answered."""
        try:
            answer: Answer | None = _outcome(future)
            while answer:
                self._settle(lane, answer)
                bundle = None if answer.outcome == "retry" else self._claim(lane)
                if threading.current_thread() is not runner:
                    connection.close()
                answer = _try(lane.adapter, bundle, self._moment()) if bundle and lane.adapter else None
        except Exception:
            log.exception("What the channel %s answered could not be noted; its lease runs out", lane.channel.name)
        finally:
            with _guard:
                _left[lane.channel.pk] -= 1
            lane.close()
            if threading.current_thread() is not runner:
                connection.close()

    def _settle(self, lane: _Lane, answer: Answer) -> None:
        delivery = lane.delivery
        if delivery is None:
            return
        outbox.settle(delivery, answer, self._moment(), lane.remind)
        self.accepted += answer.outcome == "accepted"
        if answer.outcome != "accepted":
            log.warning("Delivery %s to %s: %s (%s)", delivery.pk, lane.channel.name, answer.outcome, answer.text)


def _work(future: "Future[Answer]", adapter: Adapter, bundle: Bundle, at: datetime) -> None:
    try:
        answer = adapter.send(bundle, at)
    except BaseException as error:  # noqa: BLE001 (the future hands it on)
        future.set_exception(error)
    else:
        future.set_result(answer)


def _try(adapter: Adapter, bundle: Bundle, at: datetime) -> Answer:
    future: Future[Answer] = Future()
    _work(future, adapter, bundle, at)
    return _outcome(future)


def _outcome(future: "Future[Answer]") -> Answer:
    error = future.exception()
    if error is None:
        return future.result()
    # Only the kind of error is kept: its words may hold an address or a header with a secret in it.
    log.error("A channel failed with %s", type(error).__name__)
    return Answer("retry", f"The channel failed: {type(error).__name__}")
