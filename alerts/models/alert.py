"""Judgements: alerts, what happened to them, and the steps of error budgets."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from slo.models import Objective


class Alert(models.Model):
    """One episode of one objective burning at one severity, from pending to its end."""

    class State(models.TextChoices):
        INACTIVE = "inactive"
        PENDING = "pending"
        FIRING = "firing"
        RESOLVED = "resolved"

    OPEN = (State.PENDING, State.FIRING)

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="alerts")
    severity = models.CharField(max_length=20)
    state = models.CharField(max_length=20, choices=State)
    opened_at = models.DateTimeField()
    fired_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    # Since when no window is above its factor any more, while firing: the keep-firing time runs from here.
    quiet_since = models.DateTimeField(null=True)
    # The figures at the last evaluation: {"windows": [{long, short, factor, burn_long, burn_short}], "remaining": …}.
    figures = models.JSONField(default=dict)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="acknowledged_alerts"
    )
    acknowledgement = models.TextField(blank=True)

    class Meta:
        ordering = ("-opened_at",)
        constraints = (
            models.UniqueConstraint(
                fields=("objective", "severity"), condition=Q(state__in=("pending", "firing")), name="one_open_alert"
            ),
        )

    def __str__(self) -> str:
        return f"{self.objective} ({self.severity})"


class Transition(models.Model):
    """A change of an alert's state, with its cause: history and the origin of deliveries."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="transitions")
    at = models.DateTimeField()
    before = models.CharField(max_length=20)
    after = models.CharField(max_length=20)
    cause = models.TextField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)

    class Meta:
        ordering = ("at", "id")
        constraints = (
            # An alert is one episode: it enters each state once. An acknowledgement changes no state.
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
