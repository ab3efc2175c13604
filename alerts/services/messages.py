"""Word what a delivery has to tell, as things are when it is sent."""

from collections.abc import Container
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db.models import Max
from django.urls import reverse

from alerts.models import Alert, Delivery, Transition
from alerts.rules.bundle import Bundle, Event
from alerts.rules.figures import restore
from alerts.rules.message import Message, episode_key
from alerts.rules.verdicts import State
from alerts.selectors import related_links
from alerts.services.remedies import shed_for
from slo.maths.burn import SEVERITIES

# Open alerts before those that are over, pages before tickets, then the oldest.
RANKS: dict[str, int] = {str(severity): rank for rank, severity in enumerate(SEVERITIES)}


def compose(delivery: Delivery, runbooks: Container[str], at: datetime) -> Bundle | None:
    """What a delivery tells, sent at `at`: the open alerts of its group, and those it was owed for. None for nothing.

    What is silenced or inhibited by now is left out. `runbooks` are the names there are: only an existing one is
    linked.
    """
    group = delivery.group
    told = [alert for alert in _alerts(delivery) if alert.state not in Alert.OPEN or not alert.suppressed]
    if not told:
        return None
    causes = _causes(told)
    shed = shed_for([alert for alert in told if alert.state in Alert.OPEN])
    links = related_links({alert.runbook for alert in told if alert.state in Alert.OPEN and alert.runbook in runbooks})
    items = tuple(
        replace(
            _message(alert, causes.get(alert.pk, ""), runbooks),
            shed=shed.get(alert.service_id or 0, ()),
            links=links.get(alert.runbook, ()),
        )
        for alert in sorted(told, key=_urgency)
    )
    alone = len(items) == 1
    return Bundle(
        key=delivery.dedup_key,
        episode=group.episode,
        event=_event(delivery, items),
        group=group.labels,
        items=items,
        at=at,
        page_url=items[0].page_url if alone else settings.BASE_URL + reverse("alerts"),
    )


def _alerts(delivery: Delivery) -> list[Alert]:
    """Those of the group that are open, and those whose changes the delivery was owed for."""
    found = Alert.objects.select_related(
        "service", "objective__service", "objective__component", "objective__source", "acknowledged_by"
    )
    members = found.filter(groups=delivery.group_id, state__in=Alert.OPEN)
    return list({a.pk: a for a in (*members, *found.filter(transitions__deliveries=delivery.pk))}.values())


def _causes(alerts: list[Alert]) -> dict[int, str]:
    """Why each alert is in the state it is in."""
    changes = Transition.objects.filter(alert__in=alerts, kind=Transition.Kind.STATE)
    last = changes.order_by().values("alert").annotate(last=Max("pk")).values("last")
    return dict(Transition.objects.filter(pk__in=last).values_list("alert", "cause"))


def _event(delivery: Delivery, items: tuple[Message, ...]) -> Event:
    """What became of the group as a whole."""
    states = {item.state for item in items}
    if states == {"resolved"}:
        return "resolved"
    if "firing" not in states:
        return "acknowledged"
    known = (Transition.Kind.ACKNOWLEDGEMENT, Transition.Kind.EFFECT)
    news = delivery.transitions.filter(after=Alert.State.FIRING).exclude(kind__in=known)
    return "firing" if news.exists() else "update"


def _message(alert: Alert, cause: str, runbooks: Container[str]) -> Message:
    return Message(
        episode=episode_key(alert.subject, alert.severity, alert.pk, alert.opened_at),
        kind=alert.kind,
        state=_state(alert),
        severity=alert.severity,
        title=alert.title or alert.subject,
        cause=cause,
        since=alert.fired_at or alert.opened_at,
        until=alert.ended_at,
        service=alert.service.name if alert.service else "",
        objective=alert.objective.name if alert.objective else "",
        labels=alert.labels(),
        figures=restore(alert.figures),
        acknowledged_by=_person(alert),
        acknowledgement=alert.acknowledgement,
        spent=alert.spent,
        page_url=link("alert", alert.pk),
        runbook_url=f"{link('runbook', alert.runbook)}?alert={alert.pk}" if alert.runbook in runbooks else "",
    )


def _state(alert: Alert) -> State:
    if alert.state not in Alert.OPEN:
        return "resolved"
    return "acknowledged" if alert.acknowledged_at else "firing"


def _person(alert: Alert) -> str:
    if alert.acknowledged_at is None:
        return ""
    return str(alert.acknowledged_by) if alert.acknowledged_by else alert.acknowledged_via or "a program"


def _urgency(alert: Alert) -> tuple[bool, int, datetime, int]:
    return (alert.state not in Alert.OPEN, RANKS.get(alert.severity, len(RANKS)), alert.opened_at, alert.pk)


def link(page: str, argument: object) -> str:
    """The absolute address of a page."""
    return settings.BASE_URL + reverse(page, args=[argument])
