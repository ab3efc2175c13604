"""How promises were kept over a month or a quarter: by service and owner, with what happened meanwhile.

Figures come by a few queries for all objectives at once, however many there are.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from alerts import selectors as alerts
from alerts.models import Alert
from dashboards.presenters.report_period import ReportPeriod, period_named
from dashboards.presenters.report_rows import (
    Day,
    Effect,
    Excluded,
    Incident,
    Report,
    ReportRow,
    ServicePart,
    Shed,
    Verdict,
    verdict_of,
)
from degradation import selectors as degradation
from degradation.models import ShedStep
from degradation.selectors import ShedSpan, shed_steps
from slo import selectors
from slo.errors import NotFoundError
from slo.maths.budget import Budget, budget
from slo.maths.burn import burn_rate
from slo.maths.ledger import Span, Window
from slo.maths.windows import from_epoch, to_epoch
from slo.models import Exclusion, Objective, Service

_ORDER: dict[Verdict, int] = {"missed": 0, "met": 1, "no data": 2}
Whole = Mapping[int, tuple[Window, Window]]


def owners() -> list[str]:
    """Everybody who owns an objective, or its service."""
    return sorted({owner for item in selectors.objectives() if (owner := _owner(item))})


def report(name: str, at: datetime, service: str = "", owner: str = "", most: int | None = None) -> Report:
    """The report of a period, of one service or owner where that is named; worst first within a service.

    All objectives are counted; with `most` no more than that have a row, those with the least budget left. Raises
    ReportError, NotFoundError.
    """
    period = period_named(name, at)
    if service and not Service.objects.filter(name=service).exists():
        raise NotFoundError(f"There is no service named {service!r}")
    chosen = [item for item in selectors.objectives(service or None) if owner in ("", _owner(item))]
    if owner and not chosen:
        raise NotFoundError(f"Nobody named {owner!r} owns an objective" + (f" of {service}" if service else ""))
    whole = _whole(chosen, period)
    ranked = sorted(chosen, key=lambda item: _rank(item, whole[item.pk][0]))
    rows = _rows(ranked[:most], period, whole)
    return Report(period, at, service, owner, tuple(_parts(chosen, rows, whole, period)))


def _owner(item: Objective) -> str:
    return item.owner or item.service.owner


def _whole(chosen: Sequence[Objective], period: ReportPeriod) -> Whole:
    """The period and the one before it, of each objective."""
    low, start, until = (to_epoch(at) for at in (period.before().start, period.start, period.until))
    found = selectors.windows([(item, a, b) for item in chosen for a, b in ((start, until), (low, start))])
    return {item.pk: (found[2 * n], found[2 * n + 1]) for n, item in enumerate(chosen)}


def _rank(item: Objective, window: Window) -> tuple[int, float, str]:
    left = budget(window, item.target).remaining
    return _ORDER[verdict_of(window, item.target)], 0.0 if left is None else left, item.name


def _rows(items: Sequence[Objective], period: ReportPeriod, whole: Whole) -> dict[int, ReportRow]:
    """The rows, by primary key and in order: their days and alerts are asked for together."""
    span = Span(to_epoch(period.start), to_epoch(period.until))
    fired = _fired(items, period)
    holes = selectors.excluded(items, period.start, period.until)
    edges = list(pairwise([*range(span.start, span.end, 86_400), span.end]))
    reach = {item.pk: [_reach(alert, span) for alert in fired.get(item.pk, [])] for item in items}
    found = iter(selectors.windows([(item, *pair) for item in items for pair in [*edges, *reach[item.pk]]]))
    rows = {}
    for item in items:
        window, before = whole[item.pk]
        left = budget(window, item.target)
        rows[item.pk] = ReportRow(
            objective=item.name,
            title=str(item),
            service=item.service.name,
            owner=_owner(item),
            target=item.target,
            window=window,
            before=before,
            budget=left,
            days=tuple(_day(next(found), item.target, left) for _ in edges),
            incidents=tuple(_incident(alert, next(found), span, left) for alert in fired.get(item.pk, [])),
            excluded=tuple(_excluded(holes.get(item.pk, []), span)),
        )
    return rows


def _fired(items: Sequence[Objective], period: ReportPeriod) -> Mapping[int, list[Alert]]:
    found: dict[int, list[Alert]] = defaultdict(list)
    for alert in alerts.fired_within(period.start, period.until, [item.pk for item in items]):
        found[alert.objective_id or 0].append(alert)
    return found


def _within(alert: Alert, span: Span) -> tuple[int, int]:
    low = max(to_epoch(alert.opened_at), span.start)
    return low, min(to_epoch(alert.ended_at) if alert.ended_at else span.end, span.end)


def _reach(alert: Alert, span: Span) -> tuple[int, int]:
    """The span an alert cost something in: it came after what it was about had begun, by its short window at most."""
    low, high = _within(alert, span)
    short = min((w["short"] for w in alert.figures.get("windows", [])), default=0)
    return max(span.start, low - short), high


def _day(window: Window, target: float, left: Budget) -> Day:
    """An idle day burns nothing; an unobserved one is unknown."""
    burn = burn_rate(window.ratio, target) if window.ratio is not None or not window.known else 0.0
    return Day(from_epoch(window.start), window.bad, _share(window.bad, left), burn)


def _incident(alert: Alert, window: Window, span: Span, left: Budget) -> Incident:
    low, high = _within(alert, span)
    share = _share(window.bad, left)
    return Incident(alert.pk, alert.severity, alert.opened_at, alert.ended_at, float(high - low), window.bad, share)


def _excluded(found: Iterable[tuple[Exclusion, list[Span]]], span: Span) -> Iterable[Excluded]:
    for row, spans in found:
        for hole in spans:
            start, end = max(hole.start, span.start), min(hole.end, span.end)
            yield Excluded(row.reason, from_epoch(start), from_epoch(end))


def _share(bad: float | None, left: Budget) -> float | None:
    return None if bad is None or not left.total else bad / left.total


def _parts(
    chosen: Sequence[Objective], rows: Mapping[int, ReportRow], whole: Whole, period: ReportPeriod
) -> Iterable[ServicePart]:
    """The services in the order of the catalog."""
    parts: dict[int, list[Objective]] = defaultdict(list)
    for item in chosen:
        parts[item.service_id].append(item)
    sheds = degradation.sheds_of(parts, period.start, period.until)
    steps = shed_steps.steps_within(parts, period.start, period.until)
    for pk, items in parts.items():
        service, own = items[0].service, {item.pk for item in items}
        yield ServicePart(
            name=service.name,
            title=str(service),
            owner=service.owner,
            tally=Counter(verdict_of(whole[item.pk][0], item.target) for item in items),
            tally_before=Counter(verdict_of(whole[item.pk][1], item.target) for item in items),
            rows=tuple(row for key, row in rows.items() if key in own),
            sheds=tuple(_shed(span, steps.get(pk, [])) for span in sheds.get(pk, [])),
        )


def _shed(span: ShedSpan, steps: Sequence[ShedStep]) -> Shed:
    """The span with the effect of the step that began it, or that it was part of."""
    near = [step for step in steps if span.flag in step.flags and step.at <= span.end]
    step = min(near, key=lambda step: abs((step.at - span.start).total_seconds()), default=None)
    return Shed(span.flag, span.start, span.end, _effect(step) if step else None)


def _effect(step: ShedStep) -> Effect:
    return Effect(
        step=step.pk,
        objective=step.objective,
        verdict=step.verdict,
        before=step.before.get("burn"),
        after=step.after.get("burn"),
        minutes=step.harm.get("minutes"),
        kept=step.saved.get("events"),
        kept_share=step.saved.get("budget"),
    )
