"""What an alert is about, in numbers: how fast each window burns, and what is left of the budget."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from slo.maths.sli import Unit
from slo.maths.status import Status


@dataclass(frozen=True, slots=True)
class WindowFigures:
    """One burn window: lengths in seconds, its factor, and the burn rates over both lengths (None: not known)."""

    long: int
    short: int
    factor: float
    burn_long: float | None = None
    burn_short: float | None = None
    exceeded: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of an objective for one severity, at `as_of`.

    `remaining` is the share of the budget that is left (negative when overspent), `left_events` and
    `left_seconds` the same in bad events (or what else `unit` says) and in seconds of complete failure. None where
    nothing is known.
    """

    windows: tuple[WindowFigures, ...] = ()
    target: float | None = None
    period: str = ""
    remaining: float | None = None
    left_events: float | None = None
    left_seconds: float | None = None
    exhausts_at: datetime | None = None
    as_of: datetime | None = None
    unit: Unit = "events"

    @property
    def burning(self) -> tuple[WindowFigures, ...]:
        """The windows above their factor, the most urgent (highest factor) first."""
        return tuple(sorted((w for w in self.windows if w.exceeded), key=lambda w: -w.factor))

    def as_json(self) -> dict[str, Any]:
        """The form in which an alert keeps them; instants as ISO 8601."""
        kept = asdict(self)
        for name in ("exhausts_at", "as_of"):
            kept[name] = kept[name].isoformat() if kept[name] else None
        return kept


def measure(status: Status, severity: str) -> Figures:
    """The figures of a status for the windows of one severity."""
    facts, left = status.facts, status.budget
    windows = tuple(
        WindowFigures(w.long, w.short, w.factor, status.burns[w.long], status.burns[w.short], w in status.exceeded)
        for w in facts.policy
        if w.severity == severity
    )
    seconds = None if left.remaining is None else left.remaining * (1 - facts.target) * facts.period.seconds
    events = None if left.total is None or left.spent is None else left.total - left.spent
    return Figures(
        windows,
        facts.target,
        str(facts.period),
        left.remaining,
        events,
        seconds,
        status.exhausts_at,
        status.as_of,
        facts.unit,
    )


def restore(kept: Mapping[str, Any]) -> Figures:
    """The figures an alert has kept; those of other kinds of alert have others, which are left out."""
    fields = {name: value for name, value in kept.items() if name in Figures.__dataclass_fields__}
    for name in ("exhausts_at", "as_of"):
        fields[name] = datetime.fromisoformat(fields[name]) if fields.get(name) else None
    fields["windows"] = tuple(WindowFigures(**window) for window in fields.get("windows", ()))
    return Figures(**fields)
