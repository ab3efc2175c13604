"""Server-sent events, as far as flags need them: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

LONGEST_LINE = 65_536


class Lines(Protocol):
    """What gives lines, ending with an empty one when there are no more."""

    def readline(self, limit: int = -1, /) -> bytes: ...


@dataclass(frozen=True)
class Event:
    """A message, or with no data a sign of life."""

    data: str = ""
    id: str = ""
    retry: float | None = None  # seconds

    @property
    def refetch(self) -> bool:
        """Does it say that something has changed? Other kinds of messages are for others."""
        try:
            told = json.loads(self.data)
        except (ValueError, RecursionError):
            return False
        return isinstance(told, dict) and told.get("type") == "refetchEvaluation"


def events(lines: Lines) -> Iterator[Event]:
    """The events until the stream ends. Raises ValueError at a line that is too long, and what `readline` raises."""
    data: list[str] = []
    last_id = ""
    while line := lines.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE or sum(map(len, data)) > LONGEST_LINE:
            raise ValueError("an event is too long")
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if not text:
            if data:
                yield Event("\n".join(data), last_id)
            data = []
        elif name == "data":
            data.append(value)
        elif name == "id" and "\0" not in value:
            last_id = value
        elif name == "retry" and value.isdigit():
            yield Event(retry=min(int(value), 3_600_000) / 1_000)
        elif not name:
            yield Event()
