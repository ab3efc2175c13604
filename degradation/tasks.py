"""The reacting step of the tick."""

from datetime import datetime

from degradation.services import circuit_reports, circuits, flags, shed


def react(at: datetime) -> None:
    """End the overrides whose time is up, judge the circuits, then shed or restore where a policy says so.

    What fails with the circuits is told after the shedding, which goes on without them.
    """
    flags.expire(at)
    try:
        circuit_reports.forget(at)
        circuits.judge(at)
    finally:
        shed.shed(at)
