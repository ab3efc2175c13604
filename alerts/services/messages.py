"""Word what a delivery has to tell."""

from collections.abc import Container

from django.conf import settings
from django.urls import reverse

from alerts.models import Alert, Delivery
from alerts.rules.figures import restore
from alerts.rules.message import Message, episode_key


def compose(delivery: Delivery, runbooks: Container[str]) -> Message:
    """The message of a delivery, with the figures of the alert's last evaluation.

    `runbooks` are the names there are: only an existing one is linked.
    """
    change = delivery.transition
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
