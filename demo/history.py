"""The history the demo begins with: what every part did over 35 days, at the steps the ledger keeps. Pure."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from demo import scenario
from demo.scenario import DAY, HOUR, MINUTE
from demo.world import model
from demo.world.components import PARTS
from demo.world.model import Counts
from slo.maths.windows import floor_to

LENGTH = 35 * DAY
# The ledger's retention: so far back (seconds), a row every so many seconds.
RESOLUTIONS = ((LENGTH, 5 * MINUTE), (3 * DAY, MINUTE), (6 * HOUR, 5))
FINE = MINUTE


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
        instants.update(range(floor_to(end - back, step) + step, end + 1, step))
    for start, stop in replayed(end):
        instants.update(range(start, min(stop, end) + 1, FINE))
    return sorted(instants)


def replayed(end: int) -> list[tuple[int, int]]:
    """The spans over which the loop is replayed, on whole minutes: around every incident it has to react to."""
    spans = []
    for incident in (*scenario.LAST_WEEK, scenario.NOW[0]):
        start = floor_to(end + incident.start, MINUTE)
        spans.append((start - 2 * MINUTE, min(start + incident.length + 30 * MINUTE, floor_to(end, MINUTE))))
    return spans


def thinned(end: int) -> list[tuple[int, int]]:
    """The spans where the grid is finer than the retention."""
    return [(start, stop) for start, stop in replayed(end) if stop < end - RESOLUTIONS[1][0]]


def steps(end: int, limits: Mapping[str, tuple[float, ...]], seed: int = 1) -> Iterator[Step]:
    """Every step in order, the same for the same `end`; those nobody measured are left out.

    `limits` are the response times (seconds) to count up to, by part. The scenario hangs on `end`.
    """
    chance = random.Random(seed)
    for start, at in pairwise(grid(end)):
        middle = (start + at) / 2
        off = scenario.off(middle - end)
        conditions = model.conditions(middle, end, off)
        requests = model.turns(middle) * (at - start)
        counts = {
            part.name: model.count(part, conditions[part.name], requests, off, chance, limits.get(part.name, ()))
            for part in PARTS
        }
        if not scenario.UNMEASURED.start < at - end <= scenario.UNMEASURED.end:
            yield Step(start, at, counts)
