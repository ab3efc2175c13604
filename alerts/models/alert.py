"""Judgements: alerts, what happened to them, and the steps of error budgets."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from alerts.models.silence import Silence
from alerts.rules.verdicts import NAMES
from slo.models import Objective, Service


class Alert(models.Model):
    """One episode of something people should know: of one kind and subject at one severity, from pending to its end.

    `subject` is the name of what it is about within its kind: an objective, a source, a channel or a service. `title`
    is what people read. `silence` and `inhibited_by` say what keeps it quiet now, `told_at` when it was announced last.
    `spent` is the share of its period's error budget that the episode cost, known once it is over.
    """

    class Kind(models.TextChoices):
        BURN = "burn"
        NO_DATA = "no-data"
        COMPLETENESS = "completeness"
        BUDGET = "budget"
        SOURCE = "source"
        DELIVERY = "delivery"
        SHEDDING = "shedding"

    class State(models.TextChoices):
        INACTIVE = "inactive"
        PENDING = "pending"
        FIRING = "firing"
        RESOLVED = "resolved"

    OPEN = (State.PENDING, State.FIRING)

    kind = models.CharField(max_length=20, choices=Kind, default=Kind.BURN)
    subject = models.CharField(max_length=200)
    title = models.CharField(max_length=200, blank=True)
    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, null=True, related_name="alerts")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, null=True, related_name="alerts")
    severity = models.CharField(max_length=20)
    runbook = models.SlugField(max_length=100, blank=True)
    state = models.CharField(max_length=20, choices=State)
    opened_at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # Since when its condition is gone, while firing: the keep-firing time runs from here.
    quiet_since = models.DateTimeField(null=True)
    # The figures at the last evaluation: {"windows": [{long, short, factor, burn_long, burn_short}], "remaining": …}.
    figures = models.JSONField(default=dict)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="acknowledged_alerts"
    )
    # Who it was elsewhere, where no user of ours acknowledged it.
    acknowledged_via = models.CharField(max_length=200, blank=True)
    acknowledgement = models.TextField(blank=True)
    silence = models.ForeignKey(Silence, on_delete=models.SET_NULL, null=True, related_name="alerts")
    inhibited_by = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="inhibits")
    told_at = models.DateTimeField(null=True)
    flapping_since = models.DateTimeField(null=True)
    spent = models.FloatField(null=True)

    class Meta:
        ordering = ("-opened_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "subject", "severity"),
                condition=Q(state__in=("pending", "firing")),
                name="one_open_alert_of_a_kind",
            ),
        )
        indexes = (models.Index(fields=("kind", "subject", "severity", "opened_at"), name="episodes_of_an_alert"),)

    def __str__(self) -> str:
        return f"{self.title or self.subject} ({self.severity})"

    @property
    def suppressed(self) -> bool:
        """Kept quiet by a silence, or by a more important alert."""
        return self.silence_id is not None or self.inhibited_by_id is not None

    def labels(self) -> dict[str, str]:
        """What routing, silences and receivers read; only what there is.

        Reads the service and the objective with its component and source.
        """
        item, own = self.objective, {self.Kind.SOURCE: "source", self.Kind.DELIVERY: "channel"}
        component = item.component if item else None
        named = {
            "alertname": NAMES[self.kind],
            "kind": self.kind,
            "severity": self.severity,
            "service": self.service.name if self.service else "",
            "team": (item.owner if item else "") or (self.service.owner if self.service else ""),
            "objective": item.name if item else "",
            "component": component.name if component else "",
            "tier": str(component.tier) if component else "",
            "source": item.source.name if item else "",
        }
        if self.kind in own:
            named[own[self.Kind(self.kind)]] = self.subject
        labels = {**(item.labels if item else {}), **{name: value for name, value in named.items() if value}}
        return {name: str(value) for name, value in labels.items()}


def about(objective: Objective) -> dict[str, Any]:
    """The fields of an alert that is about an objective."""
    return {
        "objective": objective,
        "subject": objective.name,
        "title": str(objective),
        "service": objective.service,
        "runbook": objective.runbook,
    }


class Transition(models.Model):
    """Something that happened to an alert, with its cause: history and the origin of deliveries.

    Only a change of `state` has a `before` that differs from `after`. `via` names who it was where no user of ours did
    it. `channels` names the only channels that are told of it (an escalation, a reminder); none: those of the routing.
    """

    class Kind(models.TextChoices):
        STATE = "state"
        ACKNOWLEDGEMENT = "acknowledgement"
        SILENCE = "silence"
        INHIBITION = "inhibition"
        ESCALATION = "escalation"
        REMINDER = "reminder"
        FLAPPING = "flapping"
        RUNBOOK = "runbook"
        DELIVERY = "delivery"
        EFFECT = "effect", "Effect of shedding"

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="transitions")
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.STATE)
    at = models.DateTimeField()
    before = models.CharField(max_length=20)
    after = models.CharField(max_length=20)
    cause = models.TextField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    via = models.CharField(max_length=200, blank=True)
    channels = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("at", "id")
        constraints = (
            # An alert is one episode: it enters each state once. Whatever else happens changes no state.
            models.UniqueConstraint(
                fields=("alert", "after"), condition=~Q(before=F("after")), name="one_change_to_a_state"
            ),
        )


class BudgetChange(models.Model):
    """A change of the step of an error-budget policy an objective is in: history and the origin of deliveries.

    `before` and `after` are actions, empty for none; `level` is the step's share of the budget, None for none.
    """

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="budget_changes")
    at = models.DateTimeField()
    policy = models.CharField(max_length=100)
    before = models.CharField(max_length=20, blank=True)
    after = models.CharField(max_length=20, blank=True)
    level = models.FloatField(null=True)
    remaining = models.FloatField(null=True)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.objective}: {self.before or 'nothing'} → {self.after or 'nothing'}"


class Evaluation(models.Model):
    """How far everything has been judged: one row that only moves forward, by compare-and-set."""

    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"judged up to {self.at:%Y-%m-%d %H:%M:%S}"
