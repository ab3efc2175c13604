"""Word what a delivery has to tell."""

from collections.abc import Container
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from alerts.models import Alert, BudgetChange, Delivery, Transition
from alerts.rules.bundle import Bundle, alone
from alerts.rules.figures import restore
from alerts.rules.message import Message, episode_key
from alerts.rules.verdicts import NAMES
from alerts.rules.words import percent
from slo.maths.budget_policy import ACTIONS

ACTION_TITLES: dict[str, str] = {"": "Nothing is to be done any more"} | {str(n): text for n, text in ACTIONS.items()}


def compose(delivery: Delivery, runbooks: Container[str], at: datetime) -> Bundle:
    """What a delivery tells, sent at `at`; an alert has the figures of its last evaluation.

    `runbooks` are the names there are: only an existing one is linked.
    """
    if delivery.budget_change:
        return alone(_step(delivery.budget_change), delivery.dedup_key, at)
    assert delivery.transition is not None  # noqa: S101 a constraint sees to it
    return alone(_message(delivery.transition, runbooks), delivery.dedup_key, at)


def _step(change: BudgetChange) -> Message:
    objective = change.objective
    left = "" if change.remaining is None else f" ({percent(change.remaining)} of the budget left)"
    told = f"{ACTION_TITLES.get(change.after, change.after)}{left}"
    return Message(
        episode=f"{objective.name}:budget",
        kind="budget",
        state="firing" if change.after else "resolved",
        severity="ticket",
        title=str(objective),
        cause="; ".join(text.rstrip(". ") for text in (told, change.text, f"policy {change.policy}") if text),
        since=change.at,
        until=None if change.after else change.at,
        service=objective.service.name,
        objective=objective.name,
        labels={
            "alertname": NAMES["budget"],
            "kind": "budget",
            "severity": "ticket",
            "service": objective.service.name,
            "objective": objective.name,
        },
        page_url=link("objective", objective.name),
    )


def _message(change: Transition, runbooks: Container[str]) -> Message:
    alert = change.alert
    resolved = change.after == Alert.State.RESOLVED
    return Message(
        episode=episode_key(alert.subject, alert.severity, alert.pk, alert.opened_at),
        kind=alert.kind,
        state="resolved" if resolved else "firing",
        severity=alert.severity,
        title=alert.title or alert.subject,
        cause=change.cause,
        since=alert.fired_at or alert.opened_at,
        until=alert.ended_at if resolved else None,
        service=alert.service.name if alert.service else "",
        objective=alert.objective.name if alert.objective else "",
        labels=alert.labels(),
        figures=restore(alert.figures),
        page_url=link("alert", alert.pk),
        runbook_url=link("runbook", alert.runbook) if alert.runbook in runbooks else "",
    )


def link(page: str, argument: object) -> str:
    """The absolute address of a page."""
    return settings.BASE_URL + reverse(page, args=[argument])
