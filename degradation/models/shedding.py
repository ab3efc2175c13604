"""Where the loop sheds, by what policy, and where it stands."""

from django.db import models

from slo.models import Service


class SheddingPolicy(models.Model):
    """When to shed and when to restore, as data; `spec` holds the fields of `degradation.rules.shedding.Policy`.

    `services` are the names of those that are shed by it; a service without a policy is never shed automatically.
    """

    name = models.SlugField(max_length=100, unique=True)
    description = models.TextField(blank=True)
    services = models.JSONField(default=list)
    spec = models.JSONField(default=dict)

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
