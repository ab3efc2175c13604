"""The judgement on one objective at one instant, put together from windows of its ledger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from slo.maths.budget import Budget, Projection, budget, project, seconds_to_exhaustion
from slo.maths.budget_policy import BudgetPolicy, Step
from slo.maths.burn import BurnWindow, Minimum, burn_rate, exceeded
from slo.maths.ledger import Window
from slo.maths.sli import Unit
from slo.maths.windows import Period, format_duration, from_epoch, iso

State = Literal["healthy", "burning", "critical", "exhausted", "no data"]

# Burn windows that are always known, whatever the policy: a table of objectives compares like with like.
SHORT, HOUR = 300, 3_600


@dataclass(frozen=True, slots=True)
class Facts:
    """What the catalog says of an objective, as far as the judgement needs it. `target` is a ratio."""

    name: str
    service: str
    title: str
    target: float
    period: Period
    policy: tuple[BurnWindow, ...]
    minimum: Minimum = field(default_factory=Minimum)
    budget_policy: BudgetPolicy | None = None
    unit: Unit = "events"
    notes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def windows(self) -> tuple[int, ...]:
        """Lengths in seconds of every window the judgement reads, ascending."""
        policy = {length for w in self.policy for length in (w.short, w.long)}
        return tuple(sorted({SHORT, HOUR} | policy))


@dataclass(frozen=True, slots=True)
class Status:
    """An objective's figures at `as_of`. Burn rates and windows are keyed by window length in seconds.

    `exceeded` are the burn windows that may alert; `held` burn as fast, on too few events to judge by. `at_end` is what
    a calendar period comes to, `without_exclusions` the period with what is excluded left in; None where there is no
    such thing.
    """

    facts: Facts
    period: Window
    period_end: datetime
    budget: Budget
    windows: Mapping[int, Window]
    burns: Mapping[int, float | None]
    exceeded: tuple[BurnWindow, ...]
    held: tuple[BurnWindow, ...]
    exhausts_at: datetime | None
    state: State
    as_of: datetime
    problem: str
    at_end: Projection | None = None
    without_exclusions: Window | None = None

    @property
    def name(self) -> str:
        return self.facts.name

    @property
    def unspent(self) -> float | None:
        """What is left of the budget of the whole period: a calendar period has room that is still to come."""
        return self.at_end.unspent if self.at_end else self.budget.remaining

    @property
    def step(self) -> Step | None:
        """The step of the error-budget policy that applies, if there is a policy and a level is reached."""
        policy = self.facts.budget_policy
        return policy.step(self.unspent) if policy else None

    def as_json(self) -> dict[str, object]:
        """The public form: ratios from 0 to 1, None where nothing is known."""
        facts, period = self.facts, self.period
        return {
            "name": facts.name,
            "service": facts.service,
            "target": facts.target,
            "period": {
                "kind": facts.period.kind,
                "start": iso(from_epoch(period.start)),
                "end": iso(self.period_end),
            },
            "labels": dict(facts.labels),
            "unit": facts.unit,
            "sli": {"good": period.good, "total": period.total, "ratio": period.ratio},
            "completeness": period.completeness,
            "budget": self.budget.as_json(),
            "burn": {format_duration(length): burn for length, burn in self.burns.items()},
            "windows": {
                format_duration(length): {"good": w.good, "total": w.total, "ratio": w.ratio}
                for length, w in self.windows.items()
            },
            "at_end": self.at_end and self.at_end.as_json(),
            "without_exclusions": self._without_exclusions(),
            "minimum": {"events": facts.minimum.events, "bad": facts.minimum.bad},
            "held_back": [self._held_back(window) for window in self.held],
            "budget_policy": self._budget_policy(),
            "exhausts_at": iso(self.exhausts_at) if self.exhausts_at else None,
            "state": self.state,
            "as_of": iso(self.as_of),
            "problem": self.problem or None,
            "notes": list(facts.notes),
        }

    def _budget_policy(self) -> dict[str, object] | None:
        policy, step = self.facts.budget_policy, self.step
        if policy is None:
            return None
        return {
            "name": policy.name,
            "step": {"remaining": step.remaining, "action": step.action, "text": step.text} if step else None,
        }

    def _without_exclusions(self) -> dict[str, object] | None:
        raw = self.without_exclusions
        if raw is None:
            return None
        return {
            "sli": {"good": raw.good, "total": raw.total, "ratio": raw.ratio},
            "budget": budget(raw, self.facts.target).as_json(),
            "excluded_seconds": raw.elapsed - self.period.elapsed,
        }

    def _held_back(self, window: BurnWindow) -> dict[str, object]:
        counted = self.windows[window.long]
        return {
            "severity": window.severity,
            "long": format_duration(window.long),
            "short": format_duration(window.short),
            "events": counted.total,
            "bad": counted.bad,
        }


def judge(
    facts: Facts,
    period: Window,
    period_end: datetime,
    windows: Mapping[int, Window],
    as_of: datetime,
    recent: Window,
    problem: str = "",
    *,
    ahead: float = 0.0,
    without_exclusions: Window | None = None,
) -> Status:
    """Turn windows into a Status.

    `windows` is keyed by length in seconds and holds at least `facts.windows`; `recent` is the span that must
    hold some observation for the state to be known. `ahead` are the seconds of a calendar period still to come.
    """
    burns = {length: burn_rate(window.ratio, facts.target) for length, window in windows.items()}
    left = budget(period, facts.target)
    above = exceeded(facts.policy, burns)
    firing = tuple(w for w in above if facts.minimum.met(windows[w.long]))
    at_end = project(period, facts.target, ahead) if facts.period.kind == "calendar" else None
    if at_end is None:
        seconds = seconds_to_exhaustion(left.remaining, burns.get(HOUR), facts.period.seconds)
    else:
        seconds = at_end.seconds_to_exhaustion(burns.get(HOUR))
    return Status(
        facts=facts,
        period=period,
        period_end=period_end,
        budget=left,
        windows=windows,
        burns=burns,
        exceeded=firing,
        held=tuple(w for w in above if w not in firing),
        exhausts_at=None if seconds is None else as_of + timedelta(seconds=seconds),
        state=_state(recent, at_end.unspent if at_end else left.remaining, firing),
        as_of=as_of,
        problem=problem or _doubt(period),
        at_end=at_end,
        without_exclusions=without_exclusions,
    )


def _state(recent: Window, unspent: float | None, firing: tuple[BurnWindow, ...]) -> State:
    if not recent.known:
        return "no data"
    if unspent is not None and unspent <= 0:
        return "exhausted"
    if any(window.severity == "page" for window in firing):
        return "critical"
    return "burning" if firing else "healthy"


def _doubt(period: Window) -> str:
    # A bucket may run a few events ahead of its count within a scrape; a real excess is a wrong definition.
    excess = period.sums.good - period.sums.total
    if excess > max(5.0, 0.001 * period.sums.total):
        return f"good events exceed all events by {excess:g}: good and total do not belong together"
    return ""
