"""What is told of one alert, worded once for every channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from alerts.rules import words
from alerts.rules.figures import Figures
from alerts.rules.verdicts import State, verdict

SUMMARY_LENGTH = 200
TITLE_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One alert as it is told, of whatever kind.

    `episode` names the alert for receivers; `since` and `until` are the instants of firing and resolution; `spent` is
    the share of the period's error budget that the episode has cost. Links are absolute and may be empty; `shed` says
    what is dimmed on its account, `links` holds further (text, address) pairs of use to whoever looks after it.
    """

    episode: str
    kind: str = "burn"
    state: State
    severity: str
    title: str
    cause: str
    since: datetime
    until: datetime | None = None
    service: str = ""
    objective: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    figures: Figures = field(default_factory=Figures)
    acknowledged_by: str = ""
    acknowledgement: str = ""
    spent: float | None = None
    shed: tuple[str, ...] = ()
    page_url: str = ""
    runbook_url: str = ""
    links: tuple[tuple[str, str], ...] = ()

    @property
    def status(self) -> Literal["firing", "resolved"]:
        """The state in Alertmanager's words, which know no acknowledgement."""
        return "resolved" if self.state == "resolved" else "firing"

    @property
    def name(self) -> str:
        """What it is about, short enough for a line."""
        return words.clip(self.title or self.objective or self.service or "an alert", TITLE_LENGTH)

    @property
    def verdict(self) -> str:
        """What is wrong and how badly: `Checkout answers burns 200× too fast, 37.2 % of the budget left`."""
        said = verdict(self.kind, self.name, self.state)
        if self.state == "resolved":
            lasted = f" after {words.duration((self.until - self.since).total_seconds())}" if self.until else ""
            cost = "" if self.spent is None else f", {words.percent(self.spent)} of the budget spent"
            return said + lasted + cost
        if self.kind == "burn":
            return said + self._pace + self._left
        return f"{said}: {words.clip(self.cause, TITLE_LENGTH)}" if self.cause else said

    @property
    def summary(self) -> str:
        """One line for a subject or a phone: the verdict, and how urgent it is."""
        head = {"resolved": "Resolved", "acknowledged": "Acknowledged"}.get(self.state, self.severity.capitalize())
        if self.state == "acknowledged" and self.acknowledged_by:
            head += f" by {words.clip(self.acknowledged_by, TITLE_LENGTH // 2)}"
        return words.clip(f"{head}: {self.verdict}", SUMMARY_LENGTH)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Everything worth telling, as labelled lines in the order of their use."""
        open_ = self.state != "resolved"
        exhausts = self.figures.exhausts_at if open_ else None
        pace = words.burning(self.figures) if open_ else ""
        taken_on = f"{self.acknowledged_by}: {self.acknowledgement}".strip(": ")
        lines = (
            ("What", f"{words.clip(self.title or self.objective, 2 * TITLE_LENGTH)}{self._target}"),
            ("Service", self.service),
            ("Why", self.cause),
            ("Burning", "" if pace in self.cause else pace),
            ("Budget left", words.left(self.figures) if self.kind == "burn" else ""),
            ("Exhausted", f"{words.instant(exhausts)} at this pace" if exhausts else ""),
            ("Cost", "" if self.spent is None else f"{words.percent(self.spent)} of the budget of the period"),
            ("Shed", ", ".join(self.shed)),
            ("Taken on by", words.clip(taken_on, 2 * TITLE_LENGTH)),
            ("Since", words.instant(self.since)),
            ("Until", words.instant(self.until) if self.until else ""),
            ("Runbook", self.runbook_url),
            ("Details", self.page_url),
            *self.links,
        )
        return tuple((label, text) for label, text in lines if text)

    @property
    def text(self) -> str:
        """The facts as plain text, a line each."""
        return "\n".join(f"{label}: {text}" for label, text in self.facts)

    @property
    def _pace(self) -> str:
        worst = self.figures.burning[:1]
        return f" {words.times(worst[0].burn_short)} too fast" if worst else ""

    @property
    def _left(self) -> str:
        remaining = self.figures.remaining
        return "" if remaining is None else f", {words.percent(max(0.0, remaining))} of the budget left"

    @property
    def _target(self) -> str:
        if self.kind != "burn":
            return ""
        return f" (target {words.target(self.figures.target) if self.figures.target is not None else 'unknown'})"


def episode_key(subject: str, severity: str, alert: int, opened_at: datetime) -> str:
    """Names an alert for receivers, at most 240 ASCII characters; never used again, even by a restored database."""
    return f"{subject}:{severity}:{alert}-{int(opened_at.timestamp())}"
