"""Where the demo's webhook channel delivers to, so that messages can be seen."""

import json
import logging
from collections import deque
from datetime import UTC, datetime
from typing import Any

log = logging.getLogger("world")
KEPT = 100
# A storm of a thousand alerts, told in one message.
LONGEST = 4_000_000


class Inbox:
    """The last messages received, newest first."""

    def __init__(self) -> None:
        self._messages: deque[dict[str, Any]] = deque(maxlen=KEPT)

    def receive(self, body: bytes) -> None:
        """Keep a message. Raises ValueError for one that is no JSON."""
        message = json.loads(body)
        self._messages.appendleft({"received_at": datetime.now(UTC).isoformat(timespec="seconds"), "message": message})
        own = message.get("brownout") if isinstance(message, dict) else None
        log.info("Message received: %s", own.get("summary", "") if isinstance(own, dict) else "")

    def as_json(self) -> bytes:
        """All kept messages as a JSON document."""
        return json.dumps(list(self._messages), indent=2).encode()
