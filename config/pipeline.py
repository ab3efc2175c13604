"""The tick: measure → judge → shed, in this order; each part survives the failure of the one before it. What is only to
be looked at, how long components take, comes last.

Messages are not part of it: the outbox drains by itself, so a slow receiver never delays shedding.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from celery import shared_task

from alerts import tasks as alerts_tasks
from degradation import tasks as degradation_tasks
from slo import tasks as slo_tasks
from slo.services.heartbeat import beat

log = logging.getLogger(__name__)

STEPS: tuple[Callable[[datetime], object], ...] = (
    slo_tasks.collect,
    alerts_tasks.evaluate,
    degradation_tasks.react,
    slo_tasks.read_latency,
)


def tick(at: datetime) -> list[str]:
    """Run every step for the instant `at`. Returns the names of the steps that failed; their errors are logged."""
    failed = []
    for step in STEPS:
        try:
            step(at)
        except Exception:
            log.exception("The step %s of the tick at %s failed; the next one goes on", step.__module__, at)
            failed.append(step.__name__)
    return failed


@shared_task
def run_tick() -> None:
    """The tick of this moment, as beat starts it."""
    at = datetime.now(UTC)
    failed = tick(at)
    beat("worker", at)
    for name in ("collect", "evaluate", "react"):
        if name not in failed:
            beat(name, at)
