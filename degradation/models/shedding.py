"""Where the loop sheds, by what policy, where it stands, and whether it may act by itself at all."""

from django.conf import settings
from django.db import models

from slo.models import Service


class SheddingPolicy(models.Model):
    """When to shed and when to restore, as data; `spec` holds the fields of `degradation.rules.policy.Policy`.

    `services` are the names of those that are shed by it; a service without a policy is never shed automatically.
    `actions` are done beside the flags when a tier is shed, and undone when it is back: {"tier", "webhook": {…}} or
    {"tier", "banner": {…}}. `drills` say when each tier is exercised: {"tier", "share", "seconds", "rule", "start", …}.
    """

    name = models.SlugField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    services = models.JSONField(default=list)
    spec = models.JSONField(default=dict)
    actions = models.JSONField(default=list)
    drills = models.JSONField(default=list)

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "shedding policies"

    def __str__(self) -> str:
        return self.name


class Shedding(models.Model):
    """Where the loop stands for a service: `state` holds the fields of `degradation.rules.shedding.State`."""

    service = models.OneToOneField(Service, on_delete=models.CASCADE, primary_key=True, related_name="shedding")
    policy = models.ForeignKey(
        SheddingPolicy, on_delete=models.SET_NULL, null=True, blank=True, related_name="sheddings"
    )
    state = models.JSONField(default=dict)
    version = models.BigIntegerField(default=0)
    # The last decision, for people: what the loop waits for.
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)


class Automation(models.Model):
    """Whether the loop may shed by itself: one row. Until somebody turns it on, it may not.

    In a dry run everything is decided and recorded, and nothing changes.
    """

    automatic = models.BooleanField(default=False)
    dry_run = models.BooleanField(default=False)
    version = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return "automatic" if self.automatic else "by hand"


class AutomationChange(models.Model):
    """Somebody turned automatic shedding or the dry run on or off, and why."""

    at = models.DateTimeField()
    automatic = models.BooleanField()
    dry_run = models.BooleanField()
    reason = models.TextField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-at", "-id")
