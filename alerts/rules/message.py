"""What is told of an alert, worded once for every channel."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from alerts.rules import words
from alerts.rules.figures import Figures

SUMMARY_LENGTH = 200
TITLE_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell: an alert began to fire, or resolved.

    `key` names the message however often it is sent; `episode` names the alert, and is shared by its messages.
    `since` and `until` are the instants of firing and resolution. Links are absolute; `runbook_url` may be empty.
    """

    key: str
    episode: str
    status: Literal["firing", "resolved"]
    severity: str
    service: str
    objective: str
    title: str
    cause: str
    figures: Figures
    since: datetime
    until: datetime | None
    page_url: str
    runbook_url: str = ""

    @property
    def summary(self) -> str:
        """One line for a subject or a phone: what burns, how fast, what is left."""
        name = words.clip(self.title or self.objective, TITLE_LENGTH)
        if self.status == "resolved":
            lasted = f" after {words.duration((self.until - self.since).total_seconds())}" if self.until else ""
            return words.clip(f"Resolved: {name} stopped burning{lasted}", SUMMARY_LENGTH)
        worst = self.figures.burning[:1]
        pace = f" {words.times(worst[0].burn_short)} too fast" if worst else ""
        remaining = self.figures.remaining
        left = "" if remaining is None else f", {words.percent(max(0.0, remaining))} of the budget left"
        return words.clip(f"{self.severity.capitalize()}: {name} burns{pace}{left}", SUMMARY_LENGTH)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Everything worth telling, as labelled lines in the order of their use."""
        ended = (("Until", words.instant(self.until)),) if self.until else ()
        target = words.target(self.figures.target) if self.figures.target is not None else "unknown"
        exhausts = self.figures.exhausts_at
        lines = (
            ("What", f"{words.clip(self.title or self.objective, 2 * TITLE_LENGTH)} (target {target})"),
            ("Service", self.service),
            ("Why", self.cause),
            ("Burning", words.burning(self.figures) if self.status == "firing" else ""),
            ("Budget left", words.left(self.figures)),
            ("Exhausted", f"{words.instant(exhausts)} at this pace" if exhausts and self.status == "firing" else ""),
            ("Since", words.instant(self.since)),
            *ended,
            ("Runbook", self.runbook_url),
            ("Details", self.page_url),
        )
        return tuple((label, text) for label, text in lines if text)

    @property
    def text(self) -> str:
        """The facts as plain text, a line each."""
        return "\n".join(f"{label}: {text}" for label, text in self.facts)


def episode_key(objective: str, severity: str, alert: int, opened_at: datetime) -> str:
    """Names an alert for receivers, at most 240 ASCII characters; never used again, even by a restored database."""
    return f"{objective}:{severity}:{alert}-{int(opened_at.timestamp())}"
