"""Shedding: how it is switched, where each service stands, what was done and whether it helped, and drills."""

from dataclasses import dataclass
from datetime import datetime

from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from degradation import selectors as degradation
from degradation.models import Automation, AutomationChange, Banner, Drill, ShedStep
from degradation.selectors import shed_steps
from degradation.selectors.shed_steps import Exercised, Standing
from degradation.services import automation


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A service the loop looks after; `back` is the percentage of users that have the tier `level` again."""

    service: str
    policy: str
    badge: Badge
    shed: tuple[int, ...]
    futile: tuple[int, ...]
    waiting: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step with its effect: burn rates before and after, minutes of harm, events kept.

    `runbook` goes on where a step that stands did not help: that of its alert, if it names one.
    """

    step: ShedStep
    badge: Badge
    state: str
    before: float | None
    after: float | None
    minutes: float | None
    requests: float
    kept: float | None
    assumptions: tuple[str, ...]
    runbook: str


@dataclass(frozen=True, slots=True)
class DrillRow:
    drill: Drill
    badge: Badge
    running: bool


@dataclass(frozen=True, slots=True)
class TierRow:
    """A tier of a service that can be exercised. `never` are flags whose fallback was never seen at work."""

    service: str
    title: str
    tier: int
    flags: tuple[str, ...]
    never: tuple[str, ...]
    last: Exercised | None


@dataclass(frozen=True, slots=True)
class SheddingPage:
    switch: Automation
    changes: tuple[AutomationChange, ...]
    standings: tuple[StandingRow, ...]
    steps: tuple[StepRow, ...]
    assumptions: tuple[str, ...]
    tiers: tuple[TierRow, ...]
    drills: tuple[DrillRow, ...]
    banners: tuple[Banner, ...]


def shedding_page(at: datetime) -> SheddingPage:
    """Everything about shedding at `at`."""
    steps = tuple(step_row(step) for step in shed_steps.steps(30))
    return SheddingPage(
        switch=automation.present(),
        changes=tuple(shed_steps.automation_changes(10)),
        standings=tuple(_standing(found) for found in shed_steps.standings()),
        steps=steps,
        assumptions=tuple(dict.fromkeys(text for row in steps for text in row.assumptions)),
        tiers=_tiers(at),
        drills=tuple(DrillRow(d, badges.outcome(d.outcome), d.ended_at is None) for d in shed_steps.drills(20)),
        banners=tuple(degradation.banners(at)),
    )


def step_row(step: ShedStep) -> StepRow:
    """A step as pages show it."""
    in_vain = step.verdict == ShedStep.Verdict.NO_EFFECT and not step.ended_at
    said = (step.harm.get("assumption", ""), step.saved.get("assumption", ""))
    return StepRow(
        step,
        badges.DRY if step.dry else badges.verdict(step.verdict),
        step.get_state_display(),
        step.before.get("burn"),
        step.after.get("burn"),
        step.harm.get("minutes"),
        step.harm.get("requests", 0.0),
        step.saved.get("events"),
        tuple(text for text in said if text),
        step.alert.runbook if in_vain and step.alert else "",
    )


def _standing(found: Standing) -> StandingRow:
    state = found.state
    return StandingRow(
        str(found.service),
        found.policy,
        badges.flag("dry run") if state.dry and state.shed else _badge(found),
        tuple(sorted(state.shed, reverse=True)),
        tuple(tier for tier, _ in state.futile),
        found.waiting,
        found.decided_at,
    )


def _badge(found: Standing) -> Badge:
    state = found.state
    if not state.shed:
        return badges.CALM
    return badges.flag("ramping", state.ramp) if state.ramp else badges.flag("shed", 0)


def _tiers(at: datetime) -> tuple[TierRow, ...]:
    last = shed_steps.exercised()
    found: dict[tuple[str, str, int], list[str]] = {}
    for view in degradation.flags(at):
        if view.flag.sheddable:
            found.setdefault((view.flag.service.name, str(view.flag.service), view.flag.tier), []).append(view.flag.key)
    return tuple(_tier(*of, keys, last) for of, keys in sorted(found.items()))


def _tier(service: str, title: str, tier: int, keys: list[str], last: dict[str, Exercised]) -> TierRow:
    times = [last[key] for key in keys if key in last]
    never = tuple(key for key in keys if key not in last)
    return TierRow(service, title, tier, tuple(keys), never, max(times, key=lambda item: item.at, default=None))
