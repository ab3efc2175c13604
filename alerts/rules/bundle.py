"""What is sent at once: the alerts of one group, as they are now."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from alerts.rules import words
from alerts.rules.message import SUMMARY_LENGTH, Message

Event = Literal["firing", "update", "acknowledged", "resolved"]

# The most urgent are told in full and a screen of others by a line; the pages show all of them.
TOLD_IN_FULL = 5
TOLD_BY_A_LINE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One sending about a group of alerts.

    `key` names the sending, the same at every attempt; `episode` names the group for as long as it is open; `event` is
    what became of the group as a whole. `group` holds the labels its alerts share. `items` are all its open alerts, the
    most urgent first, and those that resolved since the last sending. `page_url` is where to look at all of them.
    """

    key: str
    episode: str
    event: Event
    items: tuple[Message, ...]
    at: datetime
    group: Mapping[str, str]
    page_url: str = ""

    def __post_init__(self) -> None:
        if not self.items:
            raise ValueError("a bundle tells of one alert at least")

    @property
    def first(self) -> Message:
        """The most urgent alert."""
        return self.items[0]

    @property
    def open(self) -> tuple[Message, ...]:
        """The alerts that go on."""
        return tuple(item for item in self.items if item.state != "resolved")

    @property
    def severity(self) -> str:
        """That of the most urgent alert."""
        return self.first.severity

    @property
    def url(self) -> str:
        """The page of the group, or else of its most urgent alert."""
        return self.page_url or self.first.page_url

    @property
    def runbook_url(self) -> str:
        """The first runbook there is."""
        return next((item.runbook_url for item in self.items if item.runbook_url), "")

    @property
    def about(self) -> str:
        """What the alerts have in common: `orders, team-a`; empty for nothing."""
        return words.clip(", ".join(text for text in self.group.values() if text), 80)

    @property
    def summary(self) -> str:
        """One line for a subject or a phone."""
        if len(self.items) == 1:
            return self.first.summary
        of = f" of {self.about}" if self.about else ""
        if self.event == "resolved":
            return words.clip(f"Resolved: {len(self.items)} alerts{of}; {self.first.verdict}", SUMMARY_LENGTH)
        urgency = Counter(item.severity for item in self.open)
        counted = " and ".join(f"{n} {severity}{'s' if n > 1 else ''}" for severity, n in urgency.items())
        head = "Acknowledged: " if self.event == "acknowledged" else ""
        return words.clip(f"{head}{counted or f'{len(self.items)} alerts'}{of}: {self.first.verdict}", SUMMARY_LENGTH)

    @property
    def text(self) -> str:
        """Everything as plain text: the most urgent in full, others by a line, the rest by its number."""
        if len(self.items) == 1:
            return self.first.text
        blocks = [f"{item.summary}\n{item.text}" for item in self.items[:TOLD_IN_FULL]]
        lines = [f"{item.summary} {item.page_url}".rstrip() for item in self.told_by_a_line]
        if self.untold:
            lines.append(f"and {self.untold} more: {self.url}")
        return "\n\n".join([*blocks, "\n".join(lines)] if lines else blocks)

    @property
    def told_by_a_line(self) -> tuple[Message, ...]:
        return self.items[TOLD_IN_FULL : TOLD_IN_FULL + TOLD_BY_A_LINE]

    @property
    def untold(self) -> int:
        """How many are only counted."""
        return max(0, len(self.items) - TOLD_IN_FULL - TOLD_BY_A_LINE)


def alone(message: Message, key: str, at: datetime) -> Bundle:
    """A bundle of one alert, told by itself."""
    return Bundle(
        key=key,
        episode=message.episode,
        event=message.state,
        items=(message,),
        at=at,
        group={"service": message.service} if message.service else {},
    )
