"""How each objective stood when it was judged last: lists of a thousand of them are sorted and counted by it."""

from typing import Any

from django.db import models

from slo.maths.status import HOUR, Status
from slo.models.objective import Objective


class ObjectiveStanding(models.Model):
    """The judgement of the last tick on an objective. What is shown in full is judged anew from the ledger.

    `remaining`, `ratio`, `completeness` and `burn` (over an hour) are None, or 0, where nothing is known. `step` is
    what its error-budget policy asks for.
    """

    objective = models.OneToOneField(Objective, on_delete=models.CASCADE, primary_key=True, related_name="standing")
    at = models.DateTimeField()
    state = models.CharField(max_length=20)
    remaining = models.FloatField(null=True)
    ratio = models.FloatField(null=True)
    completeness = models.FloatField()
    burn = models.FloatField(null=True)
    step = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return f"{self.objective_id} {self.state}"

    @staticmethod
    def figures(status: Status) -> dict[str, Any]:
        """What is kept of a judgement, by the names of its fields."""
        return {
            "state": status.state,
            "remaining": status.budget.remaining,
            "ratio": status.period.ratio,
            "completeness": status.period.completeness,
            "burn": status.burns.get(HOUR),
            "step": status.step.action if status.step else "",
        }
