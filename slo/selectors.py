"""Reads: objectives, their status and their charts, all by subtraction of ledger rows."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from django.conf import settings
from django.db.models import QuerySet

from slo.errors import NotFoundError
from slo.maths import forecast as forecasting
from slo.maths.budget_policy import BudgetPolicy as AgreedPolicy
from slo.maths.budget_policy import Gate, Kind, Standing
from slo.maths.budget_policy import gate as judge_gate
from slo.maths.burn import BurnWindow
from slo.maths.ledger import Row, Span, Window, clip, window
from slo.maths.status import SHORT, Status, judge
from slo.maths.windows import format_duration, from_epoch, to_epoch
from slo.models import BudgetPolicy, Exclusion, Objective, Service, SourceState
from slo.selectors_ledger import History, Mark, Measured, excluded_spans, marks_of, rows_at, touching


def objectives(service: str | None = None) -> QuerySet[Objective]:
    """Every objective (of one service), with what its judgement reads."""
    found = Objective.objects.select_related("service", "component", "source", "burn_policy")
    return found.filter(service__name=service) if service else found


def objective(name: str) -> Objective:
    """The objective of that name. Raises NotFoundError."""
    try:
        return objectives().get(name=name)
    except Objective.DoesNotExist:
        raise NotFoundError(f"There is no objective named {name!r}") from None


def statuses(at: datetime, chosen: Iterable[Objective] | None = None, *, lengths: Iterable[int] = ()) -> list[Status]:
    """The status at `at` of the chosen objectives (all by default), in their order.

    Each has the windows of its burn policy, and those of `lengths` (seconds).
    """
    more = frozenset(lengths)
    wanted = list(objectives() if chosen is None else chosen)
    readers = {r.objective.pk: r for r in _readers(wanted, at, more)}
    agreed = budget_policies(wanted)
    return [_status(item, readers[item.pk], at, agreed.get(item.pk), more) for item in wanted]


def budget_policies(wanted: Iterable[Objective]) -> dict[int, AgreedPolicy]:
    """The error-budget policy of each objective that has one, by primary key: its own, or else its service's."""
    of_service: dict[str, AgreedPolicy] = {}
    of_objective: dict[str, AgreedPolicy] = {}
    for row in BudgetPolicy.objects.all():
        of_service |= dict.fromkeys(row.services, row.rules())
        of_objective |= dict.fromkeys(row.objectives, row.rules())
    found = {item.pk: of_objective.get(item.name) or of_service.get(item.service.name) for item in wanted}
    return {pk: policy for pk, policy in found.items() if policy is not None}


def gate(service: str, kind: Kind, at: datetime) -> Gate:
    """May a change of this kind to a service go out? Raises NotFoundError."""
    if not Service.objects.filter(name=service).exists():
        raise NotFoundError(f"There is no service named {service!r}")
    found = statuses(at, objectives(service))
    standings = [Standing(s.name, s.unspent, s.facts.budget_policy, s.step) for s in found]
    return judge_gate(service, kind, standings)


def status(name: str, at: datetime) -> Status:
    """The status of one objective at `at`. Raises NotFoundError."""
    return statuses(at, [objective(name)])[0]


def forecast(name: str, at: datetime) -> forecasting.Outlook:
    """Where the budget of one objective is going, as of `at`. Raises NotFoundError."""
    return outlook(objective(name), at)


def outlook(item: Objective, at: datetime) -> forecasting.Outlook:
    """Where the budget of an objective is going, as of `at`: at the present burn, and by the trend of its period."""
    judged, period = statuses(at, [item])[0], item.span()
    end, step = judged.period.end, forecasting.bucket(period.seconds)
    first = end - (end - judged.period.start) // step * step
    # A period has far more rows than buckets.
    buckets = [(item, low, high) for low, high in pairwise(range(first, end + 1, step))]
    spends = [_spend(window) for window in windows(buckets)]
    if period.kind == "rolling":
        return forecasting.Outlook(judged, forecasting.rolling(spends, item.target, step))
    left = (judged.period_end - at).total_seconds()
    return forecasting.Outlook(judged, forecasting.calendar(spends, item.target, step, left))


def _spend(window: Window) -> forecasting.Spend:
    return forecasting.Spend(window.bad or 0.0, window.total or 0.0, window.completeness if window.known else 0.0)


def rolling(item: Objective, instants: Sequence[int], length: int) -> list[Window]:
    """The windows of `length` seconds that end at each of the instants (epoch seconds, ascending)."""
    if not instants:
        return []
    history = History(item, instants[0] - length, instants[-1])
    return [history.window(at - length, at) for at in instants]


