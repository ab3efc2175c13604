"""When a budget will be spent if things go on as they lately did, and how sure that is.

The recent past is resampled in blocks into many possible futures (the circular block bootstrap: Politis and Romano,
1992): a block keeps what hangs together, such as an incident of some hours or the course of a day. The quantiles of
the instants at which these futures run out of budget are the forecast. In a rolling period, old events fall out of
the window meanwhile and give their share back; in a calendar period the budget is that of the whole period.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from operator import sub
from random import Random
from typing import Any, TypeVar

from slo.maths.status import HOUR, Status

T = TypeVar("T")

# A period is looked at in so many buckets; its last quarter is what the future is made of, in blocks of a thirtieth.
BUCKETS, RECENT, BLOCK = 720, 4, 30
# Fewer buckets with data than this say nothing about the future.
FEWEST = 12
FUTURES, SEED = 200, 20_260_301
CONFIDENCE = 0.8


@dataclass(frozen=True, slots=True)
class Spend:
    """A bucket of the past: bad events, all events, and the observed share of it (0 to 1)."""

    bad: float
    total: float
    observed: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seconds until the budget is spent: the median, and the bounds between which 80 % of the futures lie.

    None means not within `horizon` seconds: the period's length, or what is left of a calendar period. `likelihood`
    is the share of futures that run out by then. `spent` says that the budget is gone already.
    """

    median: float | None
    earliest: float | None
    latest: float | None
    likelihood: float
    horizon: float
    spent: bool = False


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is ahead of an objective: its status, with the exhaustion at the present burn, and the trend if known."""

    status: Status
    trend: Forecast | None

    def as_json(self) -> dict[str, Any]:
        """The public form; None where nothing is known, or nothing is exhausted within the horizon."""
        status, trend = self.status, self.trend
        return {
            "objective": status.name,
            "as_of": status.as_of,
            "remaining": status.budget.remaining,
            "present": {"burn": status.burns.get(HOUR), "exhausts_at": status.exhausts_at},
            "trend": trend
            and {
                "exhausts_at": self.instant(trend.median),
                "earliest": self.instant(trend.earliest),
                "latest": self.instant(trend.latest),
                "confidence": CONFIDENCE,
                "likelihood": trend.likelihood,
                "horizon": self.instant(trend.horizon),
                "spent": trend.spent,
            },
            "note": None if trend else "too little of the recent past was observed to say where this is going",
        }

    def instant(self, seconds: float | None) -> Any:
        """The instant so many seconds ahead; None stays None."""
        return None if seconds is None else self.status.as_of + timedelta(seconds=seconds)


def bucket(period: int) -> int:
    """The length in seconds of the buckets a period is looked at in: about 1 / 720 of it, whole five minutes."""
    return max(300, 300 * math.ceil(period / BUCKETS / 300))


def rolling(past: Sequence[Spend], target: float, step: int, *, futures: int = FUTURES) -> Forecast | None:
    """The forecast of a rolling period, of which `past` is all there is in buckets of `step` seconds, oldest first.

    The budget is spent when the bad events in the window are as many as (1 − target) of all events in it. None when
    too little of the recent past was observed.
    """
    pool, block = _recent(past)
    if len(pool) < FEWEST:
        return None
    balances = [(1 - target) * spend.total - spend.bad for spend in past]
    balance = math.fsum(balances)
    horizon = len(past) * step
    if balance <= 0 and any(spend.bad for spend in past):
        return Forecast(0.0, 0.0, 0.0, 1.0, horizon, spent=True)
    comes = [(1 - target) * spend.total - spend.bad for spend in pool]
    times = []
    for path in _paths(comes, block, len(past), futures):
        levels = list(accumulate(map(sub, path, balances), initial=balance))
        times.append(_crossing(levels, step, balance))
    return _summary(times, horizon)


def calendar(
    past: Sequence[Spend], target: float, step: int, left: float, *, futures: int = FUTURES
) -> Forecast | None:
    """The forecast of a calendar period with `left` seconds to go, of which `past` is what there is so far.

    The budget is (1 − target) of the events of the whole period, those still to come included.
    """
    pool, block = _recent(past)
    if len(pool) < FEWEST:
        return None
    bad, total = math.fsum(spend.bad for spend in past), math.fsum(spend.total for spend in past)
    count, times = math.ceil(left / step), []
    shares = [min(1.0, left / step - number) for number in range(count)]
    for path in _paths(pool, block, count, futures):
        comes = math.fsum(spend.total * share for spend, share in zip(path, shares, strict=True))
        allowed = (1 - target) * (total + comes)
        spent = (spend.bad * share for spend, share in zip(path, shares, strict=True))
        levels = list(accumulate((-lost for lost in spent), initial=allowed - bad))
        times.append(_crossing(levels, step, allowed))
    if times and all(time == 0 for time in times):
        return Forecast(0.0, 0.0, 0.0, 1.0, left, spent=True)
    return _summary(times, left)


def _recent(past: Sequence[Spend]) -> tuple[list[Spend], int]:
    """What the future is made of: the last quarter of a period's buckets, the partly observed ones scaled up."""
    lately = past[-max(FEWEST, len(past) // RECENT) :]
    pool = [
        Spend(spend.bad / spend.observed, spend.total / spend.observed, 1.0) for spend in lately if spend.observed > 0.1
    ]
    return pool, max(1, min(len(pool) // 2, len(past) // BLOCK))


def _paths(pool: Sequence[T], block: int, length: int, futures: int) -> Iterator[list[T]]:
    """Futures out of the pool: blocks from anywhere, joined. The same every time: a page must not flicker."""
    chance, around = Random(SEED), [*pool, *pool[:block]]  # noqa: S311 (a sample, no secret)
    for _ in range(futures):
        path: list[T] = []
        for _ in range(-(-length // block)):
            start = chance.randrange(len(pool))
            path += around[start : start + block]
        yield path[:length]


def _crossing(levels: Sequence[float], step: int, scale: float) -> float:
    """Seconds until the levels, `step` seconds apart, first reach nothing; infinite if they never do."""
    # What is left by rounding alone is nothing.
    least = abs(scale) * 1e-9
    if levels[0] <= least:
        return 0.0
    if min(levels) > least:
        return math.inf
    for number, level in enumerate(levels[1:], 1):
        if level <= least:
            before = levels[number - 1]
            return step * (number - 1 + min(1.0, before / (before - level)))
    return math.inf


def _summary(times: Sequence[float], horizon: float) -> Forecast:
    ranked = sorted(min(time, math.inf) if time <= horizon else math.inf for time in times)
    tail = (1 - CONFIDENCE) / 2
    early, median, late = (_at(ranked, share) for share in (tail, 0.5, 1 - tail))
    return Forecast(median, early, late, sum(time < math.inf for time in ranked) / max(1, len(ranked)), horizon)


def _at(ranked: Sequence[float], share: float) -> float | None:
    time = ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else math.inf
    return time if time < math.inf else None
