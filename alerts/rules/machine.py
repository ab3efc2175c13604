"""The states of an alert and what moves it from one to the next.

inactive → pending → firing → resolved; a pending alert whose condition ends goes back to inactive. What is not
known holds: without data an alert neither fires nor ends.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from alerts.rules.policy import Timing
from slo.maths.status import Status

State = Literal["inactive", "pending", "firing", "resolved"]


@dataclass(frozen=True, slots=True)
class Present:
    """Where an alert stands: since when it is open, and since when (while firing) its condition is gone."""

    state: State = "inactive"
    opened_at: datetime | None = None
    quiet_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The state an alert is to be in, and since when its condition is gone (only while firing or just resolved)."""

    state: State
    quiet_since: datetime | None = None


def condition(status: Status, severity: str) -> bool | None:
    """Is any window of the severity exceeded? None when that cannot be known for lack of data."""
    if status.state == "no data":
        return None
    if any(window.severity == severity for window in status.exceeded):
        return True
    shorts = {window.short for window in status.facts.policy if window.severity == severity}
    return False if all(status.windows[short].known for short in shorts) else None


def decide(present: Present, condition: bool | None, at: datetime, timing: Timing) -> Decision:  # noqa: FBT001
    """What becomes of an alert at the instant `at`: at most one step, the same however often it is asked."""
    if condition is None:
        return Decision(present.state, present.quiet_since)
    if present.state == "firing":
        return Decision("firing") if condition else _fade(present, at, timing)
    if not condition:
        return Decision("inactive" if present.state != "resolved" else "resolved", present.quiet_since)
    since = present.opened_at if present.state == "pending" and present.opened_at else at
    waited = at - since >= timedelta(seconds=timing.pending)
    return Decision("firing" if waited else "pending")


def _fade(present: Present, at: datetime, timing: Timing) -> Decision:
    quiet = present.quiet_since or at
    over = at - quiet >= timedelta(seconds=timing.keep_firing)
    return Decision("resolved" if over else "firing", quiet)
