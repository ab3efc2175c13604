"""What the system can still do, and what it leaves undone on purpose."""

from degradation.models.banner import Banner
from degradation.models.capability import Capability, CapabilityChange, CapabilityStanding
from degradation.models.circuit import Circuit, CircuitChange, CircuitReport, CircuitSettings
from degradation.models.drill import Drill
from degradation.models.flag import Flag, FlagChange
from degradation.models.incident import Incident, IncidentUpdate
from degradation.models.shedding import Automation, AutomationChange, Shedding, SheddingPolicy
from degradation.models.step import ShedCount, ShedReport, ShedStep
from degradation.models.subscriber import Notice, Subscriber

__all__ = [
    "Automation",
    "AutomationChange",
    "Banner",
    "Capability",
    "CapabilityChange",
    "CapabilityStanding",
    "Circuit",
    "CircuitChange",
    "CircuitReport",
    "CircuitSettings",
    "Drill",
    "Flag",
    "FlagChange",
    "Incident",
    "IncidentUpdate",
    "Notice",
    "ShedCount",
    "ShedReport",
    "ShedStep",
    "Shedding",
    "SheddingPolicy",
    "Subscriber",
]
