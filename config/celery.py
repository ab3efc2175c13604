"""The Celery application and what beat starts."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import before_task_publish
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


TRANSPORT_ALIASES["filesystem"] = "config.broker:Transport"


def _transport() -> dict[str, Any]:
    if not settings.BROKER_URL.startswith("filesystem"):
        return {}
    folder = Path(settings.BROKER_URL.removeprefix("filesystem://") or settings.BASE_DIR / "var" / "broker")
    parts = {name: folder / name for name in ("queue", "control", "processed")}
    for part in parts.values():
        part.mkdir(parents=True, exist_ok=True)
    # Both sides read and write the same folder, so in and out are one.
    return {
        "data_folder_in": str(parts["queue"]),
        "data_folder_out": str(parts["queue"]),
        "control_folder": str(parts["control"]),
        "processed_folder": str(parts["processed"]),
        "store_processed": False,
    }


app = Celery("brownout")
app.conf.update(
    broker_url="filesystem://" if settings.BROKER_URL.startswith("filesystem") else settings.BROKER_URL,
    broker_transport_options=_transport(),
    broker_connection_retry_on_startup=True,
    task_ignore_result=True,
    # A worker that dies leaves its task to be taken again; every task is safe to repeat.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    timezone="UTC",
    beat_schedule_filename=str(settings.BASE_DIR / "var" / "beat"),
    beat_schedule={
        # A tick that waited longer than its own interval is dropped: the next one catches up from the watermark.
        "tick": {
            "task": "config.pipeline.run_tick",
            "schedule": settings.TICK_SECONDS,
            "options": {"expires": settings.TICK_SECONDS},
        },
        "deliver": {
            "task": "alerts.tasks.deliver",
            "schedule": min(10, settings.TICK_SECONDS),
            "options": {"expires": 10},
        },
        # Webhooks and banners of shed steps: never part of a tick, which a slow receiver would hold up.
        "carry-out": {
            "task": "degradation.tasks.carry_out",
            "schedule": min(10, settings.TICK_SECONDS),
            "options": {"expires": 10},
        },
        "tell-subscribers": {
            "task": "degradation.tasks.tell_subscribers",
            "schedule": min(10, settings.TICK_SECONDS),
            "options": {"expires": 10},
        },
        "thin-sheds": {"task": "degradation.tasks.thin", "schedule": 3600, "options": {"expires": 3600}},
        # Each source is asked once an hour; a new one need not wait for that.
        "look": {"task": "slo.tasks.look", "schedule": 300, "options": {"expires": 300}},
        # A few seconds of work at a time: a source with a long memory must not keep a tick waiting.
        "fill": {"task": "slo.tasks.fill", "schedule": 10, "options": {"expires": 10}},
        "thin": {"task": "slo.tasks.thin", "schedule": 3600, "options": {"expires": 3600}},
    },
)
app.autodiscover_tasks()
app.autodiscover_tasks(["config"], related_name="pipeline")
app.autodiscover_tasks(["config"], related_name="watchdog")
if settings.WATCHDOG_URL:
    app.conf.beat_schedule["watchdog"] = {
        "task": "config.watchdog.heartbeat",
        "schedule": settings.WATCHDOG_SECONDS,
        "options": {"expires": settings.WATCHDOG_SECONDS},
    }


@before_task_publish.connect(sender="config.pipeline.run_tick")
def beat_is_alive(**_: object) -> None:
    """Beat is the only sender of ticks, so a tick being sent shows that beat lives."""
    from slo.services.heartbeat import beat

    beat("beat", datetime.now(UTC))
