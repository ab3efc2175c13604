"""Entries of measuring: what the pipeline and beat start."""

from datetime import UTC, datetime

from celery import shared_task

from slo.services import annotations, events, filling, latency, memory
from slo.services import collect as collecting
from slo.services import thin as thinning


def collect(at: datetime) -> None:
    """Measure every objective up to the last tick at or before `at`."""
    collecting.collect(at)


def read_latency(at: datetime) -> None:
    """Read how long components take at present."""
    latency.read(at)


@shared_task
def look() -> None:
    """Ask the sources how far back they remember, where that is due."""
    memory.look(datetime.now(UTC))


@shared_task
def fill() -> None:
    """Go on filling in the history of objectives made on pages."""
    filling.fill(datetime.now(UTC))


@shared_task
def thin() -> None:
    """Delete rows of the ledger that the retention policy no longer asks for, and posts and annotations long past."""
    at = datetime.now(UTC)
    thinning.thin(at)
    events.forget(at)
    annotations.forget(at)
