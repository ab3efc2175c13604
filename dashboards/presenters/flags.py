"""Flags by tier: their values, who decided them, and their history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from alerts import selectors as alerts
from dashboards.presenters import badges
from dashboards.presenters.badges import Badge
from degradation import selectors as degradation
from degradation.models import FlagChange
from degradation.selectors import FlagView, ShedView
from slo import selectors
from slo.maths.burn import burn_rate
from slo.maths.status import SHORT
from slo.maths.windows import to_epoch

TIERS = {1: "critical", 2: "important", 3: "nice to have", 4: "asynchronous"}


@dataclass(frozen=True, slots=True)
class Effect:
    """Whether shedding helped: the burn rate over five minutes when the flag was shed, and now."""

    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class FlagRow:
    """A flag with its value now. `until` is the end of an override, `alert` the number of the alert that shed it."""

    key: str
    version: int
    description: str
    service: str
    owner: str
    value: bool
    safe: bool
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


def flags_page(at: datetime) -> FlagsPage:
    """Every flag at `at`; the tier that is shed first comes first."""
    views = sorted(degradation.flags(at), key=lambda view: (-view.flag.tier, view.flag.key))
    history, effects = degradation.histories(), _effects(views, at)
    return FlagsPage(
        tiers=tuple(
            Tier(
                tier,
                TIERS[tier],
                tuple(_row(view, tuple(history.get(view.flag.pk, ())), effects.get(view.flag.pk)) for view in group),
            )
            for tier, group in groupby(views, key=lambda view: view.flag.tier)
        ),
        changed=sum(view.state != "auto" for view in views),
        shedding=tuple(degradation.shedding()),
    )


def _effects(views: Iterable[FlagView], at: datetime) -> dict[int, Effect]:
    """By the flag's primary key, of those that are shed for an alert."""
    shed = [view.flag for view in views if view.state == "shed" and view.flag.shed_by_id and view.flag.shed_at]
    found_alerts = alerts.alerts().filter(pk__in={flag.shed_by_id for flag in shed})
    causes = {alert.pk: alert.objective for alert in found_alerts if alert.objective}
    now = to_epoch(at)
    found: dict[int, Effect] = {}
    for pk, item in causes.items():
        concerned = [flag for flag in shed if flag.shed_by_id == pk]
        instants = sorted({*(to_epoch(flag.shed_at) for flag in concerned if flag.shed_at), now})
        windows = selectors.rolling(item, instants, SHORT)
        burns = {window.end: burn_rate(window.ratio, item.target) for window in windows}
        found |= {flag.pk: Effect(burns[to_epoch(flag.shed_at)], burns[now]) for flag in concerned if flag.shed_at}
    return found


def flag_rows(views: Iterable[FlagView]) -> tuple[FlagRow, ...]:
    """One row for each flag, in order, without its history."""
    return tuple(_row(view, (), None) for view in views)


def _row(view: FlagView, changes: tuple[FlagChange, ...], effect: Effect | None) -> FlagRow:
    flag = view.flag
    return FlagRow(
        key=flag.key,
        version=flag.version,
        description=flag.description,
        service=str(flag.service),
        owner=flag.owner,
        value=view.value,
        safe=flag.safe_value,
        badge=badges.flag(view.state),
        forced=view.state.startswith("forced"),
        reason=view.reason,
        since=view.since,
        until=view.until,
        by=view.by,
        alert=flag.shed_by_id if view.state == "shed" else None,
        effect=effect,
        changes=changes,
    )
