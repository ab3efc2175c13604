"""Channels: what each hears, how its receiver answers, and what it never got."""

from dataclasses import dataclass
from datetime import datetime

from alerts import selectors_channels as selectors
from alerts.models import Channel, ChannelTrial, Delivery, Report
from alerts.selectors_channels import Standing
from dashboards import formats
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge

KINDS = {
    "alertmanager": "Alertmanager",
    "apprise": "Apprise",
    "email": "E-mail",
    "pagerduty": "PagerDuty",
    "slack": "Slack",
    "webhook": "Webhook",
}


@dataclass(frozen=True, slots=True)
class TrialRow:
    """A test: `took` is how long its answer took, in words."""

    at: datetime
    by: str
    badge: Badge
    answer: str
    took: str


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """A channel in the list; `hears` are the conditions in words, `answered` when its receiver answered last."""

    name: str
    kind: str
    description: str
    enabled: bool
    badge: Badge
    hears: tuple[str, ...]
    owed: int
    dead: int
    answer: str
    answered: datetime | None
    waits_until: datetime | None
    trial: TrialRow | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of a channel; `alerts` are (number, title) of what it told of."""

    pk: int
    at: datetime
    told: str
    alerts: tuple[tuple[int, str], ...]
    badge: Badge
    attempts: int
    answer: str

    @property
    def more(self) -> int:
        """How many of its alerts a row has no room for."""
        return max(0, len(self.alerts) - 3)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """Something its receiver told us, and what became of it."""

    at: datetime
    event: str
    by: str
    outcome: str
    alerts: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class ChannelPage:
    row: ChannelRow
    trials: tuple[TrialRow, ...]
    dead: tuple[Letter, ...]
    letters: tuple[Letter, ...]
    reports: tuple[ReportRow, ...]


def channel_rows(at: datetime) -> tuple[ChannelRow, ...]:
    """Every channel; what is in trouble comes first."""
    rows = [_row(standing) for standing in selectors.standings(at)]
    return tuple(sorted(rows, key=lambda row: (row.badge.rank, not row.dead, row.name)))


def channel_page(name: str, at: datetime) -> ChannelPage:
    """One channel. Raises NotFoundError."""
    channel = selectors.channel(name)
    return ChannelPage(
        row=_row(selectors.standing(channel, at)),
        trials=tuple(_trial(item) for item in selectors.trials(channel)[:5]),
        dead=tuple(_letter(item) for item in selectors.deliveries(channel, Delivery.State.DEAD)),
        letters=tuple(_letter(item) for item in selectors.deliveries(channel)),
        reports=tuple(_report(item) for item in selectors.reports(channel)),
    )


def _row(standing: Standing) -> ChannelRow:
    channel = standing.channel
    return ChannelRow(
        name=channel.name,
        kind=KINDS.get(channel.kind, channel.kind),
        description=channel.description,
        enabled=channel.enabled,
        badge=badges.channel(standing.state),
        hears=_hears(channel),
        owed=standing.owed,
        dead=standing.dead,
        answer=standing.answer,
        answered=standing.answered_at,
        waits_until=standing.waits_until,
        trial=_trial(standing.trial) if standing.trial else None,
    )


def _hears(channel: Channel) -> tuple[str, ...]:
    """What it wants to hear, a condition each."""
    severities = formats.listing([f"{severity}s" for severity in channel.severities])
    told = [severities or "nothing", *channel.match]
    if channel.after:
        told.append(f"unacknowledged for {formats.duration(channel.after)}")
    if channel.remind:
        told.append(f"again every {formats.duration(channel.remind)}")
    if channel.group_by:
        told.append(f"one message a {', '.join(channel.group_by)}")
    return tuple(told)


def _trial(item: ChannelTrial) -> TrialRow:
    return TrialRow(item.at, item.by, badges.answer(item.outcome), item.answer, formats.latency(item.seconds))


def _letter(item: Delivery) -> Letter:
    return Letter(
        pk=item.pk,
        at=item.sent_at or item.owed_at,
        told=item.told,
        alerts=tuple((alert.pk, alert.title or alert.subject) for alert in item.alerts),
        badge=badges.delivery(item.state),
        attempts=item.tries,
        answer=item.answer,
    )


def _report(item: Report) -> ReportRow:
    about = tuple((alert.pk, alert.title or alert.subject) for alert in item.alerts.all())
    return ReportRow(item.at, item.event, item.by, item.outcome, about)
