"""What people and programs note beside the figures."""

from django.conf import settings
from django.db import models

from slo.models.catalog import Service
from slo.models.objective import Objective


class Annotation(models.Model):
    """Something that happened at an instant or over a span: a deploy, a flag, a game day; of an objective, a service,
    or of everything.

    `key` makes it safe to send it twice.
    """

    key = models.CharField(max_length=100, unique=True)
    kind = models.SlugField(max_length=100)
    objective = models.ForeignKey(
        Objective, on_delete=models.CASCADE, null=True, blank=True, related_name="annotations"
    )
    service = models.ForeignKey(Service, on_delete=models.CASCADE, null=True, blank=True, related_name="annotations")
    at = models.DateTimeField(db_index=True)
    until = models.DateTimeField(null=True, blank=True)
    text = models.CharField(max_length=500)
    link = models.CharField(max_length=1_000, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gt=models.F("at")),
                name="annotation_has_length",
            ),
            models.CheckConstraint(
                condition=models.Q(objective__isnull=True) | models.Q(service__isnull=True),
                name="annotation_of_one_thing",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"
