"""One objective: its figures, the windows that judge it, its definition and queries."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from alerts import selectors as alerts
from alerts.models import Alert, Runbook
from dashboards import formats
from dashboards.presenters import badges
from dashboards.presenters.alert_rows import AlertRow, alert_rows
from dashboards.presenters.badges import Badge
from dashboards.presenters.direct import described
from dashboards.presenters.filling import Reach, reach
from dashboards.presenters.steps import StepRow, step_rows
from dashboards.sparkline import Bar, budget_bar
from slo import selectors
from slo.maths.budget import budget
from slo.maths.burn import BurnWindow, seconds_to_detect
from slo.maths.forecast import Forecast
from slo.maths.status import HOUR, SHORT, Status
from slo.maths.values import SIGNS
from slo.maths.windows import Period
from slo.models import Objective
from slo.openslo.placeholder import over
from slo.services.catalog import definition
from slo.sources.http import shown

# The outages people ask about: everything fails, and a persistent one in a hundred.
OUTAGE, TRICKLE = 1.0, 0.01


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A burn window beside what it reads now. Lengths and times to detect in seconds; None is never."""

    window: BurnWindow
    burn_long: float | None
    burn_short: float | None
    state: Badge
    detects_outage: float | None
    detects_trickle: float | None
    held: str


@dataclass(frozen=True, slots=True)
class QueryText:
    """A query as it is sent, and where its source answers it by hand, if it does."""

    role: str
    text: str
    link: str


@dataclass(frozen=True, slots=True)
class AtEnd:
    """A calendar period at its end, at the pace so far: shares of its budget, and what it leaves room for in all."""

    unit: str
    ends: datetime
    unspent: float
    remaining: float | None
    total: float | None


@dataclass(frozen=True, slots=True)
class Without:
    """The figures with what is excluded left in, and for how many seconds it is."""

    ratio: float | None
    remaining: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class ObjectivePage:
    item: Objective
    children: tuple[Objective, ...]
    status: Status
    badge: Badge
    bar: Bar
    period: str
    allowed_seconds: float
    left_seconds: float | None
    left_events: float | None
    at_end: AtEnd | None
    without: Without | None
    lasts: float | None
    trend: str
    step: StepRow | None
    burn: float | None
    burn_recent: float | None
    windows: tuple[WindowRow, ...]
    open_alerts: tuple[AlertRow, ...]
    urgent: tuple[AlertRow, ...]
    past_alerts: tuple[AlertRow, ...]
    runbook: Runbook | None
    reach: Reach | None


@dataclass(frozen=True, slots=True)
class Definition:
    """What does not change from tick to tick."""

    yaml: str
    queries: tuple[QueryText, ...]


def objective_page(name: str, at: datetime) -> ObjectivePage:
    """Everything the page of an objective shows at `at`. Raises NotFoundError."""
    item = selectors.objective(name)
    ahead = selectors.outlook(item, at)
    status = ahead.status
    recent = alerts.history(20, objective=name)
    firing = _loudest_first(alert_rows(alert for alert in recent if alert.state in Alert.OPEN))
    period = item.span()
    allowed, left = (1 - item.target) * period.seconds, status.budget.remaining
    return ObjectivePage(
        item=item,
        children=tuple(item.children.order_by("name")) if item.by else (),
        status=status,
        badge=badges.objective(status),
        bar=budget_bar(status.budget.remaining),
        period=_period(period),
        allowed_seconds=allowed,
        left_seconds=None if left is None else left * allowed,
        left_events=None if left is None or status.budget.total is None else left * status.budget.total,
        at_end=_at_end(status),
        without=_without(status),
        lasts=None if status.exhausts_at is None else (status.exhausts_at - at).total_seconds(),
        trend=_trend(ahead.trend),
        step=next(iter(step_rows([item], [status])), None),
        burn=status.burns.get(HOUR),
        burn_recent=status.burns.get(SHORT),
        windows=tuple(_window_row(window, status) for window in status.facts.policy),
        open_alerts=firing,
        urgent=tuple(row for row in firing if not row.acknowledged and not row.hushed),
        past_alerts=alert_rows(alert for alert in recent if alert.state not in Alert.OPEN),
        runbook=alerts.runbook_for(item),
        reach=reach(item, at),
    )


def _loudest_first(rows: tuple[AlertRow, ...]) -> tuple[AlertRow, ...]:
    return tuple(sorted(rows, key=lambda row: (row.hushed, row.severity != "page")))


