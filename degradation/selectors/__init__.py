"""Reads: flags and who decides them, what is shed, how components and circuits are, and what capabilities are left."""

from degradation.selectors.banner_views import banners, past_banners
from degradation.selectors.capability_modes import (
    ModeView,
    capabilities,
    capability_changes,
    latest_capability_changes,
    matrix,
    modes,
    standings,
    what_if,
)
from degradation.selectors.circuit_views import (
    CircuitView,
    ReportView,
    circuit,
    circuit_changes,
    circuit_reports,
    circuits,
)
from degradation.selectors.component_health import Health, Latency, health
from degradation.selectors.flag_views import FlagView, changes, changes_for, flag, flags, histories
from degradation.selectors.incident_views import (
    incident,
    incidents,
    incidents_of_alert,
    open_incidents,
    readers,
    webhooks,
)
from degradation.selectors.public_status import public_status
from degradation.selectors.served import Served, served
from degradation.selectors.shed_views import ShedSpan, ShedView, shedding, sheds, sheds_of

__all__ = [
    "CircuitView",
    "FlagView",
    "Health",
    "Latency",
    "ModeView",
    "ReportView",
    "Served",
    "ShedSpan",
    "ShedView",
    "banners",
    "capabilities",
    "capability_changes",
    "changes",
    "changes_for",
    "circuit",
    "circuit_changes",
    "circuit_reports",
    "circuits",
    "flag",
    "flags",
    "health",
    "histories",
    "incident",
    "incidents",
    "incidents_of_alert",
    "latest_capability_changes",
    "matrix",
    "modes",
    "open_incidents",
    "past_banners",
    "public_status",
    "readers",
    "served",
    "shedding",
    "sheds",
    "sheds_of",
    "standings",
    "webhooks",
    "what_if",
]
