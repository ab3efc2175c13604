"""When a message that did not get through is tried again, and when it is given up."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Retry:
    """Exponential back-off in seconds, with full jitter: U(0, min(cap, base·2ⁿ)). Given up by attempts or by age."""

    base: float
    cap: float
    attempts: int
    age: float


# Half a day without a receiver is survived, and what is a day old is better looked at by a person.
OUTBOX = Retry(base=2, cap=300, attempts=300, age=86_400)
LONGEST_WISH = 3_600.0


def delay(attempts: int, luck: float, wish: float | None = None, policy: Retry = OUTBOX) -> float:
    """Seconds until the next attempt after `attempts` failed ones.

    `luck` is uniform in [0, 1); `wish` is the receiver's Retry-After, which is never undercut (up to an hour).
    """
    jittered = luck * min(policy.cap, policy.base * 2.0 ** min(attempts, 30))
    return max(jittered, min(wish or 0.0, LONGEST_WISH))


def given_up(attempts: int, age: float, policy: Retry = OUTBOX) -> bool:
    """Is a message that failed `attempts` times and is `age` seconds old to be given up?"""
    return attempts >= policy.attempts or age >= policy.age


def retry_after(header: str | None, at: datetime) -> float | None:
    """Seconds a Retry-After header asks for (a number, or an HTTP date); None where it says nothing readable."""
    if not header:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - at).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None
