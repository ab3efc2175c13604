"""When missing data is worth an alert, as data."""

from dataclasses import dataclass, field

from alerts.rules.policy import Timing
from slo.maths.status import HOUR, Status


@dataclass(frozen=True, slots=True)
class Silent:
    """An objective that had data and has had none for `seconds`."""

    seconds: int = 900
    severity: str = "ticket"
    timing: Timing = field(default_factory=lambda: Timing(keep_firing=900))


@dataclass(frozen=True, slots=True)
class Gaps:
    """An objective of which less than `share` was observed over both windows (seconds): a lasting loss, and not a gap
    that is over. A new objective has been measured for the short window before `timing` lets it fire.
    """

    long: int = HOUR
    short: int = 900
    share: float = 0.9
    severity: str = "ticket"
    timing: Timing = field(default_factory=lambda: Timing(pending=900, keep_firing=300))


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A source that gives no answer; what is older than `stale` seconds says nothing of now."""

    severity: str = "page"
    stale: float = 600
    timing: Timing = field(default_factory=lambda: Timing(pending=300, keep_firing=120))


# A quarter of an hour is three short windows of a page (SRE Workbook, chapter 5: 5 m) in a row that could not be
# judged. A source takes all its objectives with it, so it is told sooner, and to people who are on call.
SILENT, GAPS, UNANSWERED = Silent(), Gaps(), Unanswered()

LENGTHS = tuple({SILENT.seconds, GAPS.long, GAPS.short})
"""The windows (seconds) a status must have to be judged here."""


def silent(status: Status, rule: Silent = SILENT) -> bool | None:
    """Has data stopped? None where that cannot be told: there never was any, or nothing counts now."""
    window = status.windows[rule.seconds]
    if window.known:
        return False
    return True if window.elapsed > 0 and status.period.known else None


def gappy(status: Status, rule: Gaps = GAPS) -> bool | None:
    """Is too little observed? None where that cannot be told."""
    windows = [status.windows[length] for length in (rule.long, rule.short)]
    if not status.period.known or any(window.elapsed <= 0 for window in windows):
        return None
    return all(window.completeness < rule.share for window in windows)
