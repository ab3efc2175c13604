"""Figures as people read them."""

from datetime import datetime

from alerts.rules.figures import Figures, WindowFigures
from alerts.rules.machine import Decision, Present
from alerts.rules.policy import Timing
from slo.maths.windows import format_duration

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def clip(text: str, limit: int) -> str:
    """The text on one line, at most `limit` characters: white space runs together, what cannot be shown goes."""
    shown = "".join(c if c.isprintable() or c.isspace() else "�" for c in text)
    line = " ".join(shown.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def instant(at: datetime) -> str:
    """2026-03-01 12:00 UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def duration(seconds: float) -> str:
    """The two largest units of a span, as pages write it: 93784 s → `1 d 2 h`; below a minute in seconds."""
    rest = max(0, round(seconds))
    largest = next((n for n, (size, _) in enumerate(_UNITS) if rest >= size), len(_UNITS) - 1)
    parts: list[str] = []
    for size, unit in _UNITS[largest : largest + 2]:
        amount, rest = divmod(rest, size)
        if amount or not parts:
            parts.append(f"{amount} {unit}")
    return " ".join(parts)


def times(burn: float | None) -> str:
    """A burn rate: `14.4×`."""
    return "unknown" if burn is None else f"{burn:.3g}×" if burn < 1000 else f"{burn:.0f}×"


def percent(share: float) -> str:
    """A share with a sensible number of digits: 0.3719 → `37.2 %`."""
    return f"{100 * share:.3g} %" if abs(share) < 10 else f"{100 * share:.0f} %"


def target(ratio: float) -> str:
    """A target with every digit it was given: 0.9995 → `99.95 %`."""
    return f"{round(100 * ratio, 6):.9g} %"


def pace(window: WindowFigures) -> str:
    """How fast one window burns, beside its factor."""
    return (
        f"{times(window.burn_long)} over {format_duration(window.long)} and {times(window.burn_short)} over "
        f"{format_duration(window.short)} (limit {times(window.factor)})"
    )


def burning(figures: Figures) -> str:
    """How fast every window above its factor burns; an empty text when there is none."""
    return "; ".join(pace(window) for window in figures.burning)


def left(figures: Figures) -> str:
    """What is left of the budget: as a share, as minutes of complete failure and as events."""
    share, seconds, events = figures.remaining, figures.left_seconds, figures.left_events
    if share is None or seconds is None or events is None:
        return "not known"
    amount = f"{duration(abs(seconds))} of complete failure"
    if figures.unit != "seconds":
        amount += f" or {abs(events):,.0f} {figures.unit}"
    if share <= 0:
        return f"nothing; overspent by {percent(-share)}: {amount}"
    return f"{percent(share)} of the budget of {figures.period}: {amount}"


def told(decision: Decision, why: str, timing: Timing) -> str:
    """Why an alert of any kind changes its state; `why` says what is, or is no longer, the matter."""
    if decision.state == "pending":
        return f"{why}; fires if it lasts {duration(timing.pending)}"
    if decision.state == "inactive":
        return f"{why}, before it had lasted {duration(timing.pending)}"
    quiet = decision.quiet_since if decision.state == "resolved" and timing.keep_firing else None
    return f"{why}; quiet since {quiet:%H:%M:%S} UTC" if quiet else why


def cause(present: Present, decision: Decision, figures: Figures, severity: str, timing: Timing) -> str:
    """Why an alert changes its state, in words that stand on their own."""
    if decision.state == "firing":
        return f"burning {burning(figures)}"
    if decision.state == "pending":
        return f"burning {burning(figures)}; fires if it lasts {duration(timing.pending)}"
    if not figures.windows:
        return f"its burn policy has no {severity} windows any more"
    if decision.state == "inactive":
        return f"stopped burning before it had lasted {duration(timing.pending)}"
    quiet = f" since {decision.quiet_since:%H:%M:%S} UTC" if decision.quiet_since else ""
    return f"no {severity} window has been above its factor{quiet}"
