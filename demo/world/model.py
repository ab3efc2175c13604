"""How the world behaves at an instant: traffic, failures, slowness. Pure; shared by the seed and the live world.

An `at` here is seconds since the epoch, `anchor` the instant the scenario hangs on.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from demo import scenario
from demo.world.components import FULL, KNOWN_INTENTS, PARTS, Part

TURNS = 14.0  # conversation turns a second over a usual day
DAY, WEEK = scenario.DAY, 7 * scenario.DAY
BUSIEST = 19 * scenario.HOUR  # readers read in the evening
MONDAY = 4 * DAY  # the first one after the epoch


@dataclass(frozen=True, slots=True)
class Condition:
    """How a part fares: the share of its requests that fail, what its response times are multiplied by, and the
    requests a conversation turn that it serves and that are left undone on purpose."""

    errors: float
    slowness: float
    load: float
    undone: float


@dataclass(frozen=True, slots=True)
class Counts:
    """What a part did in a span: whole requests that failed or were answered, those left undone on purpose, and how
    many answers took at most so many seconds."""

    failed: int
    answered: int
    shed: int
    within: Mapping[float, int]


def turns(at: float) -> float:
    """Conversation turns a second: quiet mornings, busy evenings, busier weekends, and a slow swell."""
    daily = 1 + 0.5 * math.cos(2 * math.pi * (at - BUSIEST) / DAY) + 0.12 * math.cos(4 * math.pi * (at - BUSIEST) / DAY)
    weekend = 1.22 if (at - MONDAY) % WEEK >= 5 * DAY else 0.93
    swell = 1 + 0.05 * math.sin(at / 1_700) + 0.03 * math.sin(at / 410 + 1)
    return TURNS * daily * weekend * swell


def conditions(
    at: float, anchor: float, off: frozenset[str], plot: scenario.Plot = scenario.EVERYDAY
) -> dict[str, Condition]:
    """How every part fares at `at` while the flags in `off` are off."""
    then = at - anchor
    going_on = list(scenario.incidents(then, plot))
    found: dict[str, Condition] = {}
    leaked = 0.0
    for part in PARTS:
        full = FULL[part.name]
        load = part.load(off) if off else full
        errors, slowness = part.errors, 1.0
        if part.name == scenario.LEAK.component:
            errors += scenario.LEAK.ratio(then)
        undone = full - load
        for incident, level in going_on:
            if incident.component == part.name:
                more, load = _troubled(incident, level, load, full)
                errors += more
                slowness += (incident.slowness - 1) * level * load / full
        found[part.name] = Condition(min(1.0, errors), slowness, load, undone)
        leaked += part.leak * load * max(0.0, errors - part.errors)
    found["conversation"] = _conversation(found, leaked)
    return found


def _troubled(incident: scenario.Incident, level: float, load: float, full: float) -> tuple[float, float]:
    """The errors an incident adds, and the load with what callers try again because of them."""
    errors, repeated = incident.errors * level * incident.weight(load / full), load
    for _ in range(8 if incident.retries else 0):
        repeated = load * (1 + incident.retries * min(1.0, errors))
        errors = incident.errors * level * incident.weight(repeated / full)
    return errors, repeated


def _conversation(found: Mapping[str, Condition], leaked: float) -> Condition:
    # A turn waits for the model; fallbacks hide all failures but a few.
    own = found["conversation"]
    return replace(own, errors=own.errors + leaked, slowness=1 + 0.6 * (found["llm"].slowness - 1))


def count(part: Part, condition: Condition, turns: float, chance: random.Random, limits: tuple[float, ...]) -> Counts:
    """What a part does in so many conversation turns, in whole requests.

    `chance` rounds the fractions; `limits` are the response times (ascending, seconds) to count up to.
    """
    served, shed = _whole(turns * condition.load, chance), _whole(turns * condition.undone, chance)
    failed = min(served, _whole(served * condition.errors, chance))
    answered = served - failed
    luck = chance.random()
    within = {
        limit: min(answered, int(answered * part.faster_than(limit, condition.slowness) + luck)) for limit in limits
    }
    return Counts(failed, answered, shed, within)


def stood_in(model: Counts, chance: random.Random) -> Counts:
    """What the templates did about the requests that the language model failed at: known intents, and the rest."""
    answered = sum(chance.random() < KNOWN_INTENTS for _ in range(model.failed))
    return Counts(model.failed - answered, answered, 0, {})


def _whole(expected: float, chance: random.Random) -> int:
    """A whole number around `expected`, spread as counts of rare events are."""
    if expected < 12:
        return _rare(expected, chance)
    return max(0, round(chance.gauss(expected, math.sqrt(expected))))


def _rare(expected: float, chance: random.Random) -> int:
    # Knuth's way to draw a Poisson number: cheap while few are expected.
    limit, product, drawn = math.exp(-expected), chance.random(), 0
    while product > limit:
        product *= chance.random()
        drawn += 1
    return drawn
