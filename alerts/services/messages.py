"""Word what a delivery has to tell."""

from collections.abc import Container

from django.conf import settings
from django.urls import reverse

from alerts.models import Alert, BudgetChange, Delivery, Transition
from alerts.rules.figures import restore
from alerts.rules.message import Message, episode_key
from alerts.rules.notice import Notice


def compose(delivery: Delivery, runbooks: Container[str]) -> Message | Notice:
    """The message of a delivery; that of an alert has the figures of its last evaluation.

    `runbooks` are the names there are: only an existing one is linked.
    """
    if delivery.budget_change:
        return _notice(delivery, delivery.budget_change)
    assert delivery.transition is not None  # noqa: S101 a constraint sees to it
    return _message(delivery, delivery.transition, runbooks)


def _notice(delivery: Delivery, change: BudgetChange) -> Notice:
    objective = change.objective
    return Notice(
        key=delivery.dedup_key,
        episode=f"{objective.name}:budget",
        service=objective.service.name,
        objective=objective.name,
        title=str(objective),
        policy=change.policy,
        before=change.before,
        after=change.after,
        level=change.level,
        remaining=change.remaining,
        advice=change.text,
        at=change.at,
        page_url=link("objective", objective.name),
    )


def _message(delivery: Delivery, change: Transition, runbooks: Container[str]) -> Message:
    alert = change.alert
    objective = alert.objective
    resolved = change.after == Alert.State.RESOLVED
    return Message(
        key=delivery.dedup_key,
        episode=episode_key(objective.name, alert.severity, alert.pk, alert.opened_at),
        status="resolved" if resolved else "firing",
        severity=alert.severity,
        service=objective.service.name,
        objective=objective.name,
        title=str(objective),
        cause=change.cause,
        figures=restore(alert.figures),
        since=alert.fired_at or alert.opened_at,
        until=alert.ended_at if resolved else None,
        page_url=link("alert", alert.pk),
        runbook_url=link("runbook", objective.runbook) if objective.runbook in runbooks else "",
    )


def link(page: str, argument: object) -> str:
    """The absolute address of a page."""
    return settings.BASE_URL + reverse(page, args=[argument])
