"""Flags by tier: their values, who decided them, and their history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from dashboards.presenters.narrowing import Asked, Tab
from degradation import selectors as degradation
from degradation.models import Automation, FlagChange, ShedStep
from degradation.selectors import FlagView, ShedView, shed_steps
from degradation.selectors.shed_steps import Exercised
from degradation.services import automation

TIERS = {1: "critical", 2: "important", 3: "nice to have", 4: "asynchronous"}
STATES = {"shed": "Shed", "forced": "Forced", "tried": "Tried", "auto": "Automatic"}
_STATES = {"ramping": "shed", "drill": "tried", "dry run": "tried"}
# Changes under each flag; all that are kept where so few flags are shown that one looks into them.
LATEST, FEW, KEPT = 3, 3, 20


@dataclass(frozen=True, slots=True)
class Effect:
    """Whether shedding helped: the burn rate for some minutes before the step and after it, and what that comes to.

    Where it did not, `runbook` goes on: that of the alert, if it names one.
    """

    before: float | None
    after: float | None
    badge: Badge
    in_vain: bool
    runbook: str


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A flag with its value now. `until` is the end of an override, `alert` the number of the alert that shed it.

    `group` is one of STATES; with `earlier` there are more changes than those.
    """

    key: str
    group: str
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
    earlier: bool


@dataclass(frozen=True, slots=True)
class Tier:
    number: int
    title: str
    flags: tuple[FlagRow, ...]


@dataclass(frozen=True, slots=True)
class FlagsPage:
    """`changed`: flags that are not automatic, which "restore everything" would restore."""

    asked: Asked
    tabs: tuple[Tab, ...]
    services: tuple[tuple[str, str], ...]
    chosen_tiers: tuple[tuple[str, str], ...]
    total: int
    shown: int
    tiers: tuple[Tier, ...]
    changed: int
    shedding: tuple[ShedView, ...]
    switch: Automation


def flags_page(at: datetime, asked: Asked | None = None) -> FlagsPage:
    """The flags that are asked for, all by default, at `at`; the tier that is shed first comes first."""
    asked = asked or Asked()
    views = sorted(degradation.flags(at), key=lambda view: (-view.flag.tier, view.flag.key))
    # A whole key means that flag, not those that begin alike.
    alone = [view for view in views if view.flag.key == asked.words]
    found = [view for view in alone or views if _matches(view, asked)]
    shown = [view for view in found if asked.state in ("", _group(view))]
    groups = [_group(view) for view in found]
    return FlagsPage(
        asked=asked,
        tabs=asked.tabs(
            {state: title for state, title in STATES.items() if state != "tried" or state in groups}, groups
        ),
        services=tuple(sorted({(view.flag.service.name, str(view.flag.service)) for view in views})),
        chosen_tiers=tuple((str(number), f"{number}, {title}") for number, title in sorted(TIERS.items())),
        total=len(views),
        shown=len(shown),
        tiers=_tiers(shown),
        changed=sum(view.state != "auto" for view in views),
        shedding=tuple(degradation.shedding()),
        switch=automation.present(),
    )


def _matches(view: FlagView, asked: Asked) -> bool:
    flag = view.flag
    text = (
        f"{flag.key} {flag.description} {flag.owner} {flag.service} {' '.join(flag.protects)} {view.reason} {view.by}"
    )
    return asked.matches(text, flag.service.name, flag.tier)


def _group(view: FlagView) -> str:
    return "forced" if view.state.startswith("forced") else _STATES.get(view.state, view.state)


def _tiers(views: list[FlagView]) -> tuple[Tier, ...]:
    limit = KEPT if len(views) <= FEW else LATEST
    history = degradation.histories(limit + 1, [view.flag.pk for view in views])
    steps, last = shed_steps.standing_steps(), shed_steps.exercised()

    def row(view: FlagView) -> FlagRow:
        key, changes = view.flag.key, history.get(view.flag.pk, [])
        return _row(view, changes[:limit], steps.get(key), last.get(key), earlier=limit < KEPT and len(changes) > limit)

    by_tier: Mapping[int, list[FlagView]] = {
        tier: list(group) for tier, group in groupby(views, key=lambda view: view.flag.tier)
    }
    return tuple(Tier(tier, TIERS[tier], tuple(map(row, group))) for tier, group in by_tier.items())


def flag_rows(views: Iterable[FlagView]) -> tuple[FlagRow, ...]:
    """One row for each flag, in order, without its history."""
    return tuple(_row(view, (), None, None) for view in views)


def _row(
    view: FlagView,
    changes: Iterable[FlagChange],
    step: ShedStep | None,
    last: Exercised | None,
    *,
    earlier: bool = False,
) -> FlagRow:
    flag = view.flag
    shed = view.state in ("shed", "ramping")
    return FlagRow(
        key=flag.key,
        group=_group(view),
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
        alert=flag.shed_by_id if shed else None,
        effect=_effect(step) if step and not step.dry and shed else None,
        changes=tuple(changes),
        earlier=earlier,
    )


def _effect(step: ShedStep) -> Effect:
    in_vain = step.verdict == ShedStep.Verdict.NO_EFFECT
    runbook = step.alert.runbook if in_vain and step.alert else ""
    return Effect(step.before.get("burn"), step.after.get("burn"), badges.verdict(step.verdict), in_vain, runbook)