def cumulative(item: Objective, start: int, instants: Sequence[int]) -> list[Window]:
    """The windows from `start` to each of the instants (epoch seconds, ascending)."""
    if not instants:
        return []
    history = History(item, start, instants[-1])
    return [history.window(start, at) for at in instants]


def between(item: Objective, instants: Sequence[int]) -> list[Window]:
    """The windows between each instant and the next (epoch seconds, ascending): one fewer than instants."""
    if len(instants) < 2:
        return []
    history = History(item, instants[0], instants[-1])
    return [history.window(low, high) for low, high in pairwise(instants)]


def windows(
    wanted: Sequence[tuple[Objective | Measured, int, int]], marks: Mapping[int, Mark] | None = None
) -> list[Window]:
    """One window each (from, to in epoch seconds) of many objectives, in order: a few queries, however many."""
    items = list({item.pk: item for item, _, _ in wanted}.values())
    holes = (
        excluded_spans(items, min(start for _, start, _ in wanted), max(end for _, _, end in wanted)) if wanted else {}
    )
    bounds: dict[int, set[int]] = defaultdict(set)
    for item, start, end in wanted:
        bounds[item.pk] |= {start, end}
        if item.pk in holes:
            bounds[item.pk].update(*((span.start, span.end) for span in clip(holes[item.pk], start, end)))
    rows = rows_at(bounds, marks or marks_of(item.pk for item in items))
    return [_window(rows[item.pk], holes.get(item.pk, []), start, end) for item, start, end in wanted]


def recent(at: datetime, chosen: Sequence[Objective | Measured]) -> dict[int, Window]:
    """The last five minutes of objectives by primary key, as their statuses at `at` have them, for far less."""
    marks = marks_of(item.pk for item in chosen)
    ends = [_end(item, marks.get(item.pk), to_epoch(at)) for item in chosen]
    found = windows([(item, end - SHORT, end) for item, end in zip(chosen, ends, strict=True)], marks)
    return {item.pk: window for item, window in zip(chosen, found, strict=True)}


def _window(rows: Mapping[int, Row], holes: Sequence[Span], start: int, end: int) -> Window:
    within = [(s, rows[s.start], rows[s.end]) for s in clip(holes, start, end)] if holes else ()
    return window(start, end, rows[start], rows[end], within)


def exclusions(item: Objective, start: datetime, end: datetime) -> list[tuple[Exclusion, list[Span]]]:
    """Exclusions of the objective or its service that touch the span, each with its occurrences within it."""
    return excluded([item], start, end)[item.pk]


def excluded(
    items: Sequence[Objective], start: datetime, end: datetime
) -> dict[int, list[tuple[Exclusion, list[Span]]]]:
    """The same of many objectives at once, by primary key."""
    low, high = to_epoch(start), to_epoch(end)
    rows = touching(items, low, high).select_related("objective", "service", "created_by").order_by("start")
    found = [(row, spans) for row in rows if (spans := row.spans(low, high))]
    return {
        item.pk: [pair for pair in found if item.pk == pair[0].objective_id or item.service_id == pair[0].service_id]
        for item in items
    }


def trends(chosen: Sequence[Objective], at: datetime, step: int, count: int) -> dict[int, list[Window]]:
    """For many objectives at once, by primary key: the last `count` windows of `step` seconds, oldest first.

    Meant for small drawings: two queries, exclusions left in.
    """
    marks = marks_of(item.pk for item in chosen)
    bounds = {}
    for item in chosen:
        if item.pk in marks:
            end = _end(item, marks[item.pk], to_epoch(at))
            bounds[item.pk] = [end - step * back for back in range(count, -1, -1)]
    rows = rows_at(bounds, marks)
    return {
        pk: [window(low, high, rows[pk][low], rows[pk][high]) for low, high in pairwise(instants)]
        for pk, instants in bounds.items()
    }


