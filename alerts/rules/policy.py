"""How patient an alert is, as data: how long a burn must last before it fires, and stay away before it ends."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slo.errors import DurationError, PolicyError
from slo.maths.burn import BurnWindow, Severity
from slo.maths.windows import parse_duration

_WINDOW = re.compile(
    r"(?P<severity>page|ticket):(?P<long>\w{1,20})/(?P<short>\w{1,20}):(?P<factor>\d{1,6}(?:\.\d{1,6})?)", re.ASCII
)

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


def parse_windows(text: str) -> tuple[BurnWindow, ...]:
    """Windows as people write them on one line: `page:1h/5m:14.4,ticket:3d/6h:1`.

    Raises PolicyError naming the part that is at fault.
    """
    return tuple(_parse(part.strip()) for part in text.split(","))


def _parse(text: str) -> BurnWindow:
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise PolicyError(f"{text[:60]!r} is no burn window; write severity:long/short:factor, such as page:1h/5m:14.4")
    severity: Severity = "page" if found["severity"] == "page" else "ticket"
    try:
        long, short = parse_duration(found["long"]), parse_duration(found["short"])
    except DurationError as error:
        raise PolicyError(f"{text!r}: {error.message}") from None
    factor = float(found["factor"])
    if factor <= 0:
        raise PolicyError(f"{text!r}: the factor must be above 0")
    return BurnWindow(severity, long, short, factor)
