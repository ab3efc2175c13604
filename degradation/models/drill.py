"""Fallbacks that were tried on purpose, and how it went."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from slo.models import Service


class Drill(models.Model):
    """One tier of a service dimmed for `share` percent of the traffic until an instant: planned or by hand.

    `planned` is the instant its plan asked for it, so that no occurrence is played twice. `figures` holds the burn
    rates of the service's objectives before and at the end: [{"objective", "before", "after"}].
    """

    class Outcome(models.TextChoices):
        RUNNING = "running"
        PASSED = "passed"
        ABORTED = "aborted"

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="drills")
    tier = models.PositiveSmallIntegerField()
    share = models.PositiveSmallIntegerField()
    flags = models.JSONField(default=list)
    planned = models.DateTimeField(null=True, blank=True)
    reason = models.TextField()
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.RUNNING)
    ended_reason = models.TextField(blank=True)
    figures = models.JSONField(default=list)

    class Meta:
        ordering = ("-started_at", "-id")
        constraints = (
            models.UniqueConstraint(fields=("service",), condition=Q(ended_at=None), name="one_drill_a_service"),
            models.UniqueConstraint(
                fields=("service", "tier", "planned"), condition=~Q(planned=None), name="one_drill_a_plan"
            ),
        )

    def __str__(self) -> str:
        return f"{self.service}: tier {self.tier}"