def since(chosen: Mapping[int, int], at: datetime) -> dict[int, Window]:
    """For many objectives at once, by primary key: the window from an instant of its own (epoch seconds) up to `at`.

    It begins with the first tick from that instant on. Two queries, exclusions left in.
    """
    marks = marks_of(chosen)
    items = Objective.objects.in_bulk(list(marks))
    bounds = {}
    for pk, mark in marks.items():
        end = _end(items[pk], mark, to_epoch(at))
        bounds[pk] = (min(end, -(-chosen[pk] // settings.TICK_SECONDS) * settings.TICK_SECONDS), end)
    rows = rows_at(bounds, marks)
    return {pk: window(low, high, rows[pk][low], rows[pk][high]) for pk, (low, high) in bounds.items()}


def judged(item: Objective, since: datetime, until: datetime, policy: tuple[BurnWindow, ...]) -> Iterator[Status]:
    """The status at every instant after `since` up to `until` that the ledger still has a row of, as `policy` judges.

    Where every tick still has its row these are the statuses of then, as far as nothing was corrected or excluded
    since.
    """
    facts = replace(item.facts(), policy=policy)
    earliest = min(to_epoch(facts.period.bounds(since)[0]), to_epoch(since) - max(facts.windows))
    yield from History(item, earliest, to_epoch(until)).judged(facts, since, until)


@dataclass(frozen=True, slots=True)
class _Reader:
    """What one objective's status needs from the ledger: rows at the bounds of its windows and exclusions."""

    objective: Objective
    start: int
    at: int
    end: datetime
    spans: list[Span]
    rows: Mapping[int, Row]
    problem: str

    def period(self) -> Window:
        # A period that has just begun, in which nothing has been measured yet, is empty and does not run backwards.
        return self.window(self.start, max(self.start, self.at))

    def without_exclusions(self) -> Window | None:
        """The period with what is excluded left in; None if there is nothing."""
        if not clip(self.spans, self.start, self.at):
            return None
        return window(self.start, self.at, self.rows[self.start], self.rows[self.at])

    def ahead(self) -> float:
        """Seconds that will still count until the end of the period."""
        now, end = max(self.start, self.at), to_epoch(self.end)
        return end - now - sum(span.end - span.start for span in clip(self.spans, now, end))

    def window(self, start: int, end: int) -> Window:
        return _window(self.rows, self.spans, start, end)


def _status(
    item: Objective, reader: _Reader, at: datetime, agreed: AgreedPolicy | None, more: frozenset[int]
) -> Status:
    facts = replace(item.facts(), budget_policy=agreed)
    windows = {length: reader.window(reader.at - length, reader.at) for length in more.union(facts.windows)}
    return judge(
        facts,
        reader.period(),
        reader.end,
        windows,
        at,
        windows[SHORT],
        reader.problem or item.remark,
        ahead=reader.ahead(),
        without_exclusions=reader.without_exclusions(),
    )


def _readers(wanted: Sequence[Objective], at: datetime, more: frozenset[int]) -> list[_Reader]:
    """Find every row all these statuses need in a handful of queries, however many objectives there are."""
    now = to_epoch(at)
    marks = marks_of(item.pk for item in wanted)
    telling = SourceState.objects.exclude(problem="", remembers=None).select_related("source")
    states = {state.source_id: state for state in telling if state.asked_at <= at}
    bounds: dict[int, set[int]] = {}
    periods: dict[int, tuple[int, datetime]] = {}
    ends: dict[int, int] = {}
    for item in wanted:
        end = _end(item, marks.get(item.pk), now)
        begin, finish = item.span().bounds(at)
        start = end - item.span().seconds if item.span().kind == "rolling" else to_epoch(begin)
        ends[item.pk], periods[item.pk] = end, (start, finish)
        bounds[item.pk] = {start, end} | {end - length for length in more.union(item.facts().windows)}
    # Of what is excluded, only the edges within the windows are wanted; of the time ahead, only how long it is.
    first = min((min(instants) for instants in bounds.values()), default=now)
    spans = excluded_spans(wanted, first, max((to_epoch(finish) for _, finish in periods.values()), default=now))
    for pk, found in spans.items():
        held = clip(found, min(bounds[pk]), ends[pk])
        bounds[pk] |= {edge for span in held for edge in (span.start, span.end)}
    rows = rows_at(bounds, marks)
    return [
        _Reader(
            item,
            periods[item.pk][0],
            ends[item.pk],
            periods[item.pk][1],
            spans.get(item.pk, []),
            rows[item.pk],
            _problem(item, periods[item.pk][0], now, marks.get(item.pk), states.get(item.source_id)),
        )
        for item in wanted
    ]


def _end(item: Objective | Measured, mark: Mark | None, now: int) -> int:
    """Where windows end: at the watermark, as long as that is a matter of ticks, or of the slice that is not over yet,
    so that a judgement a moment after a tick does not see its last seconds as missing. Beyond that, missing data is
    told as missing.
    """
    cut = item.slices()
    late = 2 * settings.TICK_SECONDS + (cut.window if cut else 0)
    return mark.at if mark and 0 <= now - mark.at <= late else now


def _problem(item: Objective, start: int, now: int, mark: Mark | None, state: SourceState | None) -> str:
    """What is wrong with measuring: the objective, its source, or that the source has forgotten what is missing."""
    problem = (mark.problem if mark else "") or (state.problem if state else "")
    kept = state.remembers if state else None
    if problem or mark is None or state is None or kept is None or mark.started <= start or now - start <= kept:
        return problem
    return (
        f"the source {state.source} keeps {format_duration(kept)}, less than the period: what happened before "
        f"{from_epoch(min(mark.started, now - kept)):%Y-%m-%d} is not in the figures and cannot be filled in"
    )
