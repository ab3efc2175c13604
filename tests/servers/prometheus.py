"""A real Prometheus."""

import json
import subprocess
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import yaml

from tests.servers.process import Server, ServerError, find, until


class Prometheus(Server):
    """Scrapes targets every `interval` seconds (job "service", label `instance` = host:port).

    `targets` are addresses such as "http://127.0.0.1:8080" (their /metrics) or plain "host:port". Prometheus takes
    up new targets within about five seconds: `await_scrape` waits for that. A later `start` keeps the data.
    """

    program = "prometheus"
    package = "prometheus"

    def __init__(self, targets: Iterable[str] = (), interval: float = 1, *, arguments: Iterable[str] = ()) -> None:
        super().__init__()
        self.interval = interval
        self.arguments = list(arguments)
        self.data = self.folder / "data"
        self.set_targets(targets)
        self._write_config()

    def command(self) -> list[str]:
        return [
            self.binary,
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.data}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--web.enable-lifecycle",
            *self.arguments,
        ]

    def ready(self) -> bool:
        return requests.get(f"{self.url}/-/ready", timeout=2).ok

    def set_targets(self, targets: Iterable[str]) -> None:
        """Scrape these from now on; taken up by itself within about five seconds."""
        groups = [{"targets": [urlsplit(target).netloc or target for target in targets]}]
        fresh = self.folder / "targets.json.new"
        fresh.write_text(json.dumps(groups))
        fresh.replace(self.folder / "targets.json")

    def reload(self) -> None:
        """Read the configuration again."""
        requests.post(f"{self.url}/-/reload", timeout=10).raise_for_status()

    def query(self, expression: str, at: datetime | float | None = None) -> list[dict[str, Any]]:
        """An instant query's vector: [{"metric": labels, "value": [instant, text]}]. Raises ServerError."""
        moment = at.timestamp() if isinstance(at, datetime) else at
        answer = requests.get(f"{self.url}/api/v1/query", {"query": expression, "time": moment}, timeout=10).json()
        if answer["status"] != "success":
            raise ServerError(f"{expression}: {answer['error']}")
        vector: list[dict[str, Any]] = answer["data"]["result"]
        return vector

    def value(self, expression: str, at: datetime | float | None = None) -> float | None:
        """The one number of an instant query; None for an empty answer."""
        vector = self.query(expression, at)
        return float(vector[0]["value"][1]) if vector else None

    def await_scrape(self, url: str, timeout: float = 30) -> None:
        """Wait until the target is being scraped successfully."""
        instance = urlsplit(url).netloc or url
        until(lambda: self.value(f'up{{instance="{instance}"}}') == 1, timeout, what=f"a scrape of {instance}")

    def over(self, expression: str, instants: range) -> list[dict[str, Any]]:
        """A range query's matrix: [{"metric": labels, "values": [[instant, text], …]}]. Raises ServerError."""
        span: dict[str, str | int] = {"start": instants.start, "end": instants[-1], "step": instants.step}
        answer = requests.get(f"{self.url}/api/v1/query_range", {"query": expression, **span}, timeout=10).json()
        if answer["status"] != "success":
            raise ServerError(f"{expression}: {answer['error']}")
        matrix: list[dict[str, Any]] = answer["data"]["result"]
        return matrix

    def load(self, openmetrics: str) -> None:
        """Put history into the data folder, as OpenMetrics text with timestamps (ended by `# EOF`). Stop it first."""
        if self.alive:
            raise ServerError("history is loaded while Prometheus is stopped")
        text = self.folder / "history.txt"
        text.write_text(openmetrics)
        tool = find("promtool", self.package)
        made = subprocess.run(
            [tool, "tsdb", "create-blocks-from", "openmetrics", str(text), str(self.data)],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise ServerError(f"promtool: {made.stdout}{made.stderr}")

    def set_rules(self, text: str) -> None:
        """Evaluate these rules from the next start or reload on."""
        (self.folder / "rules.yml").write_text(text)

    def _write_config(self) -> None:
        every = f"{int(self.interval * 1000)}ms"
        job = {
            "job_name": "service",
            "file_sd_configs": [{"files": [str(self.folder / "targets.json")], "refresh_interval": "1s"}],
        }
        config = {
            "global": {"scrape_interval": every, "scrape_timeout": every},
            "rule_files": [str(self.folder / "rules.yml")],
            "scrape_configs": [job],
        }
        (self.folder / "prometheus.yml").write_text(yaml.safe_dump(config))
