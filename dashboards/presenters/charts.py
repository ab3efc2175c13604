"""The series behind an objective's charts, and what they say in words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts import selectors as alerts
from dashboards import figures, formats
from dashboards.figures import Band, Extent, Figure, Points
from degradation import selectors as degradation
from slo import selectors, selectors_noted
from slo.maths.burn import BurnWindow, burn_rate
from slo.maths.ledger import Window
from slo.maths.windows import floor_to, format_duration, from_epoch, to_epoch
from slo.models import Objective

DAY = 86_400
# As many annotations, the newest, as a chart can show apart.
MARKS = 200


@dataclass(frozen=True, slots=True)
class Range:
    """A span of time charts show, and the step (seconds) between their points."""

    name: str
    seconds: int
    step: int


RANGES = (
    Range("1h", 3_600, 60),
    Range("6h", 21_600, 120),
    Range("1d", DAY, 600),
    Range("3d", 3 * DAY, 1_800),
    Range("7d", 7 * DAY, 3_600),
    Range("30d", 30 * DAY, 4 * 3_600),
    Range("90d", 90 * DAY, 12 * 3_600),
)


@dataclass(frozen=True, slots=True)
class Key:
    """What a line means; `tone` names its colour."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure with its equivalent in text: a sentence, and a table of `head` and `rows`."""

    name: str
    title: str
    figure: Figure
    sentence: str
    keys: tuple[Key, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def range_named(name: str, period: int) -> Range:
    """The preset of that name, else the one that suits a period of so many seconds."""
    return next((r for r in RANGES if r.name == name), None) or default_range(period)


def default_range(period: int, *, paging: bool = False) -> Range:
    """The longest preset within the period; while something pages, the last hours are what matters."""
    if paging:
        return RANGES[1]
    return max((r for r in RANGES if r.seconds <= max(period, RANGES[0].seconds)), key=lambda r: r.seconds)


@dataclass(frozen=True, slots=True)
class BandText:
    """A shaded span in words."""

    kind: str
    label: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Charts:
    """The four charts of an objective over a range, and the spans shaded in all of them."""

    charts: tuple[Chart, ...]
    bands: tuple[BandText, ...]


def charts(item: Objective, at: datetime, chosen: Range) -> Charts:
    """Everything drawn for an objective over a range that ends at `at`."""
    drawing = _Drawing(item, at, chosen)
    texts = tuple(BandText(b.kind, b.label, from_epoch(b.start), from_epoch(b.end)) for b in drawing.bands)
    return Charts(tuple(drawing.charts()), texts)


class _Drawing:
    """One read of the ledger, drawn four times."""

    def __init__(self, item: Objective, at: datetime, chosen: Range) -> None:
        cut = item.slices()
        # A point needs a row of the ledger: thinning keeps whole minutes, and slices have theirs at their ends.
        width = cut.window if cut else 60
        step = -(-chosen.step // width) * width
        self.item, self.at, self.range = item, at, replace(chosen, step=step)
        self.unit = item.unit()
        # Every step has the same length, and the last one ends with the present minute or slice.
        self.now = floor_to(to_epoch(at), width)
        first = self.now - chosen.seconds // step * step
        self.steps = [*range(first, self.now + 1, step)]
        self.extent = Extent(first, self.now)
        self.period = item.span()
        start, end = self.period.bounds(at)
        self.start, self.end = to_epoch(start), to_epoch(end)
        self.policy = _long_windows(item)
        longest = max([self.period.seconds, *(w.long for w in self.policy)])
        self.history = selectors.History(item, min(first - longest, self.start), self.now)
        self.bands = bands(item, first, self.now)

    def charts(self) -> list[Chart]:
        counted = [self.history.window(low, high) for low, high in zip(self.steps, self.steps[1:], strict=False)]
        return [self._budget(), self._sli(counted), self._burns(), self._events(counted)]

    def _budget(self) -> Chart:
        instants = [at for at in self.steps if at > self.start]
        if self.extent.start < self.start:
            instants = [self.start, *instants]
        allowed = self._allowed()
        left = [_left(self.history.window(self.start, at), allowed) for at in instants]
        even = [max(self.start, self.extent.start), self.now]
        ideal = Points(even, [1 - (at - self.start) / max(1, self.end - self.start) for at in even])
        rolling = self.period.kind == "rolling"
        then = Points(self.steps, [self._as_it_stood(at) for at in self.steps]) if rolling else None
        figure = figures.burn_down(Points(instants, left), then, ideal, self.extent, self.bands)
        return Chart(
            "budget",
            "Budget burn-down",
            figure,
            _change(left),
            (Key("accent", "left"), Key("even", "even pace"), *([Key("4", "as it stood then")] if rolling else [])),
            ("Time (UTC)", "Budget left"),
            _table(instants, [formats.percent(value, 1) for value in left]),
        )

    def _allowed(self) -> float | None:
        """Bad events the whole period leaves room for, judged by its traffic so far."""
        window = self.history.window(self.start, self.now)
        if window.total is None or window.total <= 0:
            return None
        share = 1.0 if self.period.kind == "rolling" else (self.now - self.start) / (self.end - self.start)
        return (1 - self.item.target) * window.total / max(share, 1e-9)

    def _as_it_stood(self, at: int) -> float | None:
        window = self.history.window(at - self.period.seconds, at)
        return _left(window, (1 - self.item.target) * window.total) if window.total else None

    def _sli(self, counted: Sequence[Window]) -> Chart:
        ratios = [window.ratio for window in counted]
        ends = [window.end for window in counted]
        return Chart(
            "sli",
            "SLI and target",
            figures.sli(Points(ends, ratios), self.item.target, self.extent, self.bands),
            _below(ratios, self.item.target, format_duration(self.range.step)),
            (
                Key("accent", "good time" if self.unit == "seconds" else f"good {self.unit}"),
                Key("even", f"target {formats.percent(self.item.target)}"),
            ),
            ("Until (UTC)", "SLI"),
            _table(ends, [formats.percent(ratio) for ratio in ratios]),
        )

    def _burns(self) -> Chart:
        lines = [(w, Points(self.steps, [self._peak(at, w.long) for at in self.steps])) for w in self.policy]
        columns = [[formats.factor(value) for value in points.values] for _, points in lines]
        peaks = "; ".join(_highest(window, points) for window, points in lines)
        return Chart(
            "burns",
            "Burn rate by window",
            figures.burns(lines, self.extent, self.bands),
            f"Highest burn {peaks}." if peaks else "No burn windows judge this objective.",
            tuple(
                Key(str(n % 4 + 1), f"{format_duration(w.long)}, alerts at {w.factor:.3g}×")
                for n, w in enumerate(self.policy)
            ),
            ("Time (UTC)", *(format_duration(w.long) for w in self.policy)),
            _table(self.steps, *columns),
        )

    def _peak(self, at: int, length: int) -> float | None:
        """The highest burn rate over a window within the step that ends at `at`: a short peak is not stepped over."""
        stride = max(length // 2, self.range.step // 24, 60)
        instants = range(at, at - self.range.step, -stride)
        ratios = [self.history.window(end - length, end).ratio for end in instants]
        known = [ratio for ratio in ratios if ratio is not None]
        return burn_rate(min(known), self.item.target) if known else None

    def _events(self, counted: Sequence[Window]) -> Chart:
        middles = [(window.start + window.end) // 2 for window in counted]
        good, bad = [_good(w) for w in counted], [w.bad for w in counted]
        all_good, all_bad = (sum(v for v in values if v is not None) for values in (good, bad))
        return Chart(
            "events",
            "Time" if self.unit == "seconds" else self.unit.capitalize(),
            figures.events(Points(middles, good), Points(middles, bad), self.extent, self.bands),
            f"{self._amount(all_good)} good and {self._amount(all_bad)} bad"
            f"{'' if self.unit == 'seconds' else f' {self.unit}'} in this range.",
            (Key("good", "good"), Key("bad", "bad, below to its own scale")),
            ("Until (UTC)", "Good", "Bad"),
            _table(
                [window.end for window in counted],
                [self._amount(value) for value in good],
                [self._amount(value) for value in bad],
            ),
        )

    def _amount(self, number: float | None) -> str:
        return formats.amount(number, self.unit)


def bands(item: Objective, start: int, end: int) -> list[Band]:
    """Alerts, sheds, exclusions and annotations that touch a span, as bands within it."""
    since, until = from_epoch(start), from_epoch(end)
    fired = [
        Band("alert", to_epoch(a.fired_at), to_epoch(a.ended_at) if a.ended_at else end, f"{a.severity} alert")
        for a in alerts.history(100, objective=item.name)
        if a.fired_at is not None
    ]
    excluded = [
        Band("excluded", span.start, span.end, exclusion.reason)
        for exclusion, spans in selectors.exclusions(item, since, until)
        for span in spans
    ]
    shed = [
        Band("shed", to_epoch(s.start), to_epoch(s.end), s.flag) for s in degradation.sheds(item.service, since, until)
    ]
    noted = [
        Band("annotation", to_epoch(a.at), to_epoch(a.until or a.at), str(a))
        for a in selectors_noted.annotations(item.name, since=since, until=until)[:MARKS]
    ]
    clipped = [Band(b.kind, max(b.start, start), min(b.end, end), b.label) for b in (*fired, *excluded, *shed, *noted)]
    # An annotation of an instant has no length, and is a mark.
    shown = (b for b in clipped if b.start < b.end or (b.kind == "annotation" and b.start == b.end))
    return sorted(shown, key=lambda b: (b.kind, b.start))


def _long_windows(item: Objective) -> list[BurnWindow]:
    """The policy's windows, one a length, shortest first."""
    return sorted({w.long: w for w in reversed(item.policy())}.values(), key=lambda w: w.long)


def _good(window: Window) -> float | None:
    return None if window.total is None or window.bad is None else window.total - window.bad


def _left(window: Window, allowed: float | None) -> float | None:
    if not allowed or window.bad is None:
        return None
    return 1 - window.bad / allowed


def _change(left: Sequence[float | None]) -> str:
    known = [value for value in left if value is not None]
    if not known:
        return "No data in this range."
    return f"From {formats.percent(known[0], 1)} to {formats.percent(known[-1], 1)} of the budget left."


def _below(ratios: Sequence[float | None], target: float, step: str) -> str:
    known = [ratio for ratio in ratios if ratio is not None]
    if not known:
        return "No data in this range."
    below = sum(ratio < target for ratio in known)
    steps = formats.plural(len(known), "step")
    return f"{below} of {steps} of {step} below the target; lowest {formats.percent(min(known))}."


def _highest(window: BurnWindow, points: Points) -> str:
    highest = max((value for value in points.values if value is not None), default=None)
    return f"over {format_duration(window.long)} {formats.factor(highest)}"


def _table(instants: Sequence[int], *columns: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Newest first, as many rows as one reads."""
    times = [f"{from_epoch(at):%Y-%m-%d %H:%M}" for at in instants]
    return tuple(zip(times, *columns, strict=True))[::-1][:60]
