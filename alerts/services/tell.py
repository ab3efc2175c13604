"""Owe the channels word of what changed: who hears of it, together with what, and when."""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from alerts.errors import MatcherError
from alerts.models import Alert, Channel, Delivery, Group, Transition
from alerts.rules import grouping, matchers
from alerts.rules.grouping import Key
from alerts.rules.routing import Route, wants

log = logging.getLogger(__name__)

Member = Group.alerts.through
Told = Delivery.transitions.through
# Beginnings, and being heard again: what channels are told that know nothing of the alert yet.
NEWS = (Transition.Kind.STATE, Transition.Kind.SILENCE, Transition.Kind.INHIBITION)


def announce(changes: Sequence[Transition], at: datetime) -> None:
    """Owe word of these changes. Call it in their transaction, without those that are kept quiet.

    A firing, or the end of what kept it quiet, goes to the channels that want to hear at once; anything goes to those
    that were told of the alert before, so a resolution only there. Where a change names channels (an escalation, a
    reminder), they alone are told, whatever they want to hear.
    """
    if changes:
        with transaction.atomic():
            _Announcement(changes, at).run()


def close_ended(at: datetime) -> None:
    """Close the groups whose alerts have all ended unannounced (silenced, deleted), and owe their last word."""
    going_on = Alert.objects.filter(groups=OuterRef("pk"), state__in=Alert.OPEN)
    ended = list(Group.objects.filter(~Exists(going_on), closed_at=None).values_list("pk", flat=True))
    if not ended:
        return
    with transaction.atomic():
        untold = Transition.objects.filter(
            kind=Transition.Kind.STATE, after=Alert.State.RESOLVED, alert__groups__in=ended
        ).exclude(deliveries__group__in=ended)
        changes = list(untold.distinct())
        announce(changes, at)
        Group.objects.filter(~Exists(going_on), pk__in=ended, closed_at=None).update(closed_at=at)


def route(channel: Channel) -> Route:
    """What a channel wants to hear. One whose conditions cannot be read hears everything: better twice than never."""
    try:
        conditions = matchers.parse_all(channel.match)
    except MatcherError as error:
        log.error("The channel %s hears every alert: its match cannot be read: %s", channel.name, error)  # noqa: TRY400
        conditions = ()
    return Route(channel.name, frozenset(channel.severities), conditions, channel.after)


class _Announcement:
    """One announcement, inside its transaction; rows are read and written for all channels at once."""

    def __init__(self, changes: Sequence[Transition], at: datetime) -> None:
        self.changes, self.at = changes, at
        # Locked, so that two announcements at once do not open a group twice.
        enabled = Channel.objects.select_for_update(no_key=True).filter(enabled=True).order_by("pk")
        self.channels = list(enabled)
        self.alerts = _alerts({change.alert_id for change in changes})
        self.labels = {pk: alert.labels() for pk, alert in self.alerts.items()}
        named = {channel.pk: channel for channel in self.channels}
        self.open = {group.pk: group for group in Group.objects.filter(closed_at=None, channel__in=self.channels)}
        for group in self.open.values():
            group.channel = named[group.channel_id]
        self.by_key = {(group.channel_id, group.key): group for group in self.open.values()}
        members = Member.objects.filter(alert__in=self.alerts, group__in=self.open)
        self.member = {(self.open[g].channel_id, a): self.open[g] for g, a in members.values_list("group", "alert")}
        self.told: dict[Group, list[Transition]] = defaultdict(list)

    def run(self) -> None:
        wanted = [(channel, wanted) for channel in self.channels if (wanted := self._sort(channel))]
        self._join(wanted)
        if self.told:
            ending = {c.alert_id for changes in self.told.values() for c in changes if c.after == Alert.State.RESOLVED}
            over = self._close() if ending else set()
            _Owing(self.at, self.told, over).run()
            heard = {change.alert_id for changes in self.told.values() for change in changes}
            Alert.objects.filter(pk__in=heard).update(told_at=self.at)

    def _sort(self, channel: Channel) -> dict[str, tuple[Key, list[Transition]]]:
        """Give each change to the group that has its alert already; the others that the channel wants, by their key."""
        wanted: dict[str, tuple[Key, list[Transition]]] = {}
        wish = route(channel)
        for change in self.changes:
            if change.alert_id not in self.alerts or (change.channels and channel.name not in change.channels):
                continue
            group = self.member.get((channel.pk, change.alert_id))
            if group:
                self.told[group].append(change)
            elif self._is_news(change, wish):
                key = grouping.key(self.labels[change.alert_id], channel.group_by)
                wanted.setdefault(key.text, (key, []))[1].append(change)
        return wanted

    def _is_news(self, change: Transition, wish: Route) -> bool:
        if change.after != Alert.State.FIRING:
            return False
        return bool(change.channels) or (
            change.kind in NEWS and not wish.after and wants(wish, self.labels[change.alert_id])
        )

    def _join(self, wanted: Sequence[tuple[Channel, dict[str, tuple[Key, list[Transition]]]]]) -> None:
        """Put alerts into the groups of their keys, opening those that are not open yet."""
        opened, storms = self._lately([channel for channel, _ in wanted])
        fresh: dict[tuple[int, str], Group] = {}
        joining: list[tuple[Group, Transition]] = []
        for channel, by_key in wanted:
            new = [text for text in by_key if (channel.pk, text) not in self.by_key]
            storm = bool(new) and grouping.storms(len(new), opened[channel.pk], storming=channel.pk in storms)
            for text, (key, changes) in by_key.items():
                own = Key(grouping.STORM) if storm and text in new else key
                group = self.by_key.get((channel.pk, own.text)) or fresh.setdefault(
                    (channel.pk, own.text),
                    Group(channel=channel, key=own.text, labels=dict(own.labels), opened_at=self.at),
                )
                joining += [(group, change) for change in changes]
        Group.objects.bulk_create(fresh.values(), batch_size=500)
        Member.objects.bulk_create(
            {(g.pk, c.alert_id): Member(group=g, alert_id=c.alert_id) for g, c in joining}.values(), batch_size=500
        )
        for group, change in joining:
            self.told[group].append(change)

    def _lately(self, channels: Sequence[Channel]) -> tuple[Mapping[int, int], set[int]]:
        """How many groups each channel was told of lately, and at which a storm goes on."""
        since = self.at - grouping.RECENT
        opened: dict[int, int] = defaultdict(int)
        found = Group.objects.filter(channel__in=channels, opened_at__gt=since).exclude(key=grouping.STORM)
        for channel in found.values_list("channel", flat=True):
            opened[channel] += 1
        storming = Delivery.objects.filter(group__key=grouping.STORM, group__closed_at=None, owed_at__gt=since)
        return opened, set(storming.values_list("channel", flat=True))

    def _close(self) -> set[int]:
        """Close the groups all of whose alerts have ended. Returns their primary keys."""
        pks = [group.pk for group in self.told]
        going_on = Member.objects.filter(group__in=pks, alert__state__in=Alert.OPEN).values_list("group", flat=True)
        over = set(pks) - set(going_on)
        Group.objects.filter(pk__in=over).update(closed_at=self.at)
        return over


