"""The ledger and what keeps it honest.

Instants on the ledger are whole seconds since the epoch, so that thinning and alignment are integer arithmetic
on every database.
"""

from django.conf import settings
from django.db import models

from slo.maths.ledger import Span
from slo.maths.recurrence import LONGEST_RULE, Recurrence
from slo.maths.windows import to_epoch
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
    """When a source was last asked and last answered, and what it said if it did not.

    `remembers` is for how many seconds it keeps what it knows, None where it does not tell; `looked_at` when it was
    asked for that.
    """

    source = models.OneToOneField(Source, on_delete=models.CASCADE, primary_key=True, related_name="state")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)
    remembers = models.BigIntegerField(null=True)
    looked_at = models.DateTimeField(null=True)


class Exclusion(models.Model):
    """A span that does not count, for one objective or all of a service; applied when reading.

    With a `rule` (RRULE) it comes back: from `start` to `end` is the first occurrence, and the others begin at the same
    wall-clock time of `zone`. Its name is that of its document; one made by hand has none.
    """

    name = models.SlugField(max_length=100, unique=True, null=True, blank=True)
    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, null=True, blank=True, related_name="exclusions")
    service = models.ForeignKey(Service, on_delete=models.CASCADE, null=True, blank=True, related_name="exclusions")
    start = models.DateTimeField()
    end = models.DateTimeField()
    rule = models.CharField(max_length=LONGEST_RULE, blank=True)
    zone = models.CharField(max_length=64, default="UTC")
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

    def recurrence(self) -> Recurrence | None:
        """How it comes back, if it does."""
        seconds = int((self.end - self.start).total_seconds())
        return Recurrence(self.rule, self.start, self.zone, seconds) if self.rule else None

    def spans(self, start: int, end: int) -> list[Span]:
        """Its occurrences that touch [start, end), epoch seconds, in order."""
        recurrence = self.recurrence()
        if recurrence is not None:
            return recurrence.spans(start, end)
        span = Span(to_epoch(self.start), to_epoch(self.end))
        return [span] if span.start < end and span.end > start else []


class ExclusionChange(models.Model):
    """What was done to an exclusion, when and by whom; the row outlives the exclusion.

    `state` is what the exclusion said afterwards, or last; `by` names the token or the document where no person did it.
    """

    class Action(models.TextChoices):
        CREATED = "created"
        CHANGED = "changed"
        DELETED = "deleted"

    exclusion = models.BigIntegerField(db_index=True)
    at = models.DateTimeField()
    action = models.CharField(max_length=10, choices=Action)
    state = models.JSONField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    by = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"exclusion {self.exclusion} {self.action}"


class Heartbeat(models.Model):
    """When a part of the pipeline last showed that it is alive."""

    name = models.CharField(max_length=50, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
