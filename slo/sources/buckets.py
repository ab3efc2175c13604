"""Thresholds that are no boundary of their histogram: nobody counted what lies between two boundaries."""

import math
import re

from slo.errors import QueryError
from slo.sources.grid import Grid
from slo.sources.prometheus_http import Server
from slo.sources.selector import Selector, written

# A histogram that has not been scraped for longer tells no boundaries.
LOOK_BACK = "1h"
_ZEROS = re.compile(r"\(\[\.\]0\+\)\?|0\*$")


def refusal(server: Server, selector: Selector, grid: Grid) -> str:
    """Why a counter that is the bucket of a histogram has no series: its bound is none, the nearest are named.

    Empty where it is no bucket, where the histogram is not known either, or where it has that bucket.
    Raises SourceError.
    """
    threshold = threshold_of(selector)
    if threshold is None:
        return ""
    histogram = written(Selector(selector.name, tuple(m for m in selector.matchers if m.label != "le")))
    asked = f"count by (le) (last_over_time({histogram}[{LOOK_BACK}]))"
    end = grid.moment(grid.steps)
    try:
        found = {float(series.labels.get("le", "nan")) for series in server.range(asked, end, end, grid.step)}
    except (QueryError, ValueError):
        return ""
    bounds = sorted(bound for bound in found if math.isfinite(bound))
    if not bounds or threshold in bounds:
        return ""
    name = selector.name.removesuffix("_bucket")
    return f"the threshold {threshold:g} is no bucket boundary of the histogram {name}; {_nearest(bounds, threshold)}"


def threshold_of(selector: Selector) -> float | None:
    """The bound of a selected bucket: `le="0.3"`, or the expression for every spelling of one number."""
    bounds = [m for m in selector.matchers if m.label == "le" and m.operator in ("=", "=~")]
    if not selector.name.endswith("_bucket") or len(bounds) != 1:
        return None
    text = bounds[0].value
    if bounds[0].operator == "=~":
        text = _ZEROS.sub("", text.split("|")[0]).replace("[.]", ".")
    try:
        threshold = float(text)
    except ValueError:
        return None
    return threshold if math.isfinite(threshold) else None


def _nearest(bounds: list[float], threshold: float) -> str:
    below = max((bound for bound in bounds if bound < threshold), default=None)
    above = min((bound for bound in bounds if bound > threshold), default=None)
    near = [f"{bound:g}" for bound in (below, above) if bound is not None]
    return f"the nearest {'are' if len(near) > 1 else 'is'} {' and '.join(near)}"
