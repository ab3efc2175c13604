"""The demo's processes, started and stopped together."""

import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import requests
from honcho.manager import SYSTEM_PRINTER_NAME, Manager
from honcho.printer import Printer

from demo.environment import BASE_DIR

STOPPED_BY_HAND = {130, 143}
PATIENCE = 60.0


class Lines(Printer):  # type: ignore[misc]
    """Prints what the processes say, not how they are managed; remembers which one stopped first."""

    first_stop = ""

    def write(self, message: Any) -> None:
        if message.name != SYSTEM_PRINTER_NAME:
            super().write(message)
        elif not self.first_stop and " stopped " in message.data:
            self.first_stop = message.data.strip()


def commands(data: Path, port: int, world_port: int, anchor: float) -> dict[str, list[str]]:
    """What to run, by name."""
    python = sys.executable
    celery = [python, "-m", "celery", "--quiet", "-A", "config"]
    calm = ["--loglevel", "WARNING"]
    return {
        "web": [
            *(python, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}"),
            *("--workers", "1", "--threads", "4", "--log-level", "warning", "--graceful-timeout", "3"),
        ],
        "worker": [
            *(*celery, "worker", "--pool", "threads", "--concurrency", "2", *calm),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        "beat": [*celery, "beat", "--schedule", str(data / "beat"), "--pidfile", "", *calm],
        "world": [
            *(python, "-m", "demo.world", "--port", str(world_port)),
            *("--flags", f"http://127.0.0.1:{port}", "--anchor", str(anchor)),
        ],
    }


def run(commands: Mapping[str, Sequence[str]], secret: Mapping[str, str], ready: Callable[[], None], url: str) -> int:
    """Run them until one ends or a person stops them; `ready` is called once `url` answers. Returns the exit code.

    `secret` is added to their environment.
    """
    lines = Lines()
    manager = Manager(lines)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **secret}
    for name, command in commands.items():
        manager.add_process(name, f"exec {shlex.join(command)}", env=environment, cwd=str(BASE_DIR))
    # Closing the terminal is another way to stop.
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    threading.Thread(target=_announce, args=(url, ready), daemon=True).start()
    manager.loop()
    if manager.returncode in STOPPED_BY_HAND:
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
