"""What the system can still do for its users."""

from django.db import models

from slo.models import Service


class Capability(models.Model):
    """Something users can do, with its modes in order of preference.

    `modes` is a list of {"name", "when": structure expression or absent for the last resort, "healthy", "degraded",
    "message", "link", "handover"}; the first whose expression holds is the present one (`degradation.rules.modes`).
    """

    name = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="capabilities")
    position = models.PositiveSmallIntegerField(default=0)
    modes = models.JSONField(default=list)

    class Meta:
        ordering = ("position", "name")
        verbose_name_plural = "capabilities"

    def __str__(self) -> str:
        return self.title
