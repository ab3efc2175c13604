"""What a team agreed to do as its error budgets go."""

from django.db import models

from slo.maths import budget_policy as rules


class BudgetPolicy(models.Model):
    """An error-budget policy as data: `steps` is a list of {"remaining", "action", "text"}.

    `services` and `objectives` are the names of those it is for; an objective's own goes before its service's.
    `channels` are the names of those who are told of a change of step; without any, everybody who hears of tickets.
    """

    name = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    services = models.JSONField(default=list)
    objectives = models.JSONField(default=list)
    channels = models.JSONField(default=list)
    steps = models.JSONField(default=list)

    class Meta:
        ordering = ("name",)
        verbose_name = "error-budget policy"
        verbose_name_plural = "error-budget policies"

    def __str__(self) -> str:
        return self.title or self.name

    def rules(self) -> rules.BudgetPolicy:
        """What the pure rules need."""
        return rules.BudgetPolicy(self.name, tuple(rules.Step(**step) for step in self.steps))
