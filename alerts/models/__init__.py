"""Judgements, what was told of them, and what to do."""

from alerts.models.alert import Alert, BudgetChange, Evaluation, Transition, about
from alerts.models.delivery import Channel, ChannelCircuit, Delivery, Group
from alerts.models.exchange import ChannelTrial, Report
from alerts.models.runbook import Runbook, RunbookRun, RunbookVersion, StepTick
from alerts.models.silence import Silence, SilenceChange

__all__ = [
    "Alert",
    "BudgetChange",
    "Channel",
    "ChannelCircuit",
    "ChannelTrial",
    "Delivery",
    "Evaluation",
    "Group",
    "Report",
    "Runbook",
    "RunbookRun",
    "RunbookVersion",
    "Silence",
    "SilenceChange",
    "StepTick",
    "Transition",
    "about",
]