class _Owing:
    """The messages about what was added to groups: by one that nobody has tried to send yet, or by a new one."""

    def __init__(self, at: datetime, told: Mapping[Group, list[Transition]], over: Collection[int]) -> None:
        self.at, self.told, self.over = at, told, over
        self.before: dict[int, list[Delivery]] = defaultdict(list)
        for delivery in Delivery.objects.filter(group__in=[group.pk for group in told]).order_by("pk"):
            self.before[delivery.group_id].append(delivery)
        # Locked, so that none of them is claimed before what joins it is committed.
        untried = Delivery.objects.select_for_update(of=("self",)).filter(
            group__in=[pk for pk, found in self.before.items()],
            state=Delivery.State.DUE,
            leased_until=None,
            attempts=0,
            sends=0,
        )
        self.untried = {delivery.group_id: delivery for delivery in untried.order_by("pk")}

    def run(self) -> None:
        new = [self._new(group) for group in self.told if group.pk not in self.untried]
        Delivery.objects.bulk_create(new, batch_size=500)
        carriers = {**self.untried, **{delivery.group_id: delivery for delivery in new}}
        for group in self.told:
            if delivery := self.untried.get(group.pk):
                delivery.due_at = min(delivery.due_at, self._due(group, self.before[group.pk][:-1]))
        Delivery.objects.bulk_update(self.untried.values(), ["due_at"], batch_size=200)
        Told.objects.bulk_create(
            (
                Told(delivery_id=carriers[group.pk].pk, transition_id=pk)
                for group, changes in self.told.items()
                for pk in dict.fromkeys(change.pk for change in changes)
            ),
            batch_size=500,
            ignore_conflicts=True,
        )

    def _new(self, group: Group) -> Delivery:
        before = self.before[group.pk]
        return Delivery(
            group=group,
            channel_id=group.channel_id,
            dedup_key=f"{group.episode}:{len(before) + 1}",
            owed_at=self.at,
            due_at=self._due(group, before),
        )

    def _due(self, group: Group, before: Sequence[Delivery]) -> datetime:
        wait = timedelta(seconds=group.channel.group_wait)
        return grouping.due(self.at, [d.sent_at or d.due_at for d in before], wait, over=group.pk in self.over)


def _alerts(pks: Iterable[int]) -> dict[int, Alert]:
    found = Alert.objects.select_related("service", "objective__service", "objective__component", "objective__source")
    return found.in_bulk(list(pks))
