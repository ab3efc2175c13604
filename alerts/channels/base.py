"""The port to wherever people are told."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, Protocol, Self

from alerts.rules.bundle import Bundle
from alerts.rules.words import clip
from slo.openslo.schema import Spec

ANSWER_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a sending: `accepted`, `retry` (not now) or `refused` (never), with the receiver's words.

    `retry_after` is the number of seconds the receiver asked to be left alone.
    """

    outcome: Literal["accepted", "retry", "refused"]
    text: str
    retry_after: float | None = None


def answer(
    outcome: Literal["accepted", "retry", "refused"],
    text: str,
    retry_after: float | None = None,
    *,
    secrets: tuple[str, ...] = (),
) -> Answer:
    """An answer fit to be kept: on one line, cut short, with the channel's secrets blotted out."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "…")
    return Answer(outcome, clip(text, ANSWER_LENGTH), retry_after)


class Adapter(Protocol):
    """Tells one place. Talks to the network, never to the database; may be used by one thread only.

    With `remind`, a firing alert is sent again after that time for as long as it fires. `lasting` says that the
    receiver keeps something open until it hears of the end.
    """

    spec: ClassVar[type[Spec]]
    remind: ClassVar[timedelta | None]
    lasting: ClassVar[bool]

    @classmethod
    def build(cls, spec: Any, /) -> Self:
        """The adapter for a validated spec (an instance of the class's `spec`)."""
        ...

    def send(self, bundle: Bundle, at: datetime) -> Answer:
        """Tell of these alerts, at the instant `at`: one try, within seconds; what goes wrong is an answer."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
