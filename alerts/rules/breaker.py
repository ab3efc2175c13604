"""The circuit of a channel: a receiver that keeps failing is left alone, then tried with one message."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from alerts.rules.retry import LONGEST_WISH

# Failures in a row before the circuit opens; then for how many seconds, twice as long each time, up to the cap. Between
# half of that and all of it by chance, so that many channels behind one outage do not come back at the same moment.
FAILURES = 5
BASE, CAP = 30.0, 300.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """Where a circuit stands: `failures` in a row; opened `openings` times since a message last got through.

    Nothing is sent before `resume_at`; with `opened_at` the circuit is open (and half open from `resume_at` on).
    """

    failures: int = 0
    openings: int = 0
    opened_at: datetime | None = None
    resume_at: datetime | None = None


def state(breaker: Breaker, at: datetime) -> Literal["closed", "open", "half-open"]:
    """The circuit's state in the field's words."""
    if breaker.opened_at is None:
        return "closed"
    return "open" if breaker.resume_at and breaker.resume_at > at else "half-open"


def succeeded() -> Breaker:
    """What a receiver that answers is: trusted again."""
    return Breaker()


def failed(breaker: Breaker, at: datetime, luck: float, wish: float | None = None) -> Breaker:
    """The circuit after one more failure at `at`; `luck` is uniform in [0, 1).

    `wish` is the Retry-After in seconds, never undercut (up to an hour).
    """
    failures = breaker.failures + 1
    asked = at + timedelta(seconds=min(wish, LONGEST_WISH)) if wish and wish > 0 else None
    if breaker.opened_at is None and failures < FAILURES:
        return replace(breaker, failures=failures, resume_at=_latest(breaker.resume_at, asked))
    openings = breaker.openings + 1
    seconds = min(CAP, BASE * 2.0 ** min(openings - 1, 30)) * (0.5 + luck / 2)
    resume = _latest(at + timedelta(seconds=seconds), asked)
    return Breaker(failures, openings, breaker.opened_at or at, resume)


def _latest(*instants: datetime | None) -> datetime | None:
    return max((instant for instant in instants if instant), default=None)
