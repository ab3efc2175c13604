"""What a flag's value is now: forced by a person, else dimmed while shed or drilled, else normal.

A share is the percentage (0 to 100) of targeting keys that are served normally; the others get the safe value.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Literal

from degradation.errors import OverrideError

State = Literal["auto", "shed", "ramping", "dry run", "drill", "forced on", "forced off", "forced to a share"]
Variant = Literal["on", "off"]
Reason = Literal["STATIC", "TARGETING_MATCH", "SPLIT"]
Kind = Literal["boolean", "dimmer"]
Override = Literal["", "on", "off", "dim"]

NONE, ALL = 0, 100
_FORCED: dict[str, State] = {"on": "forced on", "off": "forced off", "dim": "forced to a share"}
# Which keys are the first to be dimmed: their hash falls into one of so many parts.
_PARTS = 10_000

# FACTS: a manual override ends by itself after 60 minutes, 24 hours at most.
OFFERED, LONGEST = timedelta(minutes=60), timedelta(hours=24)
LONGEST_REASON = 1_000


@dataclass(frozen=True, slots=True)
class Marks:
    """What is noted on a flag: its safe value, what the loop made of it, and an override with its end.

    `shed_to` is the share that the loop leaves; `dry` says that it would have shed the flag and did not. A drill leaves
    `drill_to` of the traffic alone until `drill_until`, with keys of its own by `drill`. With the override "dim" a
    person leaves `override_to`. A flag that `splits` not is normal for all keys or safe for all. `dim_to` is the share
    of a dimmer that is shed as far as it may be.
    """

    safe: bool
    shed: bool
    override: str = ""
    until: datetime | None = None
    shed_to: int = NONE
    override_to: int = NONE
    splits: bool = True
    dry: bool = False
    drill: str = ""
    drill_to: int = ALL
    drill_until: datetime | None = None
    dim_to: int = NONE

    def forced(self, at: datetime) -> bool:
        """Does the override hold at `at`? From its expiry on it never does, noticed or not."""
        return bool(self.override) and self.until is not None and at < self.until

    def drilled(self, at: datetime) -> bool:
        """Is it exercised at `at`? Neither what is forced nor what is shed is; a drill ends by its own time."""
        running = bool(self.drill) and self.drill_until is not None and at < self.drill_until
        return running and not self.forced(at) and not self.shed

    def share(self, at: datetime) -> int:
        """The percentage of targeting keys that are served normally at `at`."""
        if self.forced(at):
            return self._forced_share()
        if self.shed:
            return self._whole(self.shed_to)
        return self.drill_to if self.drilled(at) else ALL

    def value(self, at: datetime) -> bool:
        """The value at `at` of an application that names no targeting key: normal only if it is so for everybody."""
        if self.forced(at) and self.override != "dim":
            return self.override == "on"
        return not self.safe if self.share(at) == ALL else self.safe

    def state(self, at: datetime) -> State:
        """Who decides the value at `at`."""
        if self.forced(at):
            return _FORCED[self.override]
        if self.shed:
            return "ramping" if self.shed_to > self.dim_to else "shed"
        if self.drilled(at):
            return "drill"
        return "dry run" if self.dry else "auto"

    def _forced_share(self) -> int:
        if self.override == "dim":
            return self._whole(self.override_to)
        return NONE if (self.override == "on") == self.safe else ALL

    def _whole(self, share: int) -> int:
        return share if self.splits or share == ALL else NONE


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an application is answered: `share` is the percentage of keys that are served normally."""

    value: bool
    variant: Variant
    reason: Reason
    share: int


def decide(marks: Marks, key: str, targeting_key: str, at: datetime) -> Evaluated:
    """The value of the flag `key` for one targeting key; the same key always gets the same answer at the same share.

    A key that is served at a share is served at every higher one, so a ramp only ever adds. Without a targeting key
    the answer is the safe one until everybody is served.
    """
    share = marks.share(at)
    if share in (NONE, ALL):
        value, reason = marks.value(at), "STATIC" if marks.state(at) in ("auto", "dry run") else "TARGETING_MATCH"
        return Evaluated(value, "on" if value else "off", reason, share)  # type: ignore[arg-type]
    normal = bool(targeting_key) and position(salt(marks, key, at), targeting_key) < share
    value = normal != marks.safe
    return Evaluated(value, "on" if value else "off", "SPLIT", share)


def salt(marks: Marks, key: str, at: datetime) -> str:
    """What spreads the targeting keys of a flag: a drill is for other keys than the one before it."""
    return f"{key}:{marks.drill}" if marks.drilled(at) else key


def position(salt: str, targeting_key: str) -> float:
    """Where a targeting key stands, 0 to below 100: evenly spread, and differently for every salt."""
    # Length first: "a" of "bc" and "ab" of "c" are different pairs. Lone surrogates come in as JSON escapes.
    told = f"{len(salt)}:{salt}{targeting_key}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(told, digest_size=8).digest()) % _PARTS * ALL / _PARTS


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


def check_share(share: int, *, splits: bool) -> None:
    """Refuse a share that is none, or one in between for a flag that cannot be split. Raises OverrideError."""
    if not NONE <= share <= ALL:
        raise OverrideError(f"A share is a percentage from {NONE} to {ALL}, not {share}")
    if not splits and share not in (NONE, ALL):
        raise OverrideError("This flag cannot be split among users: force it on or off")
