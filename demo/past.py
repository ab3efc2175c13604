"""What the status page remembers: modes of capabilities over ninety days, and an incident that is over.

The ledger goes back 35 days; what lies before is told by changes alone, as the page keeps them. Instants are seconds
relative to the anchor, as in the scenario.
"""

from dataclasses import dataclass
from datetime import timedelta

from alerts.models import Alert
from degradation.models import Capability, CapabilityChange
from degradation.rules.modes import Present, is_last_resort, mode
from degradation.services.incidents import open_incident, update_incident
from demo.scenario import DAY, HOUR, LAST_WEEK, MAINTENANCE, MINUTE, UNMEASURED
from slo.maths.windows import from_epoch

BEGAN = -91 * DAY
BY = "operator"


@dataclass(frozen=True, slots=True)
class Spell:
    """A capability was in another mode (its place in the list) for a while; without one nobody knows."""

    capability: str
    start: int
    length: int
    mode: int | None


# The same failures as in the story of the demo, longer ago; from 35 days ago on, those that were measured.
SPELLS = (
    Spell("order-tracking", -74 * DAY + 3 * HOUR, 38 * MINUTE, 1),
    Spell("product-questions", -61 * DAY + 5 * HOUR, 24 * MINUTE, 2),
    Spell("faq", -61 * DAY + 5 * HOUR, 24 * MINUTE, 1),
    Spell("personalised-recommendations", -47 * DAY + 8 * HOUR, 95 * MINUTE, 1),
    Spell("returns", -39 * DAY + 2 * HOUR, 190 * MINUTE, 1),
    Spell("product-questions", MAINTENANCE.start, MAINTENANCE.end - MAINTENANCE.start, 1),
    *(
        Spell(name, UNMEASURED.start, UNMEASURED.end - UNMEASURED.start, None)
        for name in ("order-tracking", "personalised-recommendations", "product-questions", "faq", "returns")
    ),
    # What was shed then was the personal choice: people saw what everybody reads.
    Spell("personalised-recommendations", LAST_WEEK.start + 7 * MINUTE, 76 * MINUTE, 1),
)
TITLE = "Recommendations are slow, and not personal for the moment"
# When what was said, in which state.
SAID = (
    (8, "investigating", "Recommendations answer slowly, and some not at all. We are looking into it."),
    (
        16,
        "identified",
        "Many more people than usual ask for recommendations. Until it is calm everybody sees this week's favourites.",
    ),
    (61, "monitoring", "Recommendations answer as fast as usual again. Personal ones come back step by step."),
    (
        122,
        "resolved",
        "Personal recommendations are back for everybody. Nothing you saved is lost.",
    ),
)


def remember(end: int) -> None:
    """Write it all down, for an anchor at `end` (epoch seconds), in place of the little that the replay has noted."""
    known = {row.name: row for row in Capability.objects.all()}
    CapabilityChange.objects.filter(at__lt=from_epoch(end + LAST_WEEK.start)).delete()
    rows = [_change(row, end + BEGAN, 0) for row in known.values()]
    for spell in SPELLS:
        row = known[spell.capability]
        rows.append(_change(row, end + spell.start, spell.mode))
        rows.append(_change(row, end + spell.start + spell.length, 0))
    CapabilityChange.objects.bulk_create(sorted(rows, key=lambda row: row.at))
    _tell(end + LAST_WEEK.start)


def _change(row: Capability, at: int, position: int | None) -> CapabilityChange:
    place = position or 0
    chosen = mode(row.modes[place])
    resort = is_last_resort(chosen, place)
    state = "last resort" if resort else "degraded" if place else "full"
    harms = Present(chosen, place, "full", ()).harms
    return CapabilityChange(
        capability=row,
        at=from_epoch(at),
        mode=chosen.name,
        state="unknown" if position is None else state,
        harms=harms,
    )


def _tell(begin: int) -> None:
    """The incident of last week, with its updates."""
    alert = Alert.objects.filter(objective__component__name=LAST_WEEK.component, severity="page").order_by("pk").first()
    began = from_epoch(begin)
    (minute, state, text), *later = SAID
    incident = open_incident(
        *(TITLE, text),
        impact="minor",
        at=began + timedelta(minutes=minute),
        by=BY,
        state=state,
        capabilities=["personalised-recommendations"],
        alert=alert,
    )
    for minute, state, text in later:
        update_incident(incident.pk, text, state=state, at=began + timedelta(minutes=minute), by=BY)
