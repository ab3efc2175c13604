"""What is told of a change of step of an error-budget policy, worded once for every channel."""

from dataclasses import dataclass
from datetime import datetime

from alerts.rules import words
from alerts.rules.message import SUMMARY_LENGTH, TITLE_LENGTH
from slo.maths.budget_policy import ACTIONS

TITLES: dict[str, str] = {"": "Nothing is to be done any more"} | {str(name): text for name, text in ACTIONS.items()}


@dataclass(frozen=True, slots=True)
class Notice:
    """An objective came to another step of its policy: actions `before` and `after`, empty for none.

    `key` names the message however often it is sent; `episode` is shared by all about the budget of an objective.
    `level` and `remaining` are shares of the budget; `advice` is what the policy says of the step.
    """

    key: str
    episode: str
    service: str
    objective: str
    title: str
    policy: str
    before: str
    after: str
    level: float | None
    remaining: float | None
    advice: str
    at: datetime
    page_url: str

    @property
    def summary(self) -> str:
        """One line for a subject or a phone."""
        name = words.clip(self.title or self.objective, TITLE_LENGTH)
        left = "" if self.remaining is None else f" ({words.percent(self.remaining)} of the budget left)"
        return words.clip(f"Error budget of {name}{left}: {TITLES.get(self.after, self.after).lower()}", SUMMARY_LENGTH)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Everything worth telling, as labelled lines."""
        level = "" if self.level is None else f" (from {words.percent(self.level)} of the budget down)"
        lines = (
            ("What", words.clip(self.title or self.objective, 2 * TITLE_LENGTH)),
            ("Service", self.service),
            ("Now", f"{TITLES.get(self.after, self.after)}{level}"),
            ("Before", TITLES.get(self.before, self.before) if self.before else ""),
            ("Means", self.advice),
            ("Budget left", "not known" if self.remaining is None else words.percent(self.remaining)),
            ("Policy", self.policy),
            ("Since", words.instant(self.at)),
            ("Details", self.page_url),
        )
        return tuple((label, text) for label, text in lines if text)

    @property
    def text(self) -> str:
        """The facts as plain text, a line each."""
        return "\n".join(f"{label}: {text}" for label, text in self.facts)
