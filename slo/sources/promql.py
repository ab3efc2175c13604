"""The PromQL that counts events exactly.

`m - last_over_time(m[2h] offset S)` at instants S apart telescopes: over any span it adds up to what the counter
counted. What is negative is a reset, what has no earlier value is a birth: both count from 0, by `or m`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from slo.errors import QueryError
from slo.sources.selector import Selector

# How long a target may be away and still come back with what it counted meanwhile.
HISTORY, HISTORY_SECONDS = "2h", 7_200
# A process seen for the first time within this many seconds of its start is new: service discovery takes a moment.
YOUNG = 600
START = "process_start_time_seconds"
TARGET = "on (job, instance)"

# More targets than this are not listed one by one in an expression.
MANY = 100


@dataclass(frozen=True, slots=True)
class Target:
    """What Prometheus scrapes, by the labels it gives it."""

    job: str
    instance: str


@dataclass(frozen=True, slots=True)
class Fresh:
    """Targets that need a closer look: processes younger than what is looked back to, and old ones first seen now."""

    young: tuple[Target, ...] = ()
    found: tuple[Target, ...] = ()

    def of(self, selector: Selector) -> "Fresh":
        """Those that a selector can be about."""
        return Fresh(_about(selector, self.young), _about(selector, self.found))


def increments(selector: str, step: int, fresh: Fresh | None = None) -> str:
    """What the counters of a bare selector counted in the last `step` milliseconds, summed.

    A value from before the start of a `young` process belongs to another one, so a counter that is above it is no
    progress, but all new. A process that has long been running when it is `found` gives only its baseline. For
    all other targets the values alone tell the same, at a fraction of the cost.
    """
    earlier, born = f"last_over_time({selector}[{HISTORY}] offset {step}ms)", selector
    if fresh and fresh.young:
        listed, start = _with(selector, _matchers(fresh.young)), START + _braced(_matchers(fresh.young))
        # What was there a step before needs no search; the search is by the minute, since it costs.
        search = f"max_over_time(timestamp({listed})[{HISTORY}:1m] offset {step}ms)"
        last_seen = f"(timestamp({listed} offset {step}ms) or {search})"
        of_another = f"{TARGET} group_left () max by (job, instance) ({start})"
        earlier = f"({earlier} unless ({last_seen} < {of_another}))"
        # Without a stale marker the last value of a process outlives it for some minutes.
        born = f"({born} unless (timestamp({listed}) < {of_another}))"
    if fresh and fresh.found:
        born = f"({born} unless {TARGET} ({_long_running(fresh.found, step)}))"
    return f"sum((({selector} - {earlier}) >= 0) or {born})"


def while_scraped(expression: str, selector: str, seconds: float) -> str:
    """The expression at the instants when a series of the selector had a value at most so many seconds old.

    Prometheus answers with a value for five minutes after scraping has stopped, if nothing says that the target is
    gone: nothing known would look like nothing happened. No event is lost by this as long as a step is not longer.
    """
    return f"{expression} unless max(timestamp({selector})) <= time() - {seconds:g}"


def young() -> str:
    """The processes younger than what is looked back to."""
    return f"{START} > time() - {HISTORY_SECONDS + 60}"


def found(step: int) -> str:
    """The processes that are not young, and were not seen a step before."""
    return f"({START} unless ({START} == ({START} offset {step}ms))) < time() - {YOUNG}"


def named(expression: str, name: str) -> str:
    """The expression with its series labelled by `name`, to be told apart in a fused answer."""
    # The line breaks keep a trailing comment from swallowing what follows.
    return f'label_replace(\n{expression}\n, "sli", "{name}", "", "")'


def fused(expressions: Sequence[str]) -> str:
    """One expression that answers all. Balanced, since each `or` walks through everything on its left."""
    if len(expressions) == 1:
        return expressions[0]
    middle = len(expressions) // 2
    return f"({fused(expressions[:middle])}) or ({fused(expressions[middle:])})"


def _about(selector: Selector, targets: Sequence[Target]) -> tuple[Target, ...]:
    asked = Selector(selector.name, tuple(m for m in selector.matchers if m.label in ("job", "instance")))
    try:
        return tuple(t for t in targets if asked.matches({"job": t.job, "instance": t.instance}))
    except QueryError:  # An expression of Prometheus's own dialect: it is asked about them all.
        return tuple(targets)


def _long_running(targets: Sequence[Target], step: int) -> str:
    """Processes first seen now that are neither young nor started since their job was last seen (an outage)."""
    start, siblings = START + _braced(_matchers(targets)), START + _braced(_jobs(targets))
    last_seen = f"max by (job) (max_over_time(timestamp({siblings})[{HISTORY}:1m] offset {step}ms))"
    return (
        f"((time() - {start}) > {YOUNG}) unless {TARGET} last_over_time({start}[{HISTORY}] offset {step}ms) "
        f"unless {TARGET} ({start} >= on (job) group_left () {last_seen})"
    )


def _matchers(targets: Sequence[Target]) -> str:
    if len(targets) > MANY:
        return ""
    return f"job=~{_any(t.job for t in targets)},instance=~{_any(t.instance for t in targets)}"


def _jobs(targets: Sequence[Target]) -> str:
    return "" if len(targets) > MANY else f"job=~{_any(t.job for t in targets)}"


def _braced(matchers: str) -> str:
    return f"{{{matchers}}}" if matchers else ""


def _with(selector: str, matchers: str) -> str:
    """The selector with more matchers."""
    if not matchers or not selector.endswith("}"):
        return selector + _braced(matchers)
    present = selector[:-1].rstrip().removesuffix(",").rstrip()
    return present + ("" if present.endswith("{") else ",") + matchers + "}"


def _any(values: Iterable[str]) -> str:
    alternatives = "|".join(re.escape(value) for value in sorted(set(values)))
    return '"' + alternatives.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
