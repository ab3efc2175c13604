"""Signs of life."""

from datetime import datetime

from slo.models import Heartbeat


def beat(name: str, at: datetime) -> None:
    """Note that the part `name` was alive at `at`."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": at})
