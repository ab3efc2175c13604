"""What a flag's value is now: forced by a person, else safe while shed, else normal."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from degradation.errors import OverrideError

State = Literal["auto", "shed", "forced on", "forced off"]

# FACTS: a manual override ends by itself after 60 minutes, 24 hours at most.
OFFERED, LONGEST = timedelta(minutes=60), timedelta(hours=24)
LONGEST_REASON = 1_000


@dataclass(frozen=True, slots=True)
class Marks:
    """What is noted on a flag: its safe value, whether the loop shed it, and an override ("on", "off" or none)."""

    safe: bool
    shed: bool
    override: str = ""
    until: datetime | None = None

    def forced(self, at: datetime) -> bool:
        """Does the override hold at `at`? From its expiry on it never does, noticed or not."""
        return bool(self.override) and self.until is not None and at < self.until

    def value(self, at: datetime) -> bool:
        """The value applications get at `at`."""
        if self.forced(at):
            return self.override == "on"
        return self.safe if self.shed else not self.safe

    def state(self, at: datetime) -> State:
        """Who decides the value at `at`."""
        if self.forced(at):
            return "forced on" if self.override == "on" else "forced off"
        return "shed" if self.shed else "auto"


def check_reason(reason: str) -> str:
    """The reason without blanks around it. Raises OverrideError when nothing, or a novel, is left."""
    words = reason.strip()
    if not words:
        raise OverrideError("A reason is required: say in a few words why, for those who find it changed")
    if len(words) > LONGEST_REASON:
        raise OverrideError(f"The reason has {len(words)} characters; keep it below {LONGEST_REASON}")
    return words


def check_expiry(until: datetime, at: datetime) -> None:
    """Refuse an override that is over already or outlives a day. Raises OverrideError."""
    if until <= at:
        raise OverrideError("The override would be over already: choose an expiry in the future")
    if until > at + LONGEST:
        raise OverrideError("An override lasts 24 hours at most: choose an earlier expiry, and renew it if need be")
