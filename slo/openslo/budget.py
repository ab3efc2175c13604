"""The spec of an error-budget policy."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from slo.maths.budget_policy import Action
from slo.openslo.schema import Name, Number, Spec


class StepSpec(Spec):
    """From this share of the budget downwards, this is done; 0.2 is 20 %, and 0 an exhausted budget."""

    remaining: Annotated[Number, Field(ge=-10, lt=1)]
    action: Action
    text: Annotated[str, Field(max_length=500)] = ""


class ErrorBudgetPolicySpec(Spec):
    """What is done as an error budget goes, for all objectives of some services or for single ones.

    `channels` are told of a change of step; without any, those that hear of tickets.
    """

    description: str = ""
    services: list[Name] = []
    objectives: list[Name] = []
    channels: list[Name] = []
    steps: Annotated[list[StepSpec], Field(min_length=1)]

    @model_validator(mode="after")
    def _bound(self) -> Self:
        if not self.services and not self.objectives:
            raise ValueError("needs services or objectives it is for")
        return self

    @model_validator(mode="after")
    def _levels_once(self) -> Self:
        levels = [step.remaining for step in self.steps]
        twice = next((level for level in levels if levels.count(level) > 1), None)
        if twice is not None:
            raise ValueError(f"two steps at {twice:g} remaining: each level has one")
        return self
