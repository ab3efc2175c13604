"""The kinds of documents that say whom to tell, what to do, and what nobody wants to hear of for a while."""

from alerts.services.catalog.channels import Channels
from alerts.services.catalog.runbooks import Runbooks
from alerts.services.catalog.silences import Silences
from slo.services.catalog import register


def register_all() -> None:
    """Make the kinds of this package known to the catalog."""
    for handler in (Channels(), Runbooks(), Silences()):
        register(handler)
