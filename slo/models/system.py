"""End-to-end promises, and what could be changed about the systems that have to keep them."""

from django.conf import settings
from django.db import models

from slo.maths.composite.system import System as Structure
from slo.models.catalog import Service
from slo.openslo.system import structure


class System(models.Model):
    """A promise over a rolling period of `period` seconds, and the structure of components that keeps it.

    `spec` holds what the document says beside that: "structure", "blocks", "allocation", "changes", "common_cause",
    "maintenance", as in `slo.openslo.system.SystemSpec`.
    """

    name = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    service = models.ForeignKey(Service, on_delete=models.SET_NULL, null=True, blank=True, related_name="systems")
    target = models.FloatField()
    period = models.BigIntegerField()
    spec = models.JSONField(default=dict)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.title or self.name

    def structure(self) -> Structure:
        """What it is made of, to compute with."""
        return structure(self.spec, self.period)


class Scenario(models.Model):
    """A what-if that was kept: `changes` is {component: {"target": ratio} | {"replicas": number} | {"down": true}}."""

    system = models.ForeignKey(System, on_delete=models.CASCADE, related_name="scenarios")
    name = models.CharField(max_length=100)
    changes = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("system", "name"), name="one_scenario_of_a_name"),)

    def __str__(self) -> str:
        return self.name
