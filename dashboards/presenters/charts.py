"""The series behind an objective's charts: drawn, in words, as a table to read and as one to take along."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from textwrap import shorten

from dashboards import figures, formats
from dashboards.figures import Extent, Figure, Points
from dashboards.presenters.bands import BandKey, BandText, bands, during, in_words
from dashboards.presenters.bands import keys as band_keys
from dashboards.presenters.ranges import Shown
from slo import selectors_ledger
from slo.maths.burn import BurnWindow, burn_rate
from slo.maths.ledger import Span, Window
from slo.maths.windows import floor_to, format_duration, from_epoch, iso, to_epoch
from slo.models import Objective

# As many rows of a table as one reads; all of them are in the CSV.
LISTED = 60
# Characters of a line, and spans, that a hover shows: more would not fit on a phone.
LINE, SPANS = 34, 3

Lines = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """What a line means; `tone` names its colour."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Exact:
    """The figures as they are, oldest first: instants as ISO 8601, shares from 0 to 1, None where nothing is known."""

    head: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure with its equivalent in text: a sentence, and a table of `head` and `rows`, newest first.

    `more` rows are only in `exact`. A download of it is called `file`, without its ending.
    """

    name: str
    file: str
    title: str
    figure: Figure
    sentence: str
    keys: tuple[Key, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: int
    exact: Exact

    @property
    def data_id(self) -> str:
        """Where the page keeps the figure for the script that draws it."""
        return f"data-{self.name}"


@dataclass(frozen=True, slots=True)
class Charts:
    """The four charts of an objective over a range, and the spans shaded in all of them."""

    charts: tuple[Chart, ...]
    bands: tuple[BandText, ...]
    keys: tuple[BandKey, ...]


def charts(item: Objective, at: datetime, shown: Shown) -> Charts:
    """Everything drawn for an objective over a range, as known at `at`."""
    drawing = _Drawing(item, at, shown)
    return Charts(tuple(drawing.charts()), in_words(drawing.bands), band_keys(drawing.bands))


class _Drawing:
    """One read of the ledger, drawn four times."""

    def __init__(self, item: Objective, at: datetime, shown: Shown) -> None:
        self.item, self.shown = item, shown
        self.unit, self.step = item.unit(), shown.step
        self.noun = "time" if self.unit == "seconds" else self.unit
        self.steps = [*range(shown.start, shown.end + 1, shown.step)]
        self.extent = Extent(shown.start, shown.end)
        self.period = item.span()
        start, end = self._bounds(at)
        self.start, self.end = to_epoch(start), to_epoch(end)
        # The present minute or slice, or the end of the period that the range is of.
        self.now = max(shown.end, min(self.end, floor_to(to_epoch(at), shown.width)))
        self.policy = _long_windows(item)
        self.history = selectors_ledger.Excerpt(item, self._looked_at())
        self.bands = bands(item, shown.start, shown.end)
        self.within = [tuple(during(self.bands, end - self.step, end)) for end in self.steps]

    def _looked_at(self) -> list[Span]:
        """Where windows begin and end: in the range, each window's length before it, and at the period's ends."""
        first, last = self.shown.start - self.step, self.shown.end
        lengths = (0, self.period.seconds, *(window.long for window in self.policy))
        ends = (self.start, self.now)
        return [*(Span(first - length, last - length) for length in lengths), *(Span(end, end) for end in ends)]

    def _bounds(self, at: datetime) -> tuple[datetime, datetime]:
        """The present period, or for a range before it the one at the end of the range."""
        start, end = self.period.bounds(at)
        if to_epoch(start) < self.shown.end:
            return start, end
        return self.period.bounds(from_epoch(self.shown.end - (self.period.kind == "calendar")))

    def charts(self) -> list[Chart]:
        counted = [self.history.window(low, high) for low, high in pairwise(self.steps)]
        return [self._budget(), self._sli(counted), self._burns(), self._events(counted)]

    def _budget(self) -> Chart:
        allowed = self._allowed()
        windows = [self.history.window(self.start, at) if at > self.start else None for at in self.steps]
        left = [_left(window, allowed) for window in windows]
        even = [_even(at, self.start, self.end) for at in self.steps]
        rolling = self.period.kind == "rolling"
        then = [self._as_it_stood(at) for at in self.steps] if rolling else []
        said = [self._said_left(share, allowed) for share in left]
        figure = figures.burn_down(
            Points(self.steps, left, self._hover(said)),
            Points(self.steps, then, _each("As shown then", then)) if rolling else None,
            Points(self.steps, even, _each("Even spending", even)),
            self.extent,
            self.bands,
        )
        length = formats.duration(self.period.seconds)
        return Chart(
            "budget",
            self._file("budget"),
            "Budget burn-down",
            figure,
            _change([value for value in left if value is not None] or [v for v in then if v is not None]),
            (
                Key("accent", f"left of the {length} up to now" if rolling else "left of this period's budget"),
                Key("even", "spent evenly: none left at the end"),
                *([Key("then", f"as shown then: left of the {length} before")] if rolling else []),
            ),
            ("Time (UTC)", "Budget left", "In figures", *(["As shown then"] if rolling else [])),
            *self._table(
                self.steps,
                [formats.percent(value, 1) for value in left],
                [self._amount_left(share, allowed) for share in left],
                *([[formats.percent(value, 1) for value in then]] if rolling else []),
            ),
            self._exact(
                {
                    "budget left (share of the period's budget)": left,
                    f"bad so far ({self.unit})": [window and window.bad for window in windows],
                    f"budget of the period ({self.unit})": [allowed] * len(left),
                    "left at even spending (share)": even,
                    **({"left as shown then (share)": then} if rolling else {}),
                    "observed so far (share of the time)": [window and window.completeness for window in windows],
                }
            ),
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

    def _said_left(self, share: float | None, allowed: float | None) -> str:
        return f"Left {formats.percent(share, 1)}: {self._amount_left(share, allowed)}"

    def _amount_left(self, share: float | None, allowed: float | None) -> str:
        if share is None or allowed is None:
            return formats.NONE
        return f"{self._amount(share * allowed)} of {self._amount(allowed)} bad{self._noun()}"

    def _sli(self, counted: Sequence[Window]) -> Chart:
        target, ends = self.item.target, self.steps[1:]
        ratios = [window.ratio for window in counted]
        said = [self._said_ratio(window) for window in counted]
        return Chart(
            "sli",
            self._file("sli"),
            "SLI and target",
            figures.sli(Points(ends, ratios, self._hover(said, 1)), target, self.noun, self.extent, self.bands),
            _below(ratios, target, format_duration(self.step)),
            (Key("accent", f"good {self.noun}"), Key("even", f"target {formats.percent(target)}")),
            ("Until (UTC)", "SLI", "Bad", "Of", "Observed"),
            *self._table(
                ends,
                [formats.percent(ratio) for ratio in ratios],
                [self._amount(window.bad) for window in counted],
                [self._amount(window.total) for window in counted],
                [formats.percent(window.completeness, 0) for window in counted],
            ),
            self._exact(
                {
                    "SLI (share that is good)": ratios,
                    "target (share that is good)": [target] * len(ratios),
                    **self._counted(counted),
                },
                spans=True,
            ),
        )

    def _said_ratio(self, window: Window) -> str:
        if window.ratio is None:
            return ""
        side = "below" if window.ratio < self.item.target else "within"
        gaps = "" if window.completeness > 0.995 else f", {formats.percent(window.completeness, 0)} observed"
        return (
            f"SLI {formats.percent(window.ratio)}, {side} the target {formats.percent(self.item.target)}: "
            f"{self._amount(window.bad)} bad of {self._amount(window.total)}{self._noun()}{gaps}"
        )

    def _burns(self) -> Chart:
        lines = [(w, [self._peak(at, w.long) for at in self.steps]) for w in self.policy]
        hovers: list[list[Lines]] = [[(_said_burn(window, value),) for value in values] for window, values in lines]
        if hovers:
            # What is shaded is said once, after the last line.
            hovers[-1] = [(*said, *self._spans(n)) for n, said in enumerate(hovers[-1])]
        drawn = [(w, Points(self.steps, v, hover)) for (w, v), hover in zip(lines, hovers, strict=True)]
        peaks = "; ".join(_highest(window, values) for window, values in lines)
        return Chart(
            "burns",
            self._file("burns"),
            "Burn rate by window",
            figures.burns(drawn, self.extent, self.bands),
            f"Highest burn {peaks}." if peaks else "No burn windows judge this objective.",
            tuple(
                Key(str(n % 4 + 1), f"{format_duration(w.long)}, alerts at {w.factor:.3g}×")
                for n, w in enumerate(self.policy)
            ),
            ("Time (UTC)", *(format_duration(w.long) for w in self.policy)),
            *self._table(self.steps, *([formats.factor(value) for value in values] for _, values in lines)),
            self._exact(
                {
                    f"burn over {format_duration(w.long)} (times even spending, alerts above {w.factor:g})": values
                    for w, values in lines
                }
            ),
        )

    def _peak(self, at: int, length: int) -> float | None:
        """The highest burn rate over a window within the step that ends at `at`: a short peak is not stepped over."""
        stride = max(length // 2, self.step // 24, 60)
        instants = range(at, at - self.step, -stride)
        ratios = [self.history.window(end - length, end).ratio for end in instants]
        known = [ratio for ratio in ratios if ratio is not None]
        return burn_rate(min(known), self.item.target) if known else None

    def _events(self, counted: Sequence[Window]) -> Chart:
        ends = self.steps[1:]
        good, bad = [_good(w) for w in counted], [w.bad for w in counted]
        all_good, all_bad = (sum(v for v in values if v is not None) for values in (good, bad))
        noun = "Seconds" if self.unit == "seconds" else self.unit.capitalize()
        return Chart(
            "events",
            self._file("events"),
            "Time" if self.unit == "seconds" else noun,
            figures.events(
                Points(ends, good, [(f"{self._amount(value)} good{self._noun()}",) for value in good]),
                Points(ends, bad, self._hover([self._said_bad(window) for window in counted], 1)),
                self.step,
                noun,
                self.extent,
                self.bands,
            ),
            f"{self._amount(all_good)} good and {self._amount(all_bad)} bad{self._noun()} in this range.",
            (Key("good", "good"), Key("bad", "bad, below to its own scale")),
            ("Until (UTC)", "Good", "Bad", "Observed"),
            *self._table(
                ends,
                [self._amount(value) for value in good],
                [self._amount(value) for value in bad],
                [formats.percent(window.completeness, 0) for window in counted],
            ),
            self._exact(self._counted(counted), spans=True),
        )

    def _said_bad(self, window: Window) -> str:
        share = f" ({formats.percent(1 - window.ratio, 1)})" if window.ratio is not None else ""
        return f"{self._amount(window.bad)} bad{self._noun()}{share}"

    def _counted(self, counted: Sequence[Window]) -> dict[str, Sequence[object]]:
        return {
            f"good ({self.unit})": [_good(window) for window in counted],
            f"bad ({self.unit})": [window.bad for window in counted],
            f"all ({self.unit})": [window.total for window in counted],
            "observed (share of the time)": [window.completeness for window in counted],
        }

    def _amount(self, number: float | None) -> str:
        return formats.amount(number, self.unit)

    def _noun(self) -> str:
        return " time" if self.unit == "seconds" else f" {self.unit}"

    def _hover(self, said: Sequence[str], first: int = 0) -> list[Lines]:
        """Sentences as lines that fit on a phone, each with the spans it lies in; they begin at that step."""
        return [(*_lines(text), *self._spans(n)) for n, text in enumerate(said, first)]

    def _spans(self, step: int) -> Lines:
        within = self.within[step]
        more = (f"and {len(within) - SPANS} more",) if len(within) > SPANS else ()
        return (*(shorten(f"▪ {text}", LINE + 6, placeholder="…") for text in within[:SPANS]), *more)

    def _file(self, name: str) -> str:
        return self.shown.file_name(self.item.name, name)

    def _table(self, instants: Sequence[int], *columns: Sequence[str]) -> tuple[tuple[Lines, ...], int]:
        """The newest rows first, and how many older ones are left off."""
        times = [f"{from_epoch(at):%Y-%m-%d %H:%M}" for at in instants]
        rows = tuple(zip(times, *columns, strict=True))[::-1]
        return rows[:LISTED], max(0, len(rows) - LISTED)

    def _exact(self, columns: Mapping[str, Sequence[object]], *, spans: bool = False) -> Exact:
        """Columns at instants, or over the `spans` between them."""
        times = [iso(from_epoch(at)) for at in self.steps]
        when = {"from (UTC)": times[:-1], "until (UTC)": times[1:]} if spans else {"time (UTC)": times}
        return Exact((*when, *columns), tuple(zip(*when.values(), *columns.values(), strict=True)))


def _lines(text: str) -> list[str]:
    """A sentence in as many lines as it needs, however long a word is."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + len(word) < LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines if text else []


