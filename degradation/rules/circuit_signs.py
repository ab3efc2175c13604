"""What circuits say of a component's health.

A circuit forced open, and clients' circuits that are all open, cut the traffic: the component is down for users,
whatever its objectives say. Brownout's own circuit cuts nothing by itself; open, it is a warning.
"""

from degradation.rules.circuit import Phase
from degradation.rules.fleet import Fleet
from degradation.rules.health import Sign


def signs(phase: Phase, reason: str, fleet: Fleet) -> list[Sign]:
    """What the component's circuit, with the reason of its phase, and those of its clients say."""
    found = [Sign(fleet.status, f"clients' circuits: {fleet.words}")]
    if phase == "forced open":
        found.insert(0, Sign("down", f"its circuit is forced open: {reason}"))
    elif phase == "open":
        found.append(Sign("warn", f"its circuit is open: {reason}"))
    return found
