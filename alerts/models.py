"""Judgements and what was told of them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property

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


class Channel(models.Model):
    """A place to tell people: `kind` names the adapter, `spec` what it needs, `severities` what it wants to hear."""

    name = models.SlugField(max_length=100, unique=True)
    kind = models.CharField(max_length=20)
    description = models.TextField(blank=True)
    spec = models.JSONField(default=dict)
    severities = models.JSONField(default=list)
    enabled = models.BooleanField(default=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """A message owed to a channel, about an alert or about a step of an error budget: outbox row and history at once.

    `dedup_key` names the message for the receiver, however often it is sent. A delivery is claimed by moving
    `leased_until`; a crash lets the lease run out.
    """

    class State(models.TextChoices):
        DUE = "due"
        SENT = "sent"
        DEAD = "dead"

    transition = models.ForeignKey(Transition, on_delete=models.CASCADE, null=True, related_name="deliveries")
    budget_change = models.ForeignKey(BudgetChange, on_delete=models.CASCADE, null=True, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    dedup_key = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    # Times the receiver has accepted it: channels that must be reminded are sent a firing alert again and again.
    sends = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ("id",)
        verbose_name_plural = "deliveries"
        constraints = (
            models.UniqueConstraint(fields=("transition", "channel"), name="one_delivery_a_channel"),
            models.UniqueConstraint(fields=("budget_change", "channel"), name="one_budget_delivery_a_channel"),
            models.CheckConstraint(
                condition=Q(transition__isnull=False) ^ Q(budget_change__isnull=False), name="delivery_of_one_thing"
            ),
        )
        indexes = (models.Index(fields=("state", "due_at")),)

    @property
    def origin(self) -> Transition | BudgetChange:
        """The change it tells of."""
        origin = self.transition or self.budget_change
        assert origin is not None  # noqa: S101 a constraint sees to it
        return origin

    @property
    def objective(self) -> Objective:
        """The objective it is about."""
        origin = self.origin
        return origin.alert.objective if isinstance(origin, Transition) else origin.objective


class Runbook(models.Model):
    """What to do when something breaks. The newest version is what people read."""

    name = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=20, blank=True)
    owner = models.CharField(max_length=200, blank=True)
    origin = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.title

    @cached_property
    def latest(self) -> "RunbookVersion | None":
        """The newest version; without a query where a selector has prefetched it."""
        return next(iter(self.versions.all()), None)


class RunbookVersion(models.Model):
    """The Markdown of a runbook as it was from `created_at` on, and its title, severity and owner (`meta`) then."""

    runbook = models.ForeignKey(Runbook, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    body = models.TextField()
    meta = models.JSONField(default=dict)
    author = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-number",)
        constraints = (models.UniqueConstraint(fields=("runbook", "number"), name="one_body_a_version"),)
