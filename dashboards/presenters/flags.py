"""Flags by tier: their values, who decided them, and their history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from degradation import selectors as degradation
from degradation.models import Automation, FlagChange, ShedStep
from degradation.selectors import FlagView, ShedView, shed_steps
from degradation.selectors.shed_steps import Exercised
from degradation.services import automation

TIERS = {1: "critical", 2: "important", 3: "nice to have", 4: "asynchronous"}


@dataclass(frozen=True, slots=True)
class Effect:
    """Whether shedding helped: the burn rate for some minutes before the step and after it, and what that comes to."""

    before: float | None
    after: float | None
    badge: Badge


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A flag with its value now. `until` is the end of an override, `alert` the number of the alert that shed it."""

    key: str
    version: int
    description: str
    service: str
    owner: str
    value: bool
    share: int
    dimmer: bool
    splits: bool
    safe: bool
    criticality: str
    protects: tuple[str, ...]
    cost: str
    users: float | None
    last: Exercised | None
    badge: Badge
    forced: bool
    reason: str
    since: datetime | None
    until: datetime | None
    by: str
    alert: int | None
    effect: Effect | None
    changes: tuple[FlagChange, ...]


@dataclass(frozen=True, slots=True)
class Tier:
    number: int
    title: str
    flags: tuple[FlagRow, ...]


@dataclass(frozen=True, slots=True)
class FlagsPage:
    tiers: tuple[Tier, ...]
    changed: int
    """Flags that are not automatic: what "restore everything" would restore."""
    shedding: tuple[ShedView, ...]
    switch: Automation


def flags_page(at: datetime) -> FlagsPage:
    """Every flag at `at`; the tier that is shed first comes first."""
    views = sorted(degradation.flags(at), key=lambda view: (-view.flag.tier, view.flag.key))
    history, steps, last = degradation.histories(), shed_steps.standing_steps(), shed_steps.exercised()
    return FlagsPage(
        tiers=tuple(
            Tier(
                tier,
                TIERS[tier],
                tuple(
                    _row(view, tuple(history.get(view.flag.pk, ())), steps.get(view.flag.key), last.get(view.flag.key))
                    for view in group
                ),
            )
            for tier, group in groupby(views, key=lambda view: view.flag.tier)
        ),
        changed=sum(view.state != "auto" for view in views),
        shedding=tuple(degradation.shedding()),
        switch=automation.present(),
    )


def flag_rows(views: Iterable[FlagView]) -> tuple[FlagRow, ...]:
    """One row for each flag, in order, without its history."""
    return tuple(_row(view, (), None, None) for view in views)


def _row(view: FlagView, changes: tuple[FlagChange, ...], step: ShedStep | None, last: Exercised | None) -> FlagRow:
    flag = view.flag
    return FlagRow(
        key=flag.key,
        version=flag.version,
        description=flag.description,
        service=str(flag.service),
        owner=flag.owner,
        value=view.value,
        share=view.share,
        dimmer=flag.kind == flag.Kind.DIMMER,
        splits=flag.splits,
        safe=flag.safe_value,
        criticality=flag.criticality,
        protects=tuple(flag.protects),
        cost=flag.cost,
        users=flag.users,
        last=last,
        badge=badges.flag(view.state, view.share),
        forced=view.state.startswith("forced"),
        reason=view.reason,
        since=view.since,
        until=view.until,
        by=view.by,
        alert=flag.shed_by_id if view.state in ("shed", "ramping") else None,
        effect=_effect(step) if step and not step.dry and view.state in ("shed", "ramping") else None,
        changes=changes,
    )


def _effect(step: ShedStep) -> Effect:
    return Effect(step.before.get("burn"), step.after.get("burn"), badges.verdict(step.verdict))
