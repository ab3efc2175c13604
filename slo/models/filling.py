"""History that is to be filled in for an objective somebody made on a page."""

from django.db import models

from slo.models.objective import Objective


class Filling(models.Model):
    """The order to fill in an objective's history back to `since`, and how far that has come.

    `reached` is the instant of the ledger's first row so far (epoch seconds), `note` what there is to say about it.
    Whoever carries it out holds `leased_until`.
    """

    class State(models.TextChoices):
        DUE = "due"
        DONE = "done"
        FAILED = "failed"

    objective = models.OneToOneField(Objective, on_delete=models.CASCADE, primary_key=True, related_name="filling")
    since = models.BigIntegerField()
    began = models.BigIntegerField()
    reached = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    note = models.TextField(blank=True)
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"history of {self.objective_id}"

    @property
    def share(self) -> float:
        """How much of it is done, 0 to 1."""
        whole = self.began - self.since
        return 1.0 if whole <= 0 else min(1.0, max(0.0, (self.began - self.reached) / whole))
