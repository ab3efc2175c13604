"""Alerts that come and go: noticed, and damped so that people hear of them once instead of again and again."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.rules.policy import Timing


@dataclass(frozen=True, slots=True)
class Damping:
    """From `episodes` of the same alert within `span` seconds on it flaps, until it has been calm for `calm` seconds.

    The third within an hour is the count from which shedding, too, gives its switches more patience (FACTS: shedding
    without flapping); half an hour of calm outlasts the short windows of a page (SRE Workbook, chapter 5: 30 m).
    """

    episodes: int = 3
    span: float = 3_600
    calm: float = 1_800


DAMPING = Damping()


def flaps(fired: Iterable[datetime], calmed: datetime | None, at: datetime, damping: Damping = DAMPING) -> bool:
    """Does the alert that fires at `at` flap?

    `fired` are the instants at which its episodes began to fire, this one included; `calmed` is when the last episode
    that flapped ended, if there was one.
    """
    since = at - timedelta(seconds=damping.span)
    return (calmed is not None and calmed > since) or sum(since < one <= at for one in fired) >= damping.episodes


def damped(timing: Timing, damping: Damping = DAMPING) -> Timing:
    """The timing of an alert that flaps: it keeps firing until it has been calm for long enough."""
    return replace(timing, keep_firing=max(timing.keep_firing, damping.calm))
