"""The PromQL that counts events exactly.

`m - last_over_time(m[2h] offset S)` at instants S apart telescopes: over any span it adds up to what the counter
counted. What is negative is a reset, what has no earlier value is a birth: both count from 0, by `or m`.
What the values alone cannot tell is put right by `slo.sources.restarts`, with the expressions at the end.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# How long a target may be away and still come back with what it counted meanwhile.
HISTORY, HISTORY_SECONDS = "2h", 7_200
# How far back (ms) a target that comes back after longer than that is looked for.
LONG = 86_400_000
# A process seen for the first time within this many seconds of its start is new: service discovery takes a moment.
YOUNG = 600
# Seconds by which the start of one and the same process may seem to move: it is computed from a clock that is set.
WOBBLE = 2
START = "process_start_time_seconds"

# More targets than this are not listed one by one in an expression.
MANY = 100


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """What Prometheus scrapes, by the labels it gives it."""

    job: str
    instance: str


def increments(selector: str, step: int, by: str = "") -> str:
    """What the counters of a bare selector counted in the last `step` milliseconds, summed (`by` a label)."""
    return f"sum{_by(by)}((({selector} - {_earlier(selector, step)}) >= 0) or {selector})"


def while_scraped(expression: str, selector: str, seconds: float, by: str = "") -> str:
    """The expression at the instants when a series of the selector had a value less than so many seconds old.

    Prometheus answers with a value for five minutes after scraping has stopped, if nothing says that the target is
    gone: nothing known would look like nothing happened. No event is lost by this as long as a step is not longer.
    """
    # timestamp(…) would tell as well, at several times the cost: it searches each series anew for each step.
    return f"{expression} and count{_by(by)}(last_over_time({selector}[{_milliseconds(seconds) - 1}ms]))"


def label_sets(selector: str, labels: Sequence[str]) -> str:
    """A series for each set of values that these labels have."""
    return f"group by ({', '.join(labels)}) ({selector})"


def named(expression: str, name: str, label: str = "sli") -> str:
    """The expression with its series labelled by `name`, to be told apart in a fused answer."""
    # The line breaks keep a trailing comment from swallowing what follows.
    return f'label_replace(\n{expression}\n, "{label}", "{name}", "", "")'


def fused(expressions: Sequence[str]) -> str:
    """One expression that answers all. Balanced, since each `or` walks through everything on its left."""
    if len(expressions) == 1:
        return expressions[0]
    middle = len(expressions) // 2
    return f"({fused(expressions[:middle])}) or ({fused(expressions[middle:])})"


# What the values cannot tell ------------------------------------------------------------------------------------


def changed() -> str:
    """The start of each process that has taken another's place within what is looked back to."""
    return f"{START} > min_over_time({START}[{HISTORY_SECONDS + 60}s]) + {WOBBLE}"


def found(step: int) -> str:
    """The start of each process that has been running for long, at the step in which it is first seen (again)."""
    return f"({START} unless {_earlier(START, step)}) < time() - {YOUNG}"


def returning(metric: str, targets: Sequence[Target], step: int, recent: int) -> str:
    """Earlier values of counters that may belong to another process and look like progress.

    They are there again after more than `recent` milliseconds, or their process is another than a step before.
    """
    counter, start = metric + braced(targets), START + braced(targets)
    replaced = f"({start} unless ({start} == ({start} offset {step}ms)))"
    there = f"last_over_time({counter}[{recent}ms] offset {step}ms)"
    progress = f"(({_earlier(counter, step)} > 0) <= {counter})"
    return f"{progress} unless ({there} unless on (job, instance) {replaced})"


def of_another(metric: str, target: Target, step: int, age: int) -> str:
    """Earlier values of those counters of a process `age` milliseconds old that it has not shown before.

    They belong to the process before it, though the counters look like they went on.
    """
    counter = metric + braced([target])
    shown = f"unless last_over_time({counter}[{age - step}ms] offset {step}ms)" if age > step else ""
    return f"((({_earlier(counter, step)} > 0) <= {counter}) and last_over_time({counter}[{max(1, age)}ms])) {shown}"


def births(metric: str, targets: Sequence[Target], step: int) -> str:
    """The counters that were not there within what is looked back to."""
    counter = metric + braced(targets)
    return f"{counter} unless {_earlier(counter, step)}"


def left_behind(metric: str, target: Target, step: int, age: int) -> str:
    """The last values, from long ago or under other labels, of counters that plain increments take for new.

    They are those of a process `age` milliseconds old.
    """
    counter = metric + braced([target])
    going_on = f"({_earlier(counter, step)} and last_over_time({counter}[{step - 1}ms]))"
    return f"last_over_time({counter}[{min(LONG, age - step)}ms] offset {step}ms) unless {going_on}"


def last_starts(targets: Sequence[Target], step: int) -> str:
    """The start of the process that was last seen at each target, long ago or under other labels."""
    return f"last_over_time({START}{braced(targets)}[{LONG}ms] offset {step}ms)"


def last_seen(targets: Sequence[Target], step: int) -> str:
    """When any process of each job was last seen; the search is by the minute."""
    return f"max by (job) (max_over_time(timestamp({START}{_jobs(targets)})[{HISTORY}:1m] offset {step}ms))"


def braced(targets: Sequence[Target]) -> str:
    """The matchers for these targets; none when they are too many to be listed."""
    if len(targets) > MANY:
        return ""
    return f"{{job=~{_any(t.job for t in targets)},instance=~{_any(t.instance for t in targets)}}}"


def _jobs(targets: Sequence[Target]) -> str:
    return "" if len(targets) > MANY else f"{{job=~{_any(t.job for t in targets)}}}"


def _earlier(selector: str, step: int) -> str:
    return f"last_over_time({selector}[{HISTORY}] offset {step}ms)"


def _by(label: str) -> str:
    return f" by ({label}) " if label else ""


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _any(values: Iterable[str]) -> str:
    alternatives = "|".join(re.escape(value) for value in sorted(set(values)))
    return '"' + alternatives.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
