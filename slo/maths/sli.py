"""What an SLI, as it is stored, is measured in, and what is to be known of its figures."""

from collections.abc import Mapping
from typing import Any, Literal

from slo.maths.slices import LEAST, Slices
from slo.maths.windows import format_duration

Unit = Literal["events", "seconds", "slices"]
"""What good and total count: events, seconds of time, or slices of it."""


def unit(sli: Mapping[str, Any]) -> Unit:
    """The unit of an SLI's figures and of its budget."""
    if "slice" in sli:
        return "slices"
    return "seconds" if {"raw", "query"} & sli.keys() else "events"


def slices(sli: Mapping[str, Any]) -> Slices | None:
    """The slices it is counted in, if it is."""
    return Slices(**sli["slice"]) if "slice" in sli else None


def notes(sli: Mapping[str, Any]) -> tuple[str, ...]:
    """What one must know to read its figures right: where they are not exact, and what they are weighted by."""
    found = []
    if sli.get("window"):
        found.append(
            "Approximate: the queries are evaluated over a window of some scrapes and their events spread evenly over "
            "it, so events are told up to a window late, and rate() and increase() extrapolate. "
            "A bare counter selector is counted exactly."
        )
    if "raw" in sli:
        found.append("Weighted by time, not by events: the query gives a ratio and not how many events it is of.")
    if cut := slices(sli):
        found.append(
            f"Counted in slices of {format_duration(cut.window)}; one that was observed for less than "
            f"{LEAST:.0%} is not judged, and one without events does not count."
        )
    return tuple(found)
