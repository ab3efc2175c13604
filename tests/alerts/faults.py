"""Processes to be killed: `python -m tests.alerts.faults` forks one for each line it reads, and answers with its pid.

`judge SEED FILE` opens and closes alerts, until FILE exists and all are closed; `sender` delivers for ever. Forks start
in milliseconds. Spans are those of the product, divided by ten or so: it is their order that matters.
"""

import os
import random
import signal
import sys
import time
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django

SERVICES, MOST_OPEN = 5, 14


def hurry() -> None:
    """Shorter leases and waits; the adapters' own time-outs (seconds) stay below the lease, as in the product."""
    from alerts.channels import http
    from alerts.rules import breaker, grouping
    from alerts.services import deliver, outbox

    http.CONNECT_SECONDS, http.READ_SECONDS = 0.5, 1.0
    outbox.LEASE = timedelta(seconds=3)
    deliver.PATIENCE_SECONDS, deliver.RUN_SECONDS = 0.3, 1.0
    breaker.BASE, breaker.CAP = 0.3, 1.0
    grouping.RECENT, grouping.APART = timedelta(seconds=2), timedelta(seconds=0.5)
    # Little jitter, so that nothing waits for long.
    random.random = lambda: 0.05


def judge(seed: int, over: Path) -> None:
    """Raise alerts one after the other, each about something new, and end them in no particular order."""
    from alerts.models import Alert
    from alerts.services.raising import hold
    from slo.models import Service

    luck = random.Random(seed)
    services = list(Service.objects.order_by("pk"))
    while True:
        open_ = list(Alert.objects.filter(kind="shedding", state="firing"))
        if over.exists() and not open_:
            return
        if open_ and (over.exists() or len(open_) >= MOST_OPEN or luck.random() < 0.45):
            alert = luck.choice(open_)
            subject, service, matter = alert.subject, alert.service, False
        else:
            number = Alert.objects.count() + 1
            subject, service, matter = f"alert-{number}", services[number % SERVICES], True
        at = datetime.now(UTC)
        hold(
            "shedding", subject, severity="page", title=subject, cause="a trial", condition=matter, at=at,
            service=service,
        )  # fmt: skip
        time.sleep(0.02)


def sender() -> None:
    from alerts.services.deliver import deliver

    while True:
        deliver(datetime.now(UTC))
        time.sleep(0.02)


def live(words: list[str]) -> None:
    """What a process does until it is killed; a connection that broke is made anew, as a worker does with each task."""
    from django.db import Error, connection

    hurry()
    while True:
        try:
            if words[0] == "judge":
                return judge(int(words[1]), Path(words[2]))
            sender()
        except Error:
            connection.close()
            time.sleep(0.05)


def _say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def _warm_up() -> None:
    """Import and compile once, before the forks, what all of them need."""
    from django.db import connection

    import config.urls  # noqa: F401
    from alerts.services.deliver import deliver
    from alerts.services.raising import hold

    at = datetime.now(UTC)
    for matter in (True, False):
        hold("shedding", "warm-up", severity="ticket", title="", cause="", condition=matter, at=at)
    deliver(at)
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()  # type: ignore[attr-defined]


def main() -> None:
    django.setup()
    _warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _say("ready")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            status = 1
            try:
                live(line.split())
                status = 0
            except BaseException:  # noqa: BLE001 (said before the end)
                traceback.print_exc()
            finally:
                os._exit(status)
        _say(child)


if __name__ == "__main__":
    main()
