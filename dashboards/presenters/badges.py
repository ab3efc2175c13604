"""States as people see them: a shape, a word and a tone. Colour is never the only sign."""

from dataclasses import dataclass, replace
from typing import Literal

from dashboards import formats
from slo.maths.status import HOUR, Status

Tone = Literal["ok", "warn", "bad", "none", "info"]
Shape = Literal["disc", "triangle", "square", "half", "dotted", "ring", "bar"]


@dataclass(frozen=True, slots=True)
class Badge:
    """One state: how it is drawn, said and coloured. `rank` orders the worst first."""

    shape: Shape
    word: str
    tone: Tone
    rank: int = 9


HEALTHY = Badge("disc", "Healthy", "ok", 4)
EXHAUSTED = Badge("square", "Exhausted", "bad", 0)
NO_DATA = Badge("dotted", "No data", "none", 3)
KEPT = Badge("disc", "Kept", "ok", 2)
BROKEN = Badge("square", "Not kept", "bad", 0)
OPEN_QUESTION = Badge("dotted", "Too close to call", "none", 1)
UNKNOWN = Badge("dotted", "Not known", "none", 1)
ENOUGH = Badge("disc", "Enough", "ok", 1)
TOO_LITTLE = Badge("square", "Too little", "bad", 0)
WITHIN = Badge("disc", "Within", "ok", 1)
OVERSPENT = Badge("square", "Overspent", "bad", 0)

_MODES = {
    "full": Badge("disc", "Available", "ok", 3),
    "degraded": Badge("half", "Degraded", "warn", 1),
    "last resort": Badge("square", "Last resort", "bad", 0),
    "unknown": Badge("dotted", "Unknown", "none", 2),
}
_HEALTH = {
    "ok": Badge("disc", "OK", "ok", 3),
    "warn": Badge("triangle", "Warn", "warn", 1),
    "down": Badge("square", "Down", "bad", 0),
    "unknown": Badge("dotted", "No data", "none", 2),
}
_ALERTS = {
    "firing": Badge("triangle", "Firing", "bad", 0),
    "pending": Badge("half", "Pending", "warn", 1),
    "resolved": Badge("disc", "Resolved", "ok", 2),
    "inactive": Badge("ring", "Inactive", "none", 3),
}
_FLAGS = {
    "shed": Badge("half", "Shed", "warn", 0),
    "forced on": Badge("bar", "Forced on", "info", 1),
    "forced off": Badge("bar", "Forced off", "info", 1),
    "forced to a share": Badge("bar", "Forced to a share", "info", 1),
    "ramping": Badge("half", "Ramping", "warn", 0),
    "drill": Badge("ring", "Drill", "info", 1),
    "dry run": Badge("dotted", "Would be shed", "none", 1),
    "auto": Badge("ring", "Automatic", "none", 2),
}
_CIRCUITS = {
    "closed": Badge("ring", "Closed", "none", 4),
    "half-open": Badge("half", "Half-open", "warn", 2),
    "open": Badge("square", "Open", "bad", 1),
    "forced open": Badge("bar", "Forced open", "bad", 0),
    "forced closed": Badge("bar", "Forced closed", "info", 3),
}
_DELIVERIES = {
    "sent": Badge("disc", "Accepted", "ok", 2),
    "due": Badge("half", "Waiting", "warn", 1),
    "dead": Badge("square", "Gave up", "bad", 0),
}


def objective(status: Status) -> Badge:
    """The state of an objective; one that burns says how fast."""
    if status.state == "healthy":
        return HEALTHY
    if status.state == "exhausted":
        return EXHAUSTED
    if status.state == "no data":
        return NO_DATA
    critical = status.state == "critical"
    return Badge(
        "triangle",
        f"Burning {formats.factor(status.burns.get(HOUR))}",
        "bad" if critical else "warn",
        1 if critical else 2,
    )


def mode(state: str) -> Badge:
    """The state of a capability."""
    return _MODES[state]


def health(status: str) -> Badge:
    """The state of a component."""
    return _HEALTH[status]


def alert(state: str, severity: str = "page", *, hushed: bool = False) -> Badge:
    """The state of an alert; a firing ticket is not as loud as a page, and one that is kept quiet not loud at all."""
    badge = _ALERTS[state]
    if hushed and state in {"firing", "pending"}:
        return Badge(badge.shape, badge.word, "none", badge.rank)
    if state == "firing" and severity != "page":
        return Badge("triangle", badge.word, "warn", badge.rank)
    return badge


def circuit(phase: str) -> Badge:
    """Where a circuit stands."""
    return _CIRCUITS[phase]


def flag(state: str, share: int = 100) -> Badge:
    """The state of a flag; one between all users and none says for how many of them it is normal."""
    badge = _FLAGS[state]
    if state in ("ramping", "forced to a share", "drill") or (state == "shed" and share):
        return replace(badge, word=f"{badge.word.removesuffix(' a share')} {share} %")
    return badge


CALM = Badge("ring", "Nothing shed", "none", 3)
DRY = Badge("dotted", "Dry run", "none", 2)
_VERDICTS = {
    "helped": Badge("disc", "Helped", "ok", 3),
    "no effect": Badge("square", "Did not help", "bad", 0),
    "unclear": Badge("dotted", "Not known", "none", 2),
    "pending": Badge("half", "Being measured", "info", 1),
}
_OUTCOMES = {
    "passed": Badge("disc", "Passed", "ok", 3),
    "aborted": Badge("square", "Aborted", "bad", 0),
    "running": Badge("half", "Running", "info", 1),
}


def verdict(word: str) -> Badge:
    """Whether a shed step helped."""
    return _VERDICTS[word]


def outcome(word: str) -> Badge:
    """How a drill went."""
    return _OUTCOMES[word]


_STEPS = {
    "inform": Badge("ring", "Inform", "info", 2),
    "freeze-risky": Badge("half", "Freeze risky changes", "warn", 1),
    "freeze-all": Badge("square", "Freeze all but fixes", "bad", 0),
}


def step(action: str) -> Badge:
    """What an error-budget policy asks for."""
    return _STEPS[action]


def delivery(state: str) -> Badge:
    """The state of a message owed to a channel."""
    return _DELIVERIES[state]


_CHANNELS = {
    "open": Badge("square", "Left alone", "bad", 0),
    "half-open": Badge("half", "Being tried", "warn", 1),
    "failing": Badge("triangle", "Failing", "warn", 1),
    "working": Badge("disc", "Working", "ok", 3),
    "unused": Badge("dotted", "Not used yet", "none", 3),
    "disabled": Badge("ring", "Disabled", "none", 4),
}
_ANSWERS = {
    "accepted": Badge("disc", "Accepted", "ok", 2),
    "retry": Badge("triangle", "Not now", "warn", 1),
    "refused": Badge("square", "Refused", "bad", 0),
}


def channel(state: str) -> Badge:
    """How a channel stands."""
    return _CHANNELS[state]


def answer(outcome: str) -> Badge:
    """What a receiver said to a message; none yet for an empty outcome."""
    return _ANSWERS.get(outcome, Badge("dotted", "No answer yet", "none", 3))
