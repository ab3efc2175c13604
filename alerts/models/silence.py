"""What people do not want to hear of for a while, and what was done to that wish."""

from django.conf import settings
from django.db import models

from alerts.rules.matchers import parse_all, written
from alerts.rules.silence import Quiet
from slo.maths.recurrence import LONGEST_RULE, Recurrence


class Silence(models.Model):
    """A span in which alerts that match are not told of: seen and recorded, and told of if they outlast it.

    `matchers` are texts such as `service="orders"`; all of them must hold. With a `rule` (RRULE) the silence comes
    back: from `start` to `end` is the first occurrence, and the others begin at the same wall-clock time of `zone`. Its
    name is that of its document; one made by hand has none. `ended_at` ends it for good before its time, `cut_until`
    only the occurrence that lasts until then. `by` and `ended_via` name the token or document where no person did it.
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
    by = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    cut_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ended_via = models.CharField(max_length=200, blank=True)
    ended_reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-start", "-pk")
        constraints = (
            models.CheckConstraint(condition=models.Q(end__gt=models.F("start")), name="silence_has_length"),
        )

    def __str__(self) -> str:
        return f"silence {self.name or self.pk}: {self.reason}"

    @property
    def author(self) -> str:
        """Who made it, in words."""
        return str(self.created_by) if self.created_by else self.by or "a program"

    @property
    def conditions(self) -> str:
        """Its matchers on one line."""
        return written(self.as_rule().matchers)

    def as_rule(self) -> Quiet:
        """What it says, for the pure rules."""
        seconds = int((self.end - self.start).total_seconds())
        recurrence = Recurrence(self.rule, self.start, self.zone, seconds) if self.rule else None
        return Quiet(self.pk, parse_all(self.matchers), self.start, self.end, recurrence, self.ended_at, self.cut_until)


class SilenceChange(models.Model):
    """What was done to a silence, when and by whom; the row outlives the silence.

    `state` is what the silence said afterwards, or last; `by` names the token or the document where no person did it.
    """

    class Action(models.TextChoices):
        CREATED = "created"
        CHANGED = "changed"
        CUT = "cut short"
        ENDED = "ended"
        DELETED = "deleted"

    silence = models.BigIntegerField(db_index=True)
    at = models.DateTimeField()
    action = models.CharField(max_length=10, choices=Action)
    state = models.JSONField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True)
    by = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-at", "-pk")

    def __str__(self) -> str:
        return f"silence {self.silence} {self.action}"
