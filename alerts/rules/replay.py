"""What a burn policy would have done over a history: the real machine, fed with the statuses of the past."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.rules.machine import Decision, Present, condition, decide
from alerts.rules.policy import Timing
from slo.maths.ledger import Span
from slo.maths.status import Status
from slo.maths.windows import to_epoch


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state as the machine would have made it."""

    at: datetime
    severity: str
    before: str
    after: str


@dataclass(slots=True)
class WouldBe:
    """An alert the policy would have raised: `spent` is the share of the budget that was gone when it fired.

    `delay` is the number of seconds from the start of the incident it belongs to until it fired, None where it
    fired without one. `end` is None while it would still fire.
    """

    severity: str
    start: datetime
    end: datetime | None = None
    spent: float | None = None
    delay: float | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "severity": self.severity,
            "start": self.start,
            "end": self.end,
            "budget_spent": self.spent,
            "detection_delay": self.delay,
        }


@dataclass(slots=True)
class Outcome:
    """Everything a policy would have done: each change of state, and the alerts they amount to."""

    changes: list[Change] = field(default_factory=list)
    alerts: list[WouldBe] = field(default_factory=list)

    def count(self, severity: str) -> int:
        """How often somebody would have been told with that severity."""
        return sum(alert.severity == severity for alert in self.alerts)


def replay(statuses: Iterable[Status], timing: Mapping[str, Timing]) -> Outcome:
    """Run the machine over statuses in the order of time, with the patience of each severity."""
    outcome, present = Outcome(), {severity: Present() for severity in timing}
    firing: dict[str, WouldBe] = {}
    for status in statuses:
        for severity, patience in timing.items():
            before = present[severity]
            decision = decide(before, condition(status, severity), status.as_of, patience)
            if decision.state != before.state:
                outcome.changes.append(Change(status.as_of, severity, before.state, decision.state))
                _note(outcome, firing, severity, decision, status)
            present[severity] = _next(before, decision, status.as_of)
    return outcome


def _note(outcome: Outcome, firing: dict[str, WouldBe], severity: str, decision: Decision, status: Status) -> None:
    if decision.state == "firing":
        left = status.budget.remaining
        firing[severity] = WouldBe(severity, status.as_of, spent=None if left is None else 1 - left)
        outcome.alerts.append(firing[severity])
    elif decision.state == "resolved":
        firing.pop(severity).end = status.as_of


def _next(before: Present, decision: Decision, at: datetime) -> Present:
    """Where the alert stands then; one that is over leaves room for the next, which is another alert."""
    if decision.state in ("resolved", "inactive"):
        return Present()
    opened = at if before.state == "inactive" else before.opened_at
    return Present(decision.state, opened, decision.quiet_since)


def delays(alerts: Iterable[WouldBe], incidents: Iterable[Span]) -> None:
    """Tell each alert how long after the start of its incident it came: the last one that had begun by then.

    An incident that was over for more than an hour before an alert is not what the alert was about.
    """
    spans = sorted(incidents, key=lambda span: span.start)
    for alert in alerts:
        at = to_epoch(alert.start)
        begun = [span for span in spans if span.start <= at <= span.end + 3_600]
        alert.delay = float(at - begun[-1].start) if begun else None


def bad_spells(buckets: Iterable[tuple[Span, bool]], gap: int) -> list[Span]:
    """Incidents as the ledger tells them: runs of spans that failed, those less than `gap` seconds apart joined."""
    spells: list[Span] = []
    for span, failed in buckets:
        if not failed:
            continue
        if spells and span.start - spells[-1].end < gap:
            spells[-1] = Span(spells[-1].start, span.end)
        else:
            spells.append(span)
    return spells
