"""A real web server of Brownout, and a way to flip its flags from outside of it."""

import os
import secrets
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from tests.servers import Server

ROOT = Path(__file__).resolve().parents[2]


class Web(Server):
    """gunicorn as the project runs it, on a SQLite file of its own."""

    program = "web"

    def __init__(self, token: str, **settings: str) -> None:
        super().__init__()
        self.token, self._settings = token, settings
        self.database = self.folder / "brownout.sqlite3"

    @classmethod
    def find(cls) -> str:
        return sys.executable

    def command(self) -> list[str]:
        serve = ("-m", "gunicorn", "--config", "python:config.gunicorn", "config.wsgi")
        return [sys.executable, *serve, "--bind", f"127.0.0.1:{self.port}", "--graceful-timeout", "20"]

    def environment(self) -> Mapping[str, str]:
        return {
            **{name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ},
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "SECRET_KEY": secrets.token_urlsafe(50),
            "HTTPS": "0",
            "BROKER_URL": "memory://",
            "DATABASE_URL": f"sqlite:///{self.database}",
            **self._settings,
        }

    def ready(self) -> bool:
        return requests.get(f"{self.url}/health/live", timeout=2).ok

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def evaluate(self, key: str, **context: Any) -> Any:
        """What the server answers for one flag."""
        url = f"{self.url}/ofrep/v1/evaluate/flags/{key}"
        return requests.post(url, json={"context": context}, headers=self.headers, timeout=5).json()

    def work_seconds(self) -> float:
        """User and system time of the processes that answer."""
        assert self._process is not None
        pids = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
        return sum(int(found[11]) + int(found[12]) for found in fields) / os.sysconf("SC_CLK_TCK")

    def write(self, statement: str, *values: Any) -> None:
        """Change the database behind the server's back, as another process would."""
        with sqlite3.connect(self.database, timeout=10) as database:
            database.execute(statement, values)

    def shed(self, key: str) -> None:
        shed = "shed_at = '2026-03-02 12:00:00', shed_reason = 'it burns'"
        self.write(f"UPDATE degradation_flag SET {shed} WHERE key = ?", key)

    def restore(self, key: str) -> None:
        self.write("UPDATE degradation_flag SET shed_at = NULL, shed_reason = '' WHERE key = ?", key)
