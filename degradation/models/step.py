"""What the loop did: every shed of a tier with what belongs to it, what it changed, and what it cost."""

from django.db import models
from django.db.models import Q

from alerts.models import Alert
from degradation.models.flag import Flag
from slo.models import Service


class ShedStep(models.Model):
    """One tier of a service shed, from the decision until it is back: a saga and the proof of its effect.

    `actions` are done in order and undone in reverse: [{"kind": "flags" | "webhook" | "banner", "state", "tries",
    "answer", …}] (`degradation.rules.saga`). `before` and `after` are figures: {"burn", "events", "seconds",
    "troubled"}; `harm` and `saved` what it cost users and kept of the budget, with the assumption in words.
    """

    class State(models.TextChoices):
        DOING = "doing"  # actions are still to be done
        STANDING = "standing"
        UNDOING = "undoing"
        UNDONE = "undone"
        COMPENSATING = "compensating"  # an action failed: the earlier ones are undone in reverse
        COMPENSATED = "compensated"

    class Verdict(models.TextChoices):
        PENDING = "pending"
        HELPED = "helped"
        NO_EFFECT = "no effect"
        UNCLEAR = "unclear"

    OPEN = (State.DOING, State.STANDING, State.UNDOING, State.COMPENSATING)

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="shed_steps")
    tier = models.PositiveSmallIntegerField()
    flags = models.JSONField(default=list)
    objective = models.CharField(max_length=200, blank=True)
    alert = models.ForeignKey(Alert, on_delete=models.SET_NULL, null=True, blank=True, related_name="shed_steps")
    dry = models.BooleanField(default=False)
    reason = models.TextField()
    at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=State, default=State.DOING)
    actions = models.JSONField(default=list)
    verdict = models.CharField(max_length=20, choices=Verdict, default=Verdict.PENDING)
    measured_at = models.DateTimeField(null=True, blank=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.TextField(blank=True)
    harm = models.JSONField(default=dict)
    saved = models.JSONField(default=dict)
    # Who carries out its actions at present, until when; the next try of one that was not answered.
    leased_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    version = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("-at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("service", "tier"), condition=Q(ended_at=None), name="one_standing_step_a_tier"
            ),
        )

    def __str__(self) -> str:
        return f"{self.service}: tier {self.tier}"


class ShedReport(models.Model):
    """What one instance of an application counted as left undone on purpose: its counter as last told."""

    flag = models.ForeignKey(Flag, on_delete=models.CASCADE, related_name="shed_reports")
    instance = models.CharField(max_length=200)
    total = models.FloatField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("flag", "instance"), name="one_count_an_instance"),)


class ShedCount(models.Model):
    """Requests left undone on purpose within a minute: what all instances' counters grew by."""

    flag = models.ForeignKey(Flag, on_delete=models.CASCADE, related_name="shed_counts")
    minute = models.DateTimeField()
    requests = models.FloatField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("flag", "minute"), name="one_count_a_minute"),)
