"""Brownout as it is deployed: a web server, a worker and a scheduler, each a process of its own."""

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from tests.journeys.catalog import FLAG, OBJECTIVE
from tests.servers import Server, ServerError

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent
# What to show of a Brownout whose test failed.
STATE = (
    "/health/deep",
    f"/api/v1/objectives/{OBJECTIVE}",
    "/api/v1/alerts",
    "/api/v1/alerts/1",
    f"/api/v1/flags/{FLAG}/changes",
)


class Process(Server):
    """One process. It is ready once it has written `sign`, or, without one, once it answers /health/live."""

    def __init__(self, name: str, arguments: list[str], environment: Mapping[str, str], sign: str = "") -> None:
        self.program, self._arguments, self._environment, self._sign = name, arguments, environment, sign
        super().__init__()
        self._written = 0

    @classmethod
    def find(cls) -> str:
        return sys.executable

    def command(self) -> list[str]:
        program, *arguments = (part.format(port=self.port, folder=self.folder) for part in self._arguments)
        return [str(PROGRAMS / program), *arguments]

    def environment(self) -> Mapping[str, str]:
        return self._environment

    def start(self, timeout: float = 60) -> "Process":
        self._written = self.log_file.stat().st_size if self.log_file.exists() else 0
        super().start(timeout)
        return self

    def ready(self) -> bool:
        if self._sign:
            return self._sign.encode() in self.log_file.read_bytes()[self._written :]
        return requests.get(f"{self.url}/health/live", timeout=2).ok


class Brownout:
    """Everything on one database and one broker: `prepare`, then `start`; the parts can be killed one by one."""

    def __init__(self, folder: Path, *, database: str, broker: str, tick: int = 1) -> None:
        (folder / "broker").mkdir()
        self._environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ},
            "HOME": str(folder),  # gunicorn keeps a control socket there
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "DEBUG": "0",
            "HTTPS": "0",
            "PUBLIC_READ": "1",
            "TICK_SECONDS": str(tick),
            "DATABASE_URL": database,
            "BROKER_URL": broker,
        }
        web = ["gunicorn", "--config=python:config.gunicorn", "config.wsgi", "--bind=127.0.0.1:{port}"]
        self.web = self._process("web", web)
        self._environment["BASE_URL"] = self.web.url
        worker = ["celery", "-A", "config", "worker", "--pool=threads", "--concurrency=4", "--loglevel=INFO"]
        self.worker = self._process("worker", worker, " ready.")
        beat = ["celery", "-A", "config", "beat", "--schedule={folder}/beat", "--loglevel=INFO"]
        self.beat = self._process("beat", beat, "beat: Starting...")
        self.parts = (self.web, self.worker, self.beat)

    @property
    def url(self) -> str:
        return self.web.url

    def prepare(self, catalog: Path) -> str:
        """Migrate and apply the catalog. Returns a token for applications."""
        self.manage("migrate", "--verbosity=0")
        self.manage("apply", str(catalog))
        self.manage("automatic", "on", "--reason", "the journey sheds")
        return self.manage("token", "shop").strip()

    def start(self) -> None:
        """Start every part."""
        for part in self.parts:
            part.start()

    def remove(self) -> None:
        """End every part and delete their folders."""
        for part in self.parts:
            part.remove()

    def manage(self, *arguments: str) -> str:
        """What a management command writes. Raises ServerError with its words when it fails."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode:
            raise ServerError(f"manage.py {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def get(self, path: str) -> Any:
        """The JSON at a path of the web server."""
        answer = requests.get(f"{self.url}{path}", timeout=10)
        answer.raise_for_status()
        return answer.json()

    def objective(self, name: str) -> dict[str, Any]:
        """An objective's status."""
        status: dict[str, Any] = self.get(f"/api/v1/objectives/{name}")
        return status

    def logs(self) -> list[tuple[str, str]]:
        """What every part wrote, without the routine of every tick, and what Brownout holds to be true."""
        written = [(f"log of {part.program}", _without_routine(part.log(1000))) for part in self.parts]
        return [*((path, self._told(path)) for path in STATE), *written]

    def _told(self, path: str) -> str:
        try:
            return requests.get(f"{self.url}{path}", timeout=10).text
        except requests.RequestException as error:
            return str(error)

    def _process(self, name: str, arguments: list[str], sign: str = "") -> Process:
        return Process(name, arguments, self._environment, sign)


def _without_routine(log: str) -> str:
    routine = (" received", " succeeded in ", "Sending due task", "Service Unavailable: /health/deep")
    return "\n".join([line for line in log.splitlines() if not any(words in line for words in routine)][-80:])