def is_paging(name: str) -> bool:
    """Does an alert of this objective page somebody at present?"""
    return bool(alerts.history(1, objective=name, state=Alert.State.FIRING, severity="page"))


def _at_end(status: Status) -> AtEnd | None:
    end, period = status.at_end, status.facts.period
    if end is None or period.kind == "rolling":
        return None
    return AtEnd(period.unit, status.period_end, end.unspent, end.budget.remaining, end.budget.total)


def _without(status: Status) -> Without | None:
    raw = status.without_exclusions
    if raw is None:
        return None
    return Without(raw.ratio, budget(raw, status.facts.target).remaining, raw.elapsed - status.period.elapsed)


def _period(period: Period) -> str:
    if period.kind == "rolling":
        return f"the last {formats.duration(period.seconds)}"
    return f"the calendar {period.unit} ({period.zone})"


def _trend(trend: Forecast | None) -> str:
    """Where the budget is going if the future is like the recent past, with what is sure about it."""
    if trend is None or trend.spent:
        return ""
    horizon = formats.rough(trend.horizon)
    if trend.median is None:
        chance = formats.percent(trend.likelihood, 0)
        return f"by trend not within {horizon}" + (f" ({chance} likely)" if trend.likelihood >= 0.01 else "")
    if trend.earliest is None or trend.earliest == trend.latest:
        return f"by trend in {formats.rough(trend.median)}"
    until = f"and {formats.rough(trend.latest)}" if trend.latest is not None else f"and more than {horizon}"
    return f"by trend in {formats.rough(trend.median)}, between {formats.rough(trend.earliest)} {until} (80 % sure)"


def _window_row(window: BurnWindow, status: Status) -> WindowRow:
    target = status.facts.target
    return WindowRow(
        window=window,
        burn_long=status.burns.get(window.long),
        burn_short=status.burns.get(window.short),
        state=_window_state(window, status),
        detects_outage=seconds_to_detect(window, target, OUTAGE),
        detects_trickle=seconds_to_detect(window, target, TRICKLE),
        held=_held(window, status) if window in status.held else "",
    )


def _held(window: BurnWindow, status: Status) -> str:
    """What is missing before a window that burns may alert: 3 bad events of at least 5."""
    counted, minimum = status.windows[window.long], status.facts.minimum
    unit = status.facts.unit
    nouns = ("observed", "bad") if unit == "seconds" else (unit, f"bad {unit}")
    parts = zip((counted.total, counted.bad), (minimum.events, minimum.bad), nouns, strict=True)
    few = [
        f"{formats.amount(n, unit)} {noun} of at least {formats.amount(least, unit)}"
        for n, least, noun in parts
        if (n or 0) < least
    ]
    return formats.listing(few)


def _window_state(window: BurnWindow, status: Status) -> Badge:
    if window in status.exceeded:
        return Badge("triangle", "Above", "bad" if window.severity == "page" else "warn", 0)
    if window in status.held:
        return Badge("ring", "Held back", "info", 1)
    burns = (status.burns.get(window.long), status.burns.get(window.short))
    if None in burns:
        return badges.NO_DATA
    if any(burn is not None and burn > window.factor for burn in burns):
        return Badge("half", "One above", "warn", 1)
    return Badge("disc", "Below", "ok", 2)


def definition_of(item: Objective) -> Definition:
    """The objective as a document, and its queries as they are sent."""
    direct = described(item)
    if direct:
        return Definition(definition(item), (QueryText(*direct, link=""),))
    roles = [role for role in ("good", "bad", "total", "raw", "query") if item.sli.get(role)]
    return Definition(definition(item), tuple(_query(item, role) for role in roles))


def _query(item: Objective, role: str) -> QueryText:
    text = str(item.sli[role])
    sent = quote(over(text, "5m"), safe="")
    base = shown(str(item.source.spec.get("url", ""))).rstrip("/") if item.source.kind == "prometheus" else ""
    return QueryText(_role(item, role), text, f"{base}/graph?g0.expr={sent}&g0.tab=0&g0.range_input=6h" if base else "")


def _role(item: Objective, role: str) -> str:
    """What a query gives, in words."""
    if role == "raw":
        return f"share that is {'good' if item.sli['raw_type'] == 'success' else 'bad'}, 0 to 1"
    if role == "query":
        return f"good while {SIGNS[item.sli['op']]} {item.sli['value']:g}"
    return role
