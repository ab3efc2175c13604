"""What a team agreed to do as its error budget goes: steps at levels of what is left, and the gate they make.

The idea is the error-budget policy of The Site Reliability Workbook, appendix B.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Action = Literal["inform", "freeze-risky", "freeze-all"]
Kind = Literal["fix", "normal", "risky"]

ACTIONS: dict[Action, str] = {
    "inform": "Inform",
    "freeze-risky": "Freeze risky changes",
    "freeze-all": "Freeze all but fixes",
}
# Which changes an action stops. A fix always goes through: it is what brings the budget back.
STOPS: dict[Action, tuple[Kind, ...]] = {"inform": (), "freeze-risky": ("risky",), "freeze-all": ("risky", "normal")}
# A step taken is left only this share of the budget above its level: a budget that hovers there must not flap.
MARGIN = 0.01


@dataclass(frozen=True, slots=True)
class Step:
    """From `remaining` (a share of the budget) downwards: what is done, and in words what it means here."""

    remaining: float
    action: Action
    text: str = ""

    @property
    def title(self) -> str:
        return ACTIONS[self.action]


@dataclass(frozen=True, slots=True)
class BudgetPolicy:
    """Steps by what is left of a budget, in any order; each level once."""

    name: str
    steps: tuple[Step, ...]

    def step(self, remaining: float | None) -> Step | None:
        """The step with the lowest level that is reached; None above all levels, and where nothing is known."""
        if remaining is None:
            return None
        reached = [step for step in self.steps if remaining <= step.remaining]
        return min(reached, key=lambda step: step.remaining, default=None)

    def settled(self, held: float | None, remaining: float | None) -> Step | None:
        """The step to be in, coming from the one at level `held` (None: from none).

        Down at once, up only with a margin; what is not known holds.
        """
        before = next((step for step in self.steps if step.remaining == held), None)
        if remaining is None:
            return before
        now = self.step(remaining)
        if before is None or (now is not None and now.remaining <= before.remaining):
            return now
        return before if remaining < before.remaining + MARGIN else self.step(remaining)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the gate knows of one objective; `remaining` is None where nothing is known."""

    objective: str
    remaining: float | None
    policy: BudgetPolicy | None
    step: Step | None


@dataclass(frozen=True, slots=True)
class Gate:
    """May a change of this kind go out? `reasons` are sentences; there is always one."""

    service: str
    kind: Kind
    open: bool
    reasons: tuple[str, ...]


def gate(service: str, kind: Kind, standings: Iterable[Standing]) -> Gate:
    """Closed if the present step of any objective stops this kind of change.

    What is not known stops nothing: a pipeline must not stand still because measuring does. The reasons say so.
    """
    found = list(standings)
    bound = [item for item in found if item.policy is not None]
    closing = [item for item in bound if item.step is not None and kind in STOPS[item.step.action]]
    if closing:
        return Gate(service, kind, open=False, reasons=tuple(_reason(item) for item in closing))
    if not bound:
        return Gate(service, kind, open=True, reasons=("no error-budget policy is bound to the service",))
    unknown = [
        f"{i.objective}: nothing is known of its budget, so it closes nothing" for i in bound if i.remaining is None
    ]
    told = [_reason(item) for item in bound if item.step is not None]
    return Gate(
        service, kind, open=True, reasons=(*told, *unknown) or ("every budget is above the levels of its policy",)
    )


def _reason(item: Standing) -> str:
    left = f"{100 * item.remaining:.3g} % of the budget left" if item.remaining is not None else "budget not known"
    if item.step is None:
        return f"{item.objective}: {left}"
    text = f" ({item.step.text})" if item.step.text else ""
    return f"{item.objective}: {left}: {item.step.title.lower()}{text}"
