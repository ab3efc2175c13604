"""The reacting step of the tick, and what it leaves to be carried out beside it."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from celery import shared_task

from degradation.services import (
    capabilities,
    circuit_reports,
    circuits,
    drills,
    flags,
    notices,
    shed,
    shed_requests,
    subscribers,
)
from degradation.services import carry_out as saga

log = logging.getLogger(__name__)
STEPS: tuple[Callable[[datetime], object], ...] = (
    flags.expire,
    drills.end_due,
    circuit_reports.forget,
    circuits.judge,
    capabilities.judge,
    shed.shed,
    drills.begin_planned,
)


def react(at: datetime) -> None:
    """End overrides and drills whose time is up, judge the circuits, shed or restore where a policy says so.

    A step that fails leaves the others to go on; raises ExceptionGroup at the end with what failed.
    """
    failures: list[Exception] = []
    for step in STEPS:
        try:
            step(at)
        except Exception as error:
            log.exception("%s failed; what comes after it goes on", step.__module__)
            failures.append(error)
    if failures:
        raise ExceptionGroup("reacting failed in part", failures)


@shared_task(ignore_result=True)
def carry_out() -> None:
    """Call the webhooks and put up the banners of shed steps. Never part of the tick: a receiver may be slow."""
    saga.carry_out(datetime.now(UTC))


@shared_task(ignore_result=True)
def tell_subscribers() -> None:
    """Send what subscribers of the status page are owed."""
    notices.send_due(datetime.now(UTC))


@shared_task(ignore_result=True)
def thin() -> None:
    """Forget counts of shed requests that no window reaches any more, changes of circuits long past, and subscribers
    who never confirmed."""
    at = datetime.now(UTC)
    shed_requests.thin(at)
    circuits.thin(at)
    subscribers.forget(at)
