"""The demo's processes, started and stopped together."""

import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests
from honcho.manager import SYSTEM_PRINTER_NAME, Manager
from honcho.printer import Printer

from demo.environment import BASE_DIR

STOPPED_BY_HAND = {130, 143}
PATIENCE = 60.0
# Celery objects to root with eight lines; in a container or a virtual machine there is often nobody else.
QUIET = "ignore:You're running the worker with superuser privileges"


class Lines(Printer):  # type: ignore[misc]
    """Prints what the processes say, not how they are managed, and nothing more once the end has begun.

    `first_stop` tells which one stopped by itself.
    """

    first_stop = ""
    _ending = False

    def write(self, message: Any) -> None:
        if message.name != SYSTEM_PRINTER_NAME:
            if not self._ending:
                # A terminal that is gone must not keep anything from being stopped in order.
                with suppress(OSError):
                    super().write(message)
        elif not self._ending and (" stopped " in message.data or " received" in message.data):
            self._ending, self.first_stop = True, message.data.strip()


def commands(
    data: Path, port: int, world_port: int, anchor: float, told: tuple[str, float] | None = None
) -> dict[str, list[str]]:
    """What to run, by name. `told` is a scenario and the epoch seconds it begins at."""
    python = sys.executable
    celery = [python, "-m", "celery", "--quiet", "-A", "config"]
    calm = ["--loglevel", "WARNING"]
    return {
        "web": [
            *(python, "-m", "gunicorn", "--config", "python:config.gunicorn", "config.wsgi"),
            *("--bind", f"127.0.0.1:{port}", "--workers", "1"),
            *("--log-level", "warning", "--graceful-timeout", "1"),
        ],
        "worker": [
            *(*celery, "worker", "--pool", "threads", "--concurrency", "2", *calm),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        "beat": [*celery, "beat", "--schedule", str(data / "beat"), "--pidfile", "", *calm],
        "world": [
            *(python, "-m", "demo.world", "--port", str(world_port)),
            *("--flags", f"http://127.0.0.1:{port}", "--anchor", str(anchor)),
            *(("--scenario", told[0], "--begun", str(told[1])) if told else ()),
        ],
    }


def run(commands: Mapping[str, Sequence[str]], secret: Mapping[str, str], ready: Callable[[], None], url: str) -> int:
    """Run them until one ends or a person stops them; `ready` is called once `url` answers.

    `secret` is added to their environment. Returns the exit code: 0 when a person stopped them.
    """
    lines = Lines()
    manager = Manager(lines)
    # The world's client is not installed: a program of its own would have it from the package of that name.
    client = {"PYTHONPATH": str(BASE_DIR / "client")}
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": QUIET, **client, **secret}
    for name, command in commands.items():
        manager.add_process(name, f"exec {shlex.join(command)}", env=environment, cwd=str(BASE_DIR))
    # Closing the terminal is another way to stop.
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    threading.Thread(target=_announce, args=(url, ready), daemon=True).start()
    manager.loop()
    if manager.returncode in STOPPED_BY_HAND:
        sys.stdout.write("Stopped. The next start goes on with the data.\n")
        return 0
    sys.stderr.write(f"The demo ended, because {lines.first_stop}; the reason is in the lines above.\n")
    return manager.returncode or 1


def _announce(url: str, ready: Callable[[], None]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if requests.get(url, timeout=1).ok:
                ready()
                return
        except requests.RequestException:
            time.sleep(0.1)
