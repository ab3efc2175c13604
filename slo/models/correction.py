"""What was counted again, and why."""

from django.db import models

from slo.models.objective import Objective


class Correction(models.Model):
    """A span of a ledger that was read again from its source: by how much it changed, who did it, when and why.

    `start` and `end` are epoch seconds; `good`, `total` and `observed` are the differences. `forced` says that
    observation was lost by it.
    """

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="corrections")
    at = models.DateTimeField()
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    good = models.FloatField()
    total = models.FloatField()
    observed = models.FloatField()
    forced = models.BooleanField(default=False)
    by = models.CharField(max_length=200)
    reason = models.TextField()

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"{self.objective}: {self.reason}"
