"""The dead man's switch: a heartbeat to somebody outside, sent only while the loop runs from measuring to telling.

Who watches the watcher must be elsewhere: whatever stops here, its silence there is what wakes people.
"""

import logging
from datetime import UTC, datetime

import requests
from celery import shared_task
from django.conf import settings

from config.health import limit
from slo.models import Heartbeat

log = logging.getLogger(__name__)

NEEDED = ("collect", "evaluate", "deliver")
TIMEOUT = 5.0


def stopped(at: datetime) -> list[str]:
    """The parts that have shown no sign of life for too long."""
    beats = dict(Heartbeat.objects.filter(name__in=NEEDED).values_list("name", "at"))
    return [name for name in NEEDED if name not in beats or (at - beats[name]).total_seconds() > limit()]


def watch(at: datetime) -> bool:
    """Send the heartbeat, unless a part has stopped. Returns whether it was received."""
    silent = stopped(at)
    if silent:
        log.error("No heartbeat goes to the watchdog: %s stopped", " and ".join(silent))
        return False
    try:
        # Nothing of the answer is read but its status; the address is a secret and stays out of the log.
        with requests.get(settings.WATCHDOG_URL, timeout=TIMEOUT, stream=True) as answer:
            received = answer.ok
    except requests.RequestException as error:
        log.warning("The watchdog could not be reached: %s", type(error).__name__)
        return False
    if not received:
        log.warning("The watchdog answered %s", answer.status_code)
    return received


@shared_task(ignore_result=True)
def heartbeat() -> None:
    """The heartbeat of this moment, as beat starts it."""
    watch(datetime.now(UTC))
