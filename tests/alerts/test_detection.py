"""Rows of the SRE table, driven through real evaluation: time to detect, budget spent at detection, time to reset."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import pytest

from alerts.models import Alert
from alerts.services.evaluate import evaluate
from slo.maths.windows import from_epoch, to_epoch
from slo.models import BurnPolicy, Measurement, Objective, Watermark
from tests.factories import NOW, objective

pytestmark = pytest.mark.django_db

TARGET, PERIOD, START = 0.999, 30 * 86_400, to_epoch(NOW)
WINDOWS = {
    "1h": {"severity": "page", "long": 3_600, "short": 300, "factor": 14.4},
    "6h": {"severity": "page", "long": 21_600, "short": 1_800, "factor": 6},
    "1d": {"severity": "ticket", "long": 86_400, "short": 7_200, "factor": 3},
    "3d": {"severity": "ticket", "long": 259_200, "short": 21_600, "factor": 1},
}
TOTAL = 100_000.0


def history(window: str, errors: Callable[[int], float], seconds: int, step: int) -> Objective:
    """Two clean windows up to the start, then a row every `step` seconds with a share of errors."""
    item = objective(target=TARGET, burn_policy=BurnPolicy.objects.create(name=window, windows=[WINDOWS[window]]))
    long = int(str(WINDOWS[window]["long"]))
    instants = [*range(START - 2 * long, START, long // 600), *range(START, START + seconds + 1, step)]
    good = total = 0.0
    rows = []
    for before, at in pairwise([instants[0], *instants]):
        events = TOTAL * (at - before)
        good, total = good + events * (1 - (errors(at - START) if at > START else 0)), total + events
        rows.append(Measurement(objective=item, at=at, good=good, total=total, observed=at - instants[0]))
    Measurement.objects.bulk_create(rows, batch_size=1_000)
    Watermark.objects.create(objective=item, started=instants[0], at=instants[-1])
    return item


def judge_until(state: str, first: int, last: int, step: int) -> int | None:
    """Seconds after the start at which the alert is in that state, evaluating every `step` of them."""
    for second in range(first, last + 1, step):
        at = from_epoch(START + second)
        Watermark.objects.update(at=START + second)
        evaluate(at)
        if Alert.objects.filter(state=state).exists():
            return second
    return None


TICK = 30
# The table of FACTS (SRE Workbook, chapter 5): seconds from clean to detection, None for never.
TABLE: dict[float, dict[str, int | None]] = {
    1.0: {"1h": 52, "6h": 130, "1d": 259, "3d": 259},
    0.15: {"1h": 346, "6h": 864, "1d": 1_728, "3d": 1_728},
    0.10: {"1h": 518, "6h": 1_296, "1d": 2_592, "3d": 2_592},
    0.01: {"1h": None, "6h": 12_960, "1d": 25_920, "3d": 25_920},
    0.005: {"1h": None, "6h": None, "1d": 51_840, "3d": 51_840},
}
END = 20 * 3_600


@dataclass(frozen=True)
class Cell:
    """A field of the table: an outage that begins at the start, on an objective that one window judges."""

    errors: float
    window: str
    detected: int | None

    @property
    def name(self) -> str:
        return f"{self.errors:g}-{self.window}".replace(".", "_")

    @property
    def lengths(self) -> tuple[int, int]:
        stated = WINDOWS[self.window]
        return int(str(stated["long"])), int(str(stated["short"]))

    @property
    def factor(self) -> float:
        return float(str(WINDOWS[self.window]["factor"]))

    @property
    def outage(self) -> int:
        """Long enough for the short window to hold nothing else; what is never detected goes on to the end."""
        if self.detected is None:
            return END
        return -(-max(self.detected, self.lengths[1]) // TICK) * TICK + 4 * TICK

    @property
    def reset(self) -> float:
        """Seconds from the start until the short window is below the factor again."""
        return self.outage + self.lengths[1] * (1 - self.factor * (1 - TARGET) / self.errors)

    def judged(self) -> set[int]:
        """Ticks around the instants that matter: the last before and the first two from each."""
        instants = [] if self.detected is None else [self.detected, self.reset]
        return {(math.ceil(instant / TICK) + n) * TICK for instant in instants for n in (-1, 0, 1)}

    def row(self, item: Objective, second: int) -> Measurement:
        """The running sums as they really were at a second from the start."""
        since = second + 2 * PERIOD
        bad = TOTAL * self.errors * min(max(0, second), self.outage)
        return Measurement(
            objective=item, at=START + second, good=TOTAL * since - bad, total=TOTAL * since, observed=since
        )


CELLS = [Cell(errors, window, seconds) for errors, row in TABLE.items() for window, seconds in row.items()]


def test_every_field_of_the_table_is_detected_and_reset_within_one_tick_or_never() -> None:
    """All of them at once; judged at the ticks around each expected instant, and every hour between."""
    ticks = sorted(set().union(*(cell.judged() for cell in CELLS)) | set(range(0, END + 1, 3_600)))
    for cell in CELLS:
        windows = [WINDOWS[cell.window]]
        timing = {"page": {"keep_firing": 0}, "ticket": {"keep_firing": 0}}
        policy = BurnPolicy.objects.create(name=cell.name, windows=windows, timing=timing)
        item = objective(cell.name, target=TARGET, burn_policy=policy)
        edges = {tick - length for tick in ticks for length in (0, 300, 900, 3_600, PERIOD, *cell.lengths)}
        Measurement.objects.bulk_create([cell.row(item, second) for second in sorted(edges)], batch_size=2_000)
        Watermark.objects.create(objective=item, started=START - 2 * PERIOD, at=START)
    for tick in ticks:
        Watermark.objects.update(at=START + tick)
        evaluate(from_epoch(START + tick))
    found = {cell: list(Alert.objects.filter(subject=cell.name)) for cell in CELLS}
    for cell, alerts in found.items():
        if cell.detected is None:
            assert alerts == [], f"{cell.name} is never detected"
            continue
        (alert,) = alerts
        assert alert.fired_at is not None, cell.name
        assert alert.ended_at is not None, cell.name
        detected = (alert.fired_at - NOW).total_seconds()
        assert 0 <= detected - (cell.detected - 0.5) <= TICK + 1, cell.name
        assert 0 <= (alert.ended_at - NOW).total_seconds() - cell.reset <= TICK, cell.name
        spent = cell.errors * detected / ((1 - TARGET) * PERIOD)
        slack = cell.errors * (TICK + 1) / ((1 - TARGET) * PERIOD)
        assert 0 <= spent - cell.factor * cell.lengths[0] / PERIOD <= slack, cell.name


@pytest.mark.parametrize("errors", [0.15, 0.05])
def test_after_a_long_outage_the_alert_is_quiet_when_the_short_window_says_and_resolves_a_fifth_of_it_later(
    errors: float,
) -> None:
    outage = 7_200
    history("1h", lambda second: errors if second <= outage else 0.0, outage + 600, 1 if errors == 1 else 5)
    Watermark.objects.update(at=START + outage)
    evaluate(from_epoch(START + outage))
    reset = 300 * (1 - 14.4 * (1 - TARGET) / errors)
    assert judge_until("resolved", outage + 5, outage + 600, 5) is not None
    alert = Alert.objects.get()
    assert alert.quiet_since is not None
    assert alert.ended_at is not None
    quiet = (alert.quiet_since - from_epoch(START + outage)).total_seconds()
    assert reset <= quiet <= reset + 10
    assert alert.ended_at - alert.quiet_since == timedelta(seconds=60)
