"""Judgements, what was told of them, and what to do."""

from alerts.models.alert import Alert, BudgetChange, Evaluation, Transition
from alerts.models.delivery import Channel, Delivery
from alerts.models.runbook import Runbook, RunbookVersion

__all__ = ["Alert", "BudgetChange", "Channel", "Delivery", "Evaluation", "Runbook", "RunbookVersion", "Transition"]
