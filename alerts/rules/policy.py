"""How patient an alert is, as data: how long a burn must last before it fires, and stay away before it ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slo.errors import PolicyError
from slo.maths.burn import BurnWindow

# A burn rate that hovers at its factor crosses it at every tick; a fifth of the short window rides that out while
# the end of a real incident is told hardly later than the window itself tells it.
KEEP_FIRING_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds a condition must hold before the alert fires, and be gone before a firing alert resolves."""

    pending: float = 0.0
    keep_firing: float = 0.0


def timing(windows: tuple[BurnWindow, ...], severity: str, stated: Mapping[str, Any]) -> Timing:
    """The timing of one severity: what the policy states as {severity: {"pending", "keep_firing"}}, else the default.

    By default nothing waits before it fires (the long window already asks for significance: SRE Workbook,
    chapter 5), and keeps firing for a fifth of the severity's shortest window. Raises PolicyError for values
    that are not seconds.
    """
    shorts = [window.short for window in windows if window.severity == severity]
    own = stated.get(severity, {})
    return Timing(
        _seconds(own, "pending", severity, 0.0),
        _seconds(own, "keep_firing", severity, KEEP_FIRING_SHARE * min(shorts, default=0)),
    )


def _seconds(stated: Any, name: str, severity: str, default: float) -> float:
    value = stated.get(name, default) if isinstance(stated, Mapping) else stated
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise PolicyError(f"{name} of {severity} must be a number of seconds from 0 up, not {value!r}")
    return float(value)
