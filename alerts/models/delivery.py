"""Whom to tell, and what is owed to them."""

from django.db import models
from django.db.models import Q

from alerts.models.alert import BudgetChange, Transition
from slo.models import Objective


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
