"""What the rules say of an alert at one instant, whatever it is about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.models import Alert
from alerts.rules import words
from alerts.rules.flapping import damped
from alerts.rules.machine import Decision, Present, decide
from alerts.rules.policy import Timing

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """One alert to be: the open one, if there is one, and what the rules say of it.

    `about` are the fields that say what it is about. `cost` is the share of the period's budget it has cost, on its
    end, where that is known; `channels` are the only ones that are told when it fires, if there are any.
    """

    key: Key
    about: Mapping[str, Any]
    alert: Alert | None
    present: Present
    decision: Decision
    cause: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    cost: float | None = None
    channels: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        return self.decision.state != self.present.state

    @property
    def ends(self) -> bool:
        return self.changes and self.decision.state == "resolved"


def standing(found: Iterable[Alert]) -> dict[Key, Alert]:
    """Open alerts by kind, subject and severity."""
    return {(alert.kind, alert.subject, alert.severity): alert for alert in found}


def consider(
    key: Key,
    about: Mapping[str, Any],
    alert: Alert | None,
    condition: bool | None,  # noqa: FBT001
    at: datetime,
    timing: Timing,
    cause: str,
    figures: Mapping[str, Any] | None = None,
) -> Case:
    """What becomes of an alert whose condition is met, gone or (None) not known; `cause` says it in words."""
    present, patience = present_of(alert), patient(alert, timing)
    decision = decide(present, condition, at, patience)
    known = {} if figures is None else figures
    kept = alert.figures if alert and condition is None else known
    return Case(key, about, alert, present, decision, words.told(decision, cause, patience), kept)


def present_of(alert: Alert | None) -> Present:
    """Where an alert stands; without one, nothing is the matter."""
    if alert is None:
        return Present()
    return Present(alert.state, alert.opened_at, alert.quiet_since)  # type: ignore[arg-type]


def patient(alert: Alert | None, timing: Timing) -> Timing:
    """The timing, stretched where the alert flaps."""
    return damped(timing) if alert and alert.flapping_since else timing
