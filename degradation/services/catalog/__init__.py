"""The kinds of documents that say how to degrade."""

from degradation.services.catalog.capabilities import Capabilities
from degradation.services.catalog.circuits import Circuits
from degradation.services.catalog.flags import Flags
from degradation.services.catalog.policies import SheddingPolicies
from slo.services.catalog import register


def register_all() -> None:
    """Make the kinds known to `apply` and `export`."""
    for handler in (SheddingPolicies(), Circuits(), Flags(), Capabilities()):
        register(handler)
