"""The reacting step of the tick."""

from datetime import datetime

from degradation.services import flags, shed


def react(at: datetime) -> None:
    """End the overrides whose time is up, then shed or restore where a policy says so."""
    flags.expire(at)
    shed.shed(at)
