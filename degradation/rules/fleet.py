"""The circuits that clients of a component keep, seen as one."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from degradation.rules.circuit import Phase
from degradation.rules.health import Status

# Seconds a report counts for: clients report at least every minute, and one may be lost.
FRESH = 120
# From this share of open circuits on a component is degraded; a single client's trouble is often its own.
DEGRADED = 0.1
OPEN: tuple[Phase, ...] = ("open", "forced open")

_SPELLINGS: dict[str, Phase] = {
    "closed": "closed",
    "open": "open",
    "half open": "half-open",
    "forced open": "forced open",
    "forced closed": "forced closed",
    # resilience4j's words for letting everything through.
    "disabled": "forced closed",
    "metrics only": "forced closed",
}


@dataclass(frozen=True, slots=True)
class Fleet:
    """How many clients report, and how many of their circuits are open or half-open."""

    total: int = 0
    open: int = 0
    half_open: int = 0

    @property
    def status(self) -> Status:
        """Down when all are open, warn from a tenth on, unknown while nobody reports."""
        if not self.total:
            return "unknown"
        if self.open == self.total:
            return "down"
        return "warn" if self.open >= DEGRADED * self.total else "ok"

    @property
    def words(self) -> str:
        """Such as "7 of 12 open", or nothing while nobody reports."""
        if not self.total:
            return ""
        trying = f", {self.half_open} half-open" if self.half_open else ""
        return f"{self.open} of {self.total} open{trying}"


def fleet(phases: Iterable[Phase]) -> Fleet:
    """The circuits of clients as one."""
    counted = Counter(phases)
    return Fleet(counted.total(), sum(counted[phase] for phase in OPEN), counted["half-open"])


def phase_named(text: str) -> Phase | None:
    """The phase a client means: HALF_OPEN, half-open, forced_open … or None for a word nobody knows."""
    return _SPELLINGS.get(text.strip().lower().replace("_", " ").replace("-", " "))
