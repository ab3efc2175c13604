"""What people tell the users of the watched system about a failure: an incident, and what is known of it over time."""

import uuid

from django.conf import settings
from django.db import models

from alerts.models import Alert
from degradation.models.capability import Capability


class Incident(models.Model):
    """One failure, or one maintenance, as the status page tells it. `key` names it for ever, whatever its title."""

    class Impact(models.TextChoices):
        NONE = "none"
        MINOR = "minor"
        MAJOR = "major"
        CRITICAL = "critical"
        MAINTENANCE = "maintenance"

    class State(models.TextChoices):
        INVESTIGATING = "investigating"
        IDENTIFIED = "identified"
        MONITORING = "monitoring"
        RESOLVED = "resolved"

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(max_length=200)
    impact = models.CharField(max_length=20, choices=Impact)
    state = models.CharField(max_length=20, choices=State)
    capabilities = models.ManyToManyField(Capability, related_name="incidents", blank=True)
    # The alert it was opened from; for the team only.
    alert = models.ForeignKey(Alert, on_delete=models.SET_NULL, null=True, blank=True, related_name="incidents")
    opened_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-opened_at", "-id")
        indexes = (models.Index(fields=("resolved_at", "opened_at")),)

    def __str__(self) -> str:
        return self.title


class IncidentUpdate(models.Model):
    """What was said about an incident, by whom and when. Never changed: what was said was said."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=Incident.State)
    impact = models.CharField(max_length=20, choices=Incident.Impact)
    text = models.TextField()
    # A user's or token's name: for the team, never on the status page.
    by = models.CharField(max_length=200)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-at", "-id")
