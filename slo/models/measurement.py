"""The ledger and what keeps it honest.

Instants on the ledger are whole seconds since the epoch, so that thinning and alignment are integer arithmetic
on every database.
"""

from django.conf import settings
from django.db import models

from slo.models.catalog import Service, Source
from slo.models.objective import Objective


class Measurement(models.Model):
    """Running sums of an objective at an instant. Rows are only ever appended, revised in the tail, or thinned."""

    pk = models.CompositePrimaryKey("objective_id", "at")
    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.BigIntegerField()
    good = models.FloatField()
    total = models.FloatField()
    observed = models.FloatField()


class Watermark(models.Model):
    """How far an objective has been measured. `version` moves with every append, by compare-and-set.

    `cursor` is what the source needs to go on from here, committed with the rows it led to; `started` is the
    instant of the first row.
    """

    objective = models.OneToOneField(Objective, on_delete=models.CASCADE, primary_key=True, related_name="watermark")
    version = models.BigIntegerField(default=0)
    started = models.BigIntegerField()
    at = models.BigIntegerField()
    cursor = models.JSONField(default=dict)
    problem = models.TextField(blank=True)


class SourceState(models.Model):
    """When a source was last asked and last answered, and what it said if it did not."""

    source = models.OneToOneField(Source, on_delete=models.CASCADE, primary_key=True, related_name="state")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)


class Exclusion(models.Model):
    """A span that does not count, for one objective or all of a service; applied when reading.

    Its name is that of its document; one made by hand has none.
    """

    name = models.SlugField(max_length=100, unique=True, null=True, blank=True)
    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, null=True, blank=True, related_name="exclusions")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, null=True, blank=True, related_name="exclusions")
    start = models.DateTimeField()
    end = models.DateTimeField()
    reason = models.TextField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-start",)
        constraints = (
            models.CheckConstraint(condition=models.Q(end__gt=models.F("start")), name="exclusion_has_length"),
            models.CheckConstraint(
                condition=models.Q(objective__isnull=False) ^ models.Q(service__isnull=False),
                name="exclusion_of_one_thing",
            ),
        )

    def __str__(self) -> str:
        return f"{self.objective or self.service}: {self.reason}"


class Heartbeat(models.Model):
    """When a part of the pipeline last showed that it is alive."""

    name = models.CharField(max_length=50, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
