"""The PromQL that counts events exactly.

`m - last_over_time(m[2h] offset S)` at instants S apart telescopes: over any span it adds up to what the counter
counted. What is negative is a reset, what has no earlier value is a birth: both count from 0, by `or m`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# How long a target may be away and still come back with what it counted meanwhile.
HISTORY = "2h"
# A process seen for the first time within this many seconds of its start is new: service discovery takes a moment.
YOUNG = 600
START = "process_start_time_seconds"
TARGET = "on (job, instance)"

# More targets than this are not listed one by one in an expression.
MANY = 50


@dataclass(frozen=True, slots=True)
class Target:
    """What Prometheus scrapes, by the labels it gives it."""

    job: str
    instance: str


def increments(selector: str, step: int, changed: Sequence[Target] = ()) -> str:
    """What the counters of a bare selector counted in the last `step` milliseconds, summed.

    For `changed` targets their start times are looked at: a restarted process counts from 0 even if its
    counters are already above where they were, and a process that has long been running when it is first seen
    gives only its baseline. Elsewhere the values alone tell the same, at a fraction of the cost.
    """
    earlier, born = f"last_over_time({selector}[{HISTORY}] offset {step}ms)", selector
    if changed:
        earlier = f"({earlier} unless {TARGET} ({_restarted(changed, step)}))"
        born = f"({selector} unless {TARGET} ({_long_running(changed, step)}))"
    return f"sum((({selector} - {earlier}) >= 0) or {born})"


def changes(step: int) -> str:
    """The targets whose process is not the one seen a step before."""
    return f"{START} unless ({START} == ({START} offset {step}ms))"


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


def _restarted(changed: Sequence[Target], step: int) -> str:
    # More than a second later: some exporters derive their start from an uptime, and it trembles.
    start = START + _matchers(changed)
    return f"({start} - last_over_time({start}[{HISTORY}] offset {step}ms)) > 1"


def _long_running(changed: Sequence[Target], step: int) -> str:
    """Processes first seen now that are neither young nor started since their job was last seen (an outage)."""
    start, siblings = START + _matchers(changed), START + _jobs(changed)
    last_seen = f"max by (job) (max_over_time(timestamp({siblings})[{HISTORY}:1m] offset {step}ms))"
    return (
        f"((time() - {start}) > {YOUNG}) unless {TARGET} last_over_time({start}[{HISTORY}] offset {step}ms) "
        f"unless {TARGET} ({start} >= on (job) group_left () {last_seen})"
    )


def _matchers(targets: Sequence[Target]) -> str:
    if len(targets) > MANY:
        return ""
    return f"{{job=~{_any(t.job for t in targets)},instance=~{_any(t.instance for t in targets)}}}"


def _jobs(targets: Sequence[Target]) -> str:
    return "" if len(targets) > MANY else f"{{job=~{_any(t.job for t in targets)}}}"


def _any(values: Iterable[str]) -> str:
    alternatives = "|".join(re.escape(value) for value in sorted(set(values)))
    return '"' + alternatives.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
