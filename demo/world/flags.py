"""The world reads its flags as any application would: through Brownout's client."""

import logging

from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.evaluation_context import EvaluationContext

from brownout import BrownoutProvider
from demo.world.components import FLAGS

log = logging.getLogger("world")
# While no stream tells of flips.
INTERVAL = 2.0


class Flags:
    """What is switched off. While Brownout does not answer, what it said last holds; at first everything is on."""

    def __init__(self, url: str, token: str) -> None:
        self._domain = f"world at {url}"
        self._provider = BrownoutProvider(url, token, interval=INTERVAL, first_wait=0.0)
        # Without Brownout the world is as its makers meant it, so that the demo shows something from the start.
        self._default = True
        self._said: frozenset[str] = frozenset()

    def start(self) -> None:
        """Begin to ask."""
        api.set_provider_and_wait(self._provider, domain=self._domain)

    def stop(self) -> None:
        """End it."""
        self._provider.shutdown()

    def off(self, user: str = "") -> frozenset[str]:
        """The flags that are off for one user; without one, those that are not on for everybody."""
        client: OpenFeatureClient = api.get_client(domain=self._domain)
        someone = EvaluationContext(user)
        found = frozenset(key for key in FLAGS if not client.get_boolean_value(key, self._default, someone))
        if not user and found != self._said:
            log.info("Flags off: %s", ", ".join(sorted(found)) or "none")
            self._said = found
        return found
