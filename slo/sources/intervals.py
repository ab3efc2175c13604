"""How often a Prometheus scrapes each job, as it tells itself."""

import re
import time
from collections.abc import Iterable, Mapping, Sequence

from slo.errors import QueryError
from slo.sources.prometheus_http import Server
from slo.sources.restarts import scope
from slo.sources.selector import Selector

# Seconds for which an answer is believed: the list of targets is long, and a configuration seldom changes.
BELIEVED = 600

Intervals = Mapping[str, float]
"""The shortest scrape interval in seconds, by job."""

_PART = re.compile(r"(\d+)(ms|[smhdwy])")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800, "y": 31_536_000}

_known: dict[str, tuple[float, Intervals]] = {}


def intervals(server: Server) -> Intervals:
    """The scrape intervals by job; none where the server does not tell, as many that only store do not."""
    asked, found = _known.get(server.key, (-float(BELIEVED), {}))
    now = time.monotonic()
    if now - asked >= BELIEVED:
        found = _shortest(server.targets())
        _known[server.key] = now, found
    return found


def forget() -> None:
    """Ask again the next time."""
    _known.clear()


def interval_of(selectors: Sequence[Selector], known: Intervals, default: float) -> float:
    """The shortest interval at which the series of the selectors may be scraped.

    Too short an interval costs, too long a one loses what is counted before a restart: where a selector does not say
    its job, it is that of all jobs.
    """
    told = [seconds for job, seconds in known.items() if any(_is_about(selector, job) for selector in selectors)]
    return min(told or known.values(), default=default)


def _is_about(selector: Selector, job: str) -> bool:
    try:
        return scope(selector).matches({"job": job})
    except QueryError:  # An expression of Prometheus's own dialect.
        return True


def _shortest(targets: Iterable[object]) -> Intervals:
    shortest: dict[str, float] = {}
    for target in targets:
        try:
            job, stated = target["labels"]["job"], target["scrapeInterval"]  # type: ignore[index]
            seconds = sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(stated))
        except (KeyError, TypeError, ValueError):
            continue
        if isinstance(job, str) and seconds > 0:
            shortest[job] = min(seconds, shortest.get(job, seconds))
    return shortest
