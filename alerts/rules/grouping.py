"""What is told together, and when: many alerts of one cause are one message, and a storm is a handful.

The numbers are data: a person reads a handful of messages in five minutes, not fifty, and the pages have them all.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

# What is looked back on to see how much a channel, or a group, has been told of late.
RECENT = timedelta(minutes=5)
# Within that time a channel opens at most so many groups; whatever comes beside them is one group, the storm.
MOST_GROUPS = 5
# So many messages of a group come at once, the others a while apart.
MOST_MESSAGES = 3
APART = timedelta(minutes=1)

STORM = "storm"
KEY_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Key:
    """What the alerts of a group have in common; `text` names it among the groups of a channel."""

    text: str
    labels: Mapping[str, str] = field(default_factory=dict)


def key(labels: Mapping[str, str], by: Iterable[str]) -> Key:
    """The group of an alert with these labels; alerts without any of the labels `by` share one."""
    shared = {name: labels[name] for name in sorted(set(by)) if labels.get(name)}
    text = ",".join(f"{name}={value!r}" for name, value in shared.items())
    if len(text) > KEY_LENGTH:
        text = f"{text[: KEY_LENGTH // 2]}…{hashlib.sha256(text.encode(errors='replace')).hexdigest()}"
    return Key(text, shared)


def storms(wanted: int, opened: int, *, storming: bool) -> bool:
    """Is it a storm: more new groups wanted than a channel is told of, `opened` of late already?

    While one goes on (`storming`), whatever is new joins it.
    """
    return storming or wanted + opened > MOST_GROUPS


def recent(instants: Iterable[datetime], at: datetime) -> int:
    """How many of these instants are recent at `at`."""
    return sum(at - RECENT < instant for instant in instants)


def due(at: datetime, told: Sequence[datetime], wait: timedelta, *, over: bool) -> datetime:
    """When a message about something of the instant `at` is to be sent.

    `told` are the instants at which earlier messages of the group are or were due, in order; `wait` is how long the
    first one waits for company. That all of it is `over` is told at once, though not before what precedes it.
    """
    if not told:
        return at + wait
    if over or recent(told, at) < MOST_MESSAGES:
        return at
    return max(at, told[-1] + APART)
