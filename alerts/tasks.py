"""Task entries of judging and telling."""

from datetime import UTC, datetime

from celery import shared_task
from django.db import transaction

from alerts.services.channel_watch import watch
from alerts.services.deliver import deliver as deliver_due
from alerts.services.evaluate import evaluate as evaluate_all
from slo.services.heartbeat import beat


def evaluate(at: datetime) -> None:
    """Judge every objective at `at`, and wake the outbox if there is something to tell."""
    if evaluate_all(at):
        transaction.on_commit(_wake, robust=True)


@shared_task(ignore_result=True)
def deliver() -> None:
    """Send what is due by now, then see which channels do not get through."""
    at = datetime.now(UTC)
    try:
        deliver_due(at)
        beat("deliver", at)
    finally:
        watch(at)


def _wake() -> None:
    # Beat starts the outbox every few seconds anyway: a broker out of reach must not fail what was judged.
    deliver.apply_async(expires=10, retry=False)
