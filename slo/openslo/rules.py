"""Objectives as Prometheus recording and alerting rules that reach the same verdicts.

Every step the events are recorded as they were counted; a window is the sum of its steps. So the figures are the
ledger's, divided sums of events, and not averaged or extrapolated rates.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from slo.maths.burn import SEVERITIES, BurnWindow, Minimum, Severity
from slo.maths.windows import format_duration
from slo.openslo.dump import dump

# The name Alertmanager is told by Brownout itself, so that one route serves both.
ALERT = "ErrorBudgetBurn"


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the rules of one objective are made of.

    `total` and `part` are expressions of the events of one step (seconds), `side` says which events `part` gives.
    `pending` and `keep_firing` are seconds by severity; the addresses may be empty.
    """

    name: str
    service: str
    title: str
    target: float
    policy: tuple[BurnWindow, ...]
    minimum: Minimum
    step: float
    total: str
    part: str
    side: Literal["good", "bad"]
    page: str = ""
    runbook: str = ""
    pending: Mapping[str, float] = field(default_factory=dict)
    keep_firing: Mapping[str, float] = field(default_factory=dict)


def rules(objectives: Iterable[Ruled]) -> str:
    """A rule file: one group for each objective, evaluated every step."""
    return dump({"groups": [_group(objective) for objective in objectives]})


def _group(of: Ruled) -> dict[str, Any]:
    lengths = sorted({length for window in of.policy for length in (window.short, window.long)})
    return {
        "name": f"brownout:{of.name}",
        "interval": _duration(of.step),
        "rules": [
            _record(of, "brownout:events_total:step", of.total),
            _record(of, f"brownout:events_{of.side}:step", of.part),
            *(rule for length in lengths for rule in _window(of, length)),
            *(_alert(of, severity) for severity in SEVERITIES if any(w.severity == severity for w in of.policy)),
        ],
    }


def _record(of: Ruled, name: str, expression: str) -> dict[str, Any]:
    return {"record": name, "expr": expression, "labels": {"objective": of.name, "service": of.service}}


def _window(of: Ruled, length: int) -> Iterator[dict[str, Any]]:
    total, bad = _named(of, "events_total", length), _named(of, "events_bad", length)
    part = f"({_summed(of, of.side, length)} or 0 * {total})"
    yield _record(of, _name("events_total", length), _summed(of, "total", length))
    yield _record(of, _name("events_bad", length), f"clamp_min({total} - {part}, 0)" if of.side == "good" else part)
    yield _record(of, _name("burn_rate", length), f"clamp({bad} / {total}, 0, 1) / (1 - {of.target!r})")


def _name(figure: str, length: int) -> str:
    return f"brownout:{figure}:{format_duration(length)}"


def _named(of: Ruled, figure: str, length: int) -> str:
    return f'{_name(figure, length)}{{objective="{of.name}"}}'


def _summed(of: Ruled, side: str, length: int) -> str:
    # A millisecond less, so that a window holds as many steps whether or not its left end is part of it, which
    # changed with Prometheus 3.
    return f'sum_over_time(brownout:events_{side}:step{{objective="{of.name}"}}[{_duration(length - 0.001)}])'


def _duration(seconds: float) -> str:
    return format_duration(int(seconds)) if seconds == int(seconds) else f"{round(seconds * 1000)}ms"


def _alert(of: Ruled, severity: Severity) -> dict[str, Any]:
    windows = [window for window in of.policy if window.severity == severity]
    name = _literal(of.title)
    limits = [f"{w.factor:.4g} over {format_duration(w.long)} and {format_duration(w.short)}" for w in windows]
    annotations = {
        "summary": f'{severity.capitalize()}: {name} burns {{{{ $value | printf "%.1f" }}}}× too fast',
        "description": f"Promised {of.target * 100:.10g} %. Alerts at a burn rate above {', or '.join(limits)}",
        "runbook_url": _literal(of.runbook),
        "page_url": _literal(of.page),
    }
    waits = {"for": of.pending.get(severity), "keep_firing_for": of.keep_firing.get(severity)}
    return {
        "alert": ALERT,
        "expr": " or ".join(_condition(of, window) for window in windows),
        **{name: _duration(seconds) for name, seconds in waits.items() if seconds},
        "labels": {"objective": of.name, "service": of.service, "severity": severity},
        "annotations": {name: text for name, text in annotations.items() if text},
    }


def _condition(of: Ruled, window: BurnWindow) -> str:
    burns = [f"{_named(of, 'burn_rate', length)} > {window.factor!r}" for length in (window.long, window.short)]
    least = (("events_total", of.minimum.events), ("events_bad", of.minimum.bad))
    enough = [f"{_named(of, figure, window.long)} >= {count!r}" for figure, count in least if count]
    return f"({' and '.join([*burns, *enough])})"


def _literal(text: str) -> str:
    """Text that Prometheus' templates give back as it is."""
    return re.sub(r"\{\{", '{{ "{{" }}', text)
