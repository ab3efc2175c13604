"""Whether a component is up, judged by the last five minutes of its objectives and by circuits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from slo.maths.ledger import Window

Status = Literal["ok", "warn", "down", "unknown"]

# Fewer events than this are too few to call a component down: three requests at night prove little.
FEW = 10
_ORDER: tuple[Status, ...] = ("unknown", "ok", "warn", "down")


@dataclass(frozen=True, slots=True)
class Reading:
    """The last five minutes of one objective of a component; `threshold` in seconds if it is about latency."""

    objective: str
    latency: bool
    window: Window
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Sign:
    """What something other than an objective says of a component, with the reason in words."""

    status: Status
    because: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A component's status with the reason in words.

    `error_ratio` is the worst share of bad events among its availability objectives, `fast_ratio` the lowest share
    within its threshold among the latency ones, `threshold` that one's; None where nothing is known.
    """

    status: Status
    error_ratio: float | None
    fast_ratio: float | None
    threshold: float | None
    completeness: float
    because: str


def judge(readings: Sequence[Reading], warn_ratio: float, down_ratio: float, signs: Sequence[Sign] = ()) -> Verdict:
    """The verdict on a component: its worst objective or sign counts.

    Down from `down_ratio` bad events on, warn from `warn_ratio` on. Slowness alone never makes a component down.
    Idle or unobserved is unknown: neither good nor bad.
    """
    # Of equally bad news, the sign goes first: somebody has cut the traffic.
    verdicts: list[tuple[Status, str]] = [(sign.status, sign.because) for sign in signs if sign.status != "unknown"]
    verdicts += [_one(reading, warn_ratio, down_ratio) for reading in readings]
    if not verdicts:
        return Verdict("unknown", None, None, None, 0.0, "no objective measures it")
    status, because = max(verdicts, key=lambda verdict: _ORDER.index(verdict[0]))
    failing = [share for r in readings if not r.latency and (share := _bad(r)) is not None]
    slow = [(r.window.ratio, r.threshold) for r in readings if r.latency and r.window.ratio is not None]
    fast_ratio, threshold = min(slow, key=lambda pair: pair[0]) if slow else (None, _threshold(readings))
    completeness = min((reading.window.completeness for reading in readings), default=0.0)
    return Verdict(status, max(failing, default=None), fast_ratio, threshold, completeness, because)


def _one(reading: Reading, warn_ratio: float, down_ratio: float) -> tuple[Status, str]:
    share = _bad(reading)
    if share is None:
        seen = "no events" if reading.window.known else "no data"
        return "unknown", f"{reading.objective}: {seen} in the last 5 minutes"
    what = f"{reading.objective}: {share:.2%} {_slowness(reading) if reading.latency else 'failing'}"
    if share < warn_ratio:
        return "ok", what
    if reading.latency or share < down_ratio:
        return "warn", f"{what}, warns from {warn_ratio:.2%}"
    if reading.window.sums.total < FEW:
        return "warn", f"{what}, but {reading.window.sums.total:g} events are too few to call it down"
    return "down", f"{what}, down from {down_ratio:.2%}"


def _bad(reading: Reading) -> float | None:
    window = reading.window
    return None if window.ratio is None or window.bad is None else min(1.0, window.bad / window.sums.total)


def _slowness(reading: Reading) -> str:
    return "slow" if reading.threshold is None else f"slower than {reading.threshold * 1000:g} ms"


def _threshold(readings: Sequence[Reading]) -> float | None:
    return next((r.threshold for r in readings if r.latency and r.threshold is not None), None)
