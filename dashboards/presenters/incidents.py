"""Incidents for the team: with who said what, and the alert they come from."""

from dataclasses import dataclass

from dashboards import formats
from dashboards.forms_status import IMPACTS as IMPACT_CHOICES
from dashboards.forms_status import STATES
from dashboards.presenters.badges import Badge
from dashboards.presenters.status import IMPACTS, RESOLVED
from degradation import selectors as degradation
from degradation.models import Capability, Incident, IncidentUpdate, Subscriber


@dataclass(frozen=True, slots=True)
class TeamIncident:
    item: Incident
    badge: Badge
    concerns: str
    updates: tuple[IncidentUpdate, ...]


@dataclass(frozen=True, slots=True)
class ManagePage:
    open: tuple[TeamIncident, ...]
    past: tuple[TeamIncident, ...]
    capabilities: tuple[Capability, ...]
    webhooks: tuple[Subscriber, ...]
    readers: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the public has been told of an alert, and what a new incident of it would concern."""

    incidents: tuple[TeamIncident, ...]
    capabilities: tuple[Capability, ...]

    states: tuple[tuple[str, str], ...] = STATES
    impacts: tuple[tuple[str, str], ...] = IMPACT_CHOICES

    @property
    def open(self) -> bool:
        """Is an incident of this alert not over?"""
        return any(row.item.resolved_at is None for row in self.incidents)


def manage_page() -> ManagePage:
    """All of it."""
    found = [_row(item) for item in degradation.incidents(limit=50)]
    return ManagePage(
        open=tuple(row for row in found if row.item.resolved_at is None),
        past=tuple(row for row in found if row.item.resolved_at),
        capabilities=tuple(Capability.objects.all()),
        webhooks=tuple(degradation.webhooks()),
        readers=formats.plural(degradation.readers(), "person", "people"),
    )


def told(alert: int) -> Told:
    """The incidents of an alert."""
    return Told(tuple(_row(item) for item in degradation.incidents_of_alert(alert)), tuple(Capability.objects.all()))


def _row(item: Incident) -> TeamIncident:
    badge = RESOLVED if item.resolved_at else IMPACTS[item.impact]
    concerns = formats.listing([capability.title for capability in item.capabilities.all()])
    return TeamIncident(item, badge, concerns, tuple(item.updates.all()))
