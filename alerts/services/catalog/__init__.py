"""The kinds of documents that say whom to tell and what to do."""

from alerts.services.catalog.channels import Channels
from alerts.services.catalog.runbooks import Runbooks
from slo.services.catalog import register


def register_all() -> None:
    """Make the kinds of this package known to the catalog."""
    for handler in (Channels(), Runbooks()):
        register(handler)
