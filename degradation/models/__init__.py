"""What the system can still do, and what it leaves undone on purpose."""

from degradation.models.capability import Capability
from degradation.models.flag import Flag, FlagChange
from degradation.models.shedding import Shedding, SheddingPolicy

__all__ = ["Capability", "Flag", "FlagChange", "Shedding", "SheddingPolicy"]
