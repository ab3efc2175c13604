"""Reads: channels, how each of them stands, and what passed between it and us."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Count, Max, Q

from alerts.models import Channel, ChannelCircuit, ChannelTrial, Delivery, Report
from alerts.selectors import told
from slo.errors import NotFoundError

State = Literal["disabled", "open", "half-open", "failing", "working", "unused"]
# Messages of each kind a channel's page shows.
MOST = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """How a channel does: the state in a word, messages `owed` and given up (`dead`), and the last answer.

    `waits_until` is when the receiver is tried again, where it is being left alone.
    """

    channel: Channel
    state: State
    owed: int
    dead: int
    answer: str
    answered_at: datetime | None
    failures: int
    waits_until: datetime | None
    trial: ChannelTrial | None


def channel(name: str) -> Channel:
    """The channel of that name. Raises NotFoundError."""
    found = Channel.objects.filter(name=name).first()
    if found is None:
        raise NotFoundError(f"There is no channel named {name!r}")
    return found


def standings(at: datetime) -> list[Standing]:
    """How every channel stands, by name."""
    return _standings(Channel.objects.all(), at)


def standing(of: Channel, at: datetime) -> Standing:
    """How one channel stands."""
    return _standings([of], at)[0]


def trials(of: Channel) -> list[ChannelTrial]:
    """The last tests of a channel, newest first."""
    return list(of.trials.all()[:MOST])


def reports(of: Channel) -> list[Report]:
    """What its receiver told us, newest first, each with its alerts at hand."""
    return list(of.reports.prefetch_related("alerts")[:MOST])


def deliveries(of: Channel, state: str = "") -> list[Delivery]:
    """Its messages, newest first, of one state where that is named."""
    found = told().filter(channel=of).order_by("-pk")
    return list(found.filter(state=state)[:MOST] if state else found[:MOST])


def _standings(of: Iterable[Channel], at: datetime) -> list[Standing]:
    channels = list(of)
    counts = _counts(channels)
    circuits = ChannelCircuit.objects.in_bulk([channel.pk for channel in channels])
    accepted = _accepted([channel for channel in channels if channel.pk not in circuits])
    last = ChannelTrial.objects.filter(channel__in=channels).values("channel").annotate(last=Max("pk")).order_by()
    trials = {t.channel_id: t for t in ChannelTrial.objects.filter(pk__in=[row["last"] for row in last])}
    known = {**accepted, **circuits}
    return [_standing(c, counts.get(c.pk, (0, 0)), known.get(c.pk), trials.get(c.pk), at) for c in channels]


def _accepted(channels: list[Channel]) -> dict[int, ChannelCircuit]:
    """What the last accepted message says of receivers nothing else is known of: history that was brought along."""
    sent = Delivery.objects.filter(channel__in=channels, sends__gt=0)
    last = sent.order_by().values("channel").annotate(last=Max("pk")).values("last")
    rows = Delivery.objects.filter(pk__in=last) if channels else ()
    return {
        row.channel_id: ChannelCircuit(channel_id=row.channel_id, accepted_at=row.sent_at, answer=row.answer)
        for row in rows
    }


def _counts(channels: list[Channel]) -> dict[int, tuple[int, int]]:
    """Messages owed and given up, by channel."""
    owed = Count("pk", filter=Q(state=Delivery.State.DUE, sends=0))
    dead = Count("pk", filter=Q(state=Delivery.State.DEAD))
    rows = (
        Delivery.objects.filter(channel__in=channels).values_list("channel").annotate(owed=owed, dead=dead).order_by()
    )
    return {pk: (waiting, given_up) for pk, waiting, given_up in rows}


def _standing(
    channel: Channel,
    counts: tuple[int, int],
    circuit: ChannelCircuit | None,
    trial: ChannelTrial | None,
    at: datetime,
) -> Standing:
    answered = max((i for i in (circuit.accepted_at, circuit.failed_at) if i), default=None) if circuit else None
    waits = circuit.resume_at if circuit and circuit.resume_at and circuit.resume_at > at else None
    return Standing(
        channel=channel,
        state=_state(channel, circuit, at),
        owed=counts[0],
        dead=counts[1],
        answer=circuit.answer if circuit else "",
        answered_at=answered,
        failures=circuit.failures if circuit else 0,
        waits_until=waits,
        trial=trial,
    )


def _state(channel: Channel, circuit: ChannelCircuit | None, at: datetime) -> State:
    if not channel.enabled:
        return "disabled"
    if circuit is None:
        return "unused"
    if circuit.opened_at:
        return "open" if circuit.resume_at and circuit.resume_at > at else "half-open"
    return "failing" if circuit.failures else "working"
