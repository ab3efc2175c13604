"""What the loop is told of a service: its burns without what was shed on purpose, second signals, and effects."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.models import Alert
from degradation import selectors
from degradation.models import Flag, Shedding
from degradation.rules.shedding import Burn, Effect, Policy, Signals, State
from degradation.selectors.shed_requests import requests_between
from degradation.services.shed_requests import counted_as_failed
from slo import selectors as slo_selectors
from slo.maths.burn import burn_rate
from slo.maths.ledger import Window
from slo.maths.status import SHORT, Status
from slo.maths.windows import from_epoch, to_epoch
from slo.models import Objective

DAY = 86_400
SECOND = ("latency", "saturation")
# Of fewer flags a share says nothing: the only one there is would never be shed.
FEWEST = 4


@dataclass(frozen=True, slots=True)
class Counted:
    """Events of a span, without those that were shed on purpose and counted as failed."""

    bad: float
    total: float

    @property
    def ratio(self) -> float | None:
        return 1 - min(1.0, self.bad / self.total) if self.total > 0 else None


def gather(
    row: Shedding, state: State, pages: Mapping[str, Alert], flags: Sequence[Flag], policy: Policy, at: datetime
) -> Signals:
    """Everything the decision on a service needs. While nothing pages and nothing is shed, next to nothing is read."""
    tiers = frozenset(flag.tier for flag in flags if flag.sheddable)
    names = {*pages, *(entry.objective for entry in state.entries)}
    if not names:
        return Signals(tiers=tiers)
    chosen = slo_selectors.objectives(row.service.name).filter(name__in=names)
    burns = [burn for status in slo_selectors.statuses(at, chosen) for burn in _burns(status, pages, flags)]
    share, adds = dimmed(flags, at)
    return Signals(tuple(burns), tuple(_troubled(row, pages, at)), tiers, share, adds, _due(state, policy, flags, at))


def apart(window: Window, flags: Iterable[Flag], objective: str) -> Counted | None:
    """What was counted in a window, without requests shed on purpose that the SLI takes for failures.

    None without data.
    """
    if not window.known or window.bad is None:
        return None
    concerned = counted_as_failed(flags, objective)
    undone = requests_between(concerned, from_epoch(window.start), from_epoch(window.end)) if concerned else 0.0
    undone = min(undone, window.bad)
    return Counted(window.bad - undone, window.sums.total - undone)


def effect(item: Objective, then: int, now: int, seconds: int, flags: Sequence[Flag]) -> tuple[Effect, Counted | None]:
    """How fast an objective burned in the `seconds` before one instant and before another; and what it was then."""
    before, after = (apart(window, flags, item.name) for window in slo_selectors.rolling(item, [then, now], seconds))
    events = min(before.total if before else 0.0, after.total if after else 0.0)
    return Effect(item.name, _rate(before, item.target), _rate(after, item.target), events), before


def _due(state: State, policy: Policy, flags: Sequence[Flag], at: datetime) -> Effect | None:
    trial, now = state.trial, to_epoch(at)
    if trial is None or now < trial.at + policy.effect_after:
        return None
    item = slo_selectors.objectives().filter(name=trial.objective).first()
    return effect(item, trial.at, now, policy.effect_after, flags)[0] if item else None


def _burns(status: Status, pages: Mapping[str, Alert], flags: Sequence[Flag]) -> list[Burn]:
    alert, facts = pages.get(status.name), status.facts
    rates = {
        length: _rate(apart(status.windows[length], flags, status.name), facts.target)
        for window in facts.policy
        if window.severity == "page"
        for length in (window.long, window.short)
    }
    return [
        Burn(
            status.name,
            window.long,
            window.short,
            window.factor,
            rates[window.long],
            rates[window.short],
            status.windows[window.long].sums.total,
            alert.pk if alert else None,
            facts.period.seconds / DAY,
        )
        for window in facts.policy
        if window.severity == "page"
    ]


def _rate(counted: Counted | None, target: float) -> float | None:
    # A feature that is switched off may leave nothing to count; seen and idle, it burns nothing.
    if counted is None:
        return None
    return 0.0 if counted.total <= 0 else burn_rate(counted.ratio, target)


def _troubled(row: Shedding, pages: Mapping[str, Alert], at: datetime) -> Iterable[str]:
    """Second signals in words: components in trouble, and latency or saturation beyond what was promised."""
    for item in selectors.health(at, row.service):
        if item.status in ("warn", "down"):
            yield f"{item.name} is {item.status}"
    others = slo_selectors.objectives(row.service.name).filter(indicator__in=SECOND).exclude(name__in=pages)
    for status in slo_selectors.statuses(at, others):
        burn = status.burns[SHORT]
        if burn is not None and burn >= 1:
            yield f"{status.name} burns {burn:.3g}×"


def dimmed(flags: Sequence[Flag], at: datetime) -> tuple[float, tuple[tuple[int, float], ...]]:
    """The share of all flags there are that is dimmed now, and what each tier of these flags would add."""
    product = list(Flag.objects.all())
    if len(product) < FEWEST:
        return 0.0, ()
    normal: dict[int, int] = {}
    for flag in flags:
        if flag.sheddable and not flag.dry_run and flag.marks().share(at) == 100:
            normal[flag.tier] = normal.get(flag.tier, 0) + 1
    share = sum(flag.marks().share(at) < 100 for flag in product) / len(product)
    return share, tuple((tier, count / len(product)) for tier, count in normal.items())
