"""Rows of the SRE table, driven through real evaluation: time to detect, budget spent at detection, time to reset."""

from collections.abc import Callable
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


@pytest.mark.parametrize(
    ("errors", "window", "seconds"),
    [
        pytest.param(1.0, "1h", 52, id="100 % for 1 h"),
        pytest.param(1.0, "6h", 130, id="100 % for 6 h"),
        pytest.param(1.0, "1d", 259, id="100 % for 1 d"),
        pytest.param(1.0, "3d", 259, id="100 % for 3 d"),
        pytest.param(0.15, "1h", 346, id="15 % for 1 h"),
        pytest.param(0.15, "6h", 864, id="15 % for 6 h"),
        pytest.param(0.10, "1h", 518, id="10 % for 1 h"),
        pytest.param(0.10, "6h", 1296, id="10 % for 6 h"),
        pytest.param(0.01, "6h", 12_960, id="1 % for 6 h"),
    ],
)
def test_an_outage_is_detected_when_the_table_says(errors: float, window: str, seconds: int) -> None:
    step = 1 if seconds < 600 else seconds // 100
    history(window, lambda _: errors, seconds + 4 * step, step)
    began = max(step, (seconds // step - 6) * step)
    found = judge_until("firing", began, seconds + 4 * step, step)
    assert found is not None
    assert seconds <= found <= seconds + 2 * step
    alert = Alert.objects.get()
    stated = WINDOWS[window]
    share = float(str(stated["factor"])) * int(str(stated["long"])) / PERIOD
    # Detection spends the share of the budget that the table states (of a period's steady traffic).
    budget = (1 - TARGET) * TOTAL * PERIOD
    assert errors * TOTAL * found / budget == pytest.approx(share, rel=0.05)
    assert alert.fired_at == from_epoch(START + found)


@pytest.mark.parametrize(("errors", "window"), [(0.01, "1h"), (0.005, "1h"), (0.005, "6h")])
def test_what_burns_below_the_factor_is_never_detected(errors: float, window: str) -> None:
    day = 86_400
    history(window, lambda _: errors, day, 300)
    assert judge_until("firing", 7_200, day, 7_200) is None


@pytest.mark.parametrize("errors", [1.0, 0.15, 0.05])
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
