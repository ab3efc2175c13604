"""One call of a webhook, within a bound: whatever the receiver does, the caller goes on."""

from collections.abc import Mapping
from datetime import datetime
from threading import Thread
from typing import Any

from alerts.channels.base import Answer
from alerts.channels.http import Poster
from slo.openslo.connection import AddressOrSecret, Connection

# A receiver that sends its answer byte by byte would pass any limit between two bytes; this is one for all of it.
LONGEST = 10.0


class HookSpec(Connection):
    """A webhook that is called when a tier is shed, and `undo` (or none) when it is back; secrets by reference."""

    url: AddressOrSecret
    undo: AddressOrSecret | None = None


def call(stored: Mapping[str, Any], *, undo: bool, payload: Mapping[str, Any], key: str, at: datetime) -> Answer:
    """Post the payload under an idempotency key to the hook as the policy's document says it."""
    hook = HookSpec.model_validate(stored)
    address = hook.undo if undo else hook.url
    if address is None:
        return Answer("accepted", "nothing is to be undone")
    answers: list[Answer] = []

    def post() -> None:
        poster = Poster(address, hook)
        answers.append(poster.post(payload, at, {"Idempotency-Key": key}))
        poster.close()

    # A daemon, so that a receiver that never ends holds up no process that wants to.
    thread = Thread(target=post, name="shed webhook", daemon=True)
    thread.start()
    thread.join(LONGEST)
    return answers[0] if answers else Answer("retry", f"No whole answer within {LONGEST:g} s")