def _long_windows(item: Objective) -> list[BurnWindow]:
    """The policy's windows, one a length, shortest first."""
    return sorted({w.long: w for w in reversed(item.policy())}.values(), key=lambda w: w.long)


def _good(window: Window) -> float | None:
    return None if window.total is None or window.bad is None else window.total - window.bad


def _left(window: Window | None, allowed: float | None) -> float | None:
    if window is None or not allowed or window.bad is None:
        return None
    return 1 - window.bad / allowed


def _even(at: int, start: int, end: int) -> float | None:
    return 1 - (at - start) / max(1, end - start) if start <= at <= end else None


def _each(name: str, shares: Sequence[float | None]) -> list[Lines]:
    return [(f"{name} {formats.percent(share, 1)}",) for share in shares]


def _said_burn(window: BurnWindow, burn: float | None) -> str:
    side = "above" if burn is not None and burn > window.factor else "below"
    return f"{format_duration(window.long)}: {formats.factor(burn)}, {side} its {formats.factor(window.factor)}"


def _change(left: Sequence[float]) -> str:
    if not left:
        return "No data in this range."
    return f"From {formats.percent(left[0], 1)} to {formats.percent(left[-1], 1)} of the budget left."


def _below(ratios: Sequence[float | None], target: float, step: str) -> str:
    known = [ratio for ratio in ratios if ratio is not None]
    if not known:
        return "No data in this range."
    below = sum(ratio < target for ratio in known)
    steps = formats.plural(len(known), "step")
    return f"{below} of {steps} of {step} below the target; lowest {formats.percent(min(known))}."


def _highest(window: BurnWindow, values: Sequence[float | None]) -> str:
    highest = max((value for value in values if value is not None), default=None)
    return f"over {format_duration(window.long)} {formats.factor(highest)}"
