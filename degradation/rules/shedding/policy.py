"""How carefully to shed, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The factors of the SRE workbook are meant for a period of so many days.
USUAL_DAYS = 30


@dataclass(frozen=True, slots=True)
class Policy:
    """How carefully to shed. Durations in seconds; the defaults are meant to be kept until there is a reason."""

    # Enter: so many events in the long window, and so many evaluations in a row above the factor …
    min_events: int = 100
    evaluations: int = 2
    # … and a second signal of the service, unless the factor is at least this (of a period of 30 days).
    certain_factor: float = 14.4
    # Exit: the short window burns below this and the long one below this share of the entry factor, for so long.
    exit_short: float = 1.0
    exit_share: float = 0.5
    exit_for: int = 600
    # At least so long between a step and one in the other direction, and between two in the same.
    dwell: int = 600
    step: int = 300
    # A tier comes back by these percentages of users, so long apart, before all of them have it.
    ramp: tuple[int, ...] = (10, 25, 50)
    ramp_step: int = 300
    # So many changes of direction within the span double the dwell, up to the cap.
    flap_toggles: int = 3
    flap_span: int = 3_600
    dwell_cap: int = 14_400
    # No step that would dim more than this share of all flags of the installation at once.
    max_dimmed: float = 0.75
    # So long after a step its effect is measured: a burn that fell by less than this share was no help. Such a step is
    # reverted, and not tried again for so long.
    effect_after: int = 300
    effect_least: float = 0.2
    revert: bool = True
    retry: int = 3_600
    # A drill is aborted when an objective of the service burns faster than this over five minutes.
    drill_burn: float = 2.0

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> "Policy":
        """The policy out of stored JSON."""
        return cls(**{**spec, "ramp": tuple(spec.get("ramp", cls().ramp))})

    def certain(self, days: float) -> float:
        """The factor from which a page is certain enough by itself, for a period of so many days."""
        return self.certain_factor * days / USUAL_DAYS
