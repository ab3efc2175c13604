"""What people do not want to hear of for a while."""

from django.conf import settings
from django.db import models

from slo.maths.recurrence import LONGEST_RULE


class Silence(models.Model):
    """A span in which alerts that match are not told of: seen and recorded, and told of if they outlast it.

    `matchers` are texts such as `service="orders"`; all of them must hold. With a `rule` (RRULE) the silence comes
    back: from `start` to `end` is the first occurrence, and the others begin at the same wall-clock time of `zone`. Its
    name is that of its document; one made by hand has none.
    """

    name = models.SlugField(max_length=100, unique=True, null=True, blank=True)
    matchers = models.JSONField(default=list)
    start = models.DateTimeField()
    end = models.DateTimeField()
    rule = models.CharField(max_length=LONGEST_RULE, blank=True)
    zone = models.CharField(max_length=64, default="UTC")
    reason = models.TextField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    # Ended by hand before its time.
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ("-start", "-pk")

    def __str__(self) -> str:
        return f"silence {self.name or self.pk}: {self.reason}"
