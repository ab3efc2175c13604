"""Counts that were sent to us, kept until a repetition need no longer be recognised."""

from django.db import models

from slo.models.objective import Objective


class EventPost(models.Model):
    """Counts of an objective as of `at` (epoch seconds), which the sender named by `key`.

    It vouches for the `vouched` seconds before its instant: the heartbeat of the objective when it came.
    `stated` tells whether the sender said the instant, or left it to us; `placed`, whether the ledger holds it.
    """

    objective = models.ForeignKey(Objective, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    at = models.BigIntegerField()
    stated = models.BooleanField()
    vouched = models.PositiveIntegerField()
    good = models.FloatField()
    total = models.FloatField()
    received_at = models.DateTimeField()
    placed = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("objective", "key"), name="a_post_counts_once"),)
        indexes = (
            models.Index(fields=("objective", "at"), name="posts_by_instant"),
            models.Index(fields=("objective",), condition=models.Q(placed=False), name="posts_to_place"),
            models.Index(fields=("received_at",), name="posts_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.objective_id}: {self.key}"
