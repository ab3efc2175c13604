"""The history the demo begins with: what every part did over 35 days, at the steps the ledger keeps. Pure."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from demo import scenario
from demo.scenario import DAY, HOUR, MINUTE
from demo.world import model
from demo.world.components import PARTS, TEMPLATES
from demo.world.model import Counts
from slo.maths.windows import floor_to

LENGTH = 35 * DAY
# The ledger's retention: so far back (seconds), a row every so many seconds.
RESOLUTIONS = ((LENGTH, 5 * MINUTE), (3 * DAY, MINUTE), (6 * HOUR, 5))
# How the replay of an incident goes: every minute at first.
FINE, BEGINNING = MINUTE, 20 * MINUTE


@dataclass(frozen=True, slots=True)
class Step:
    """What every part did from `start` to `at` (epoch seconds)."""

    start: int
    at: int
    counts: Mapping[str, Counts]


def grid(end: int) -> list[int]:
    """The instants of rows up to `end`: fine lately, coarse long ago, and fine where the loop will be replayed."""
    instants = {end - LENGTH, end}
    for back, step in RESOLUTIONS:
        first = floor_to(end - back - 1, step) + step
        instants.update(range(first, end + 1, step))
    return sorted(instants | set(replayed(end)))


def replayed(end: int) -> list[int]:
    """The instants at which the loop is replayed, in order: every minute while an incident begins and lately, else
    now and then, on the coarse grid."""
    coarse = RESOLUTIONS[0][1]
    last_week, now = (floor_to(end + incident.start, coarse) for incident in (scenario.LAST_WEEK, scenario.NOW[0]))
    instants = {
        *range(last_week, last_week + BEGINNING, FINE),
        *range(last_week, last_week + scenario.LAST_WEEK.length + scenario.RAMPS, coarse),
        *range(now, end, FINE),
        # A slow leak is a matter of days: twice a day is often enough to see it.
        *range(floor_to(end + scenario.LEAK.start, coarse), end, 12 * HOUR),
        end,
    }
    return sorted(instants)


def thinned(end: int) -> set[int]:
    """The instants of the grid that the retention would not keep."""
    lately = end - RESOLUTIONS[1][0]
    return {at for at in replayed(end) if at < lately and at % RESOLUTIONS[0][1]}


def steps(end: int, limits: Mapping[str, tuple[float, ...]], seed: int = 1) -> Iterator[Step]:
    """Every step in order, the same for the same `end`; those nobody measured are left out.

    `limits` are the response times (seconds) to count up to, by part. The scenario hangs on `end`.
    """
    chance, templates = random.Random(seed), random.Random(seed)
    for start, at in pairwise(grid(end)):
        middle = (start + at) / 2
        conditions = model.conditions(middle, end, scenario.off(middle - end))
        turns = model.turns(middle) * (at - start)
        counts = {
            part.name: model.count(part, conditions[part.name], turns, chance, limits.get(part.name, ()))
            for part in PARTS
        }
        counts[TEMPLATES] = model.stood_in(counts["llm"], templates)
        if not scenario.UNMEASURED.start < at - end <= scenario.UNMEASURED.end:
            yield Step(start, at, counts)
