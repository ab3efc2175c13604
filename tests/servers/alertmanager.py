"""A real Alertmanager."""

from typing import Any

import requests
import yaml

from tests.servers.process import Server


class Alertmanager(Server):
    """Takes alerts at `url` (API v2); passes them on to `webhook`, if given, within about a second."""

    program = "prometheus-alertmanager"
    package = "prometheus-alertmanager"

    def __init__(self, webhook: str = "") -> None:
        super().__init__()
        receiver: dict[str, Any] = {"name": "out"}
        if webhook:
            receiver["webhook_configs"] = [{"url": webhook, "send_resolved": True}]
        route = {"receiver": "out", "group_by": ["..."], "group_wait": "1s", "group_interval": "1s"}
        config = {"route": route, "receivers": [receiver]}
        (self.folder / "alertmanager.yml").write_text(yaml.safe_dump(config))

    def command(self) -> list[str]:
        return [
            self.binary,
            f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
        ]

    def ready(self) -> bool:
        return requests.get(f"{self.url}/-/ready", timeout=2).ok

    def alerts(self, **labels: str) -> list[dict[str, Any]]:
        """The active alerts that carry these labels, as API v2 tells them; a resolved alert is no longer among them."""
        matchers = [f'{name}="{value}"' for name, value in labels.items()]
        answer = requests.get(f"{self.url}/api/v2/alerts", {"filter": matchers}, timeout=10)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found
