"""The assistant's instances: each keeps circuits around what it calls, and tells Brownout of them."""

import logging
import random
from collections.abc import Mapping
from typing import Any

import requests

from demo.world.model import Condition

log = logging.getLogger("world")
INSTANCES, CALLS, TIMEOUT = 12, 20, 3.0
# Brownout forgets who is silent for two minutes.
EVERY = 15.0
CALLED = ("catalog", "llm", "recommendations", "orders", "returns", "promotions")
# From which share of failures on the first and the last instance open: none sees quite the same.
FIRST, LAST = 0.15, 0.5


class Clients:
    """Their circuits as they are at each report, told with a reporter's token; while nobody listens it goes on."""

    def __init__(self, url: str, token: str, seed: int = 11) -> None:
        self._url, self._token = url, token
        self._chance = random.Random(seed)
        self._silent = False

    def reports(self, conditions: Mapping[str, Condition]) -> list[dict[str, Any]]:
        """What every instance has to say of every part it calls."""
        return [self._report(name, number, conditions[name].errors) for name in CALLED for number in range(INSTANCES)]

    def tell(self, conditions: Mapping[str, Condition]) -> None:
        """Report once; a failure is told once and changes nothing."""
        try:
            answer = requests.post(
                f"{self._url}/api/v1/circuits/report",
                json=self.reports(conditions),
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=TIMEOUT,
            )
            answer.raise_for_status()
        except requests.RequestException as error:
            if not self._silent:
                log.warning("No circuits told to %s (%s)", self._url, type(error).__name__)
            self._silent = True
            return
        self._silent = False

    def _report(self, component: str, number: int, errors: float) -> dict[str, Any]:
        failed = sum(self._chance.random() < errors for _ in range(CALLS))
        limit = FIRST + (LAST - FIRST) * number / (INSTANCES - 1)
        state = "open" if failed >= limit * CALLS else "closed"
        client = f"assistant-{number + 1}"
        return {"component": component, "client": client, "state": state, "calls": CALLS, "failed": failed}
