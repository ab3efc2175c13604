"""The instants a server that remembers is asked about."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

# Prometheus refuses more than 11,000 points a series; answers of more points than this get unwieldy.
STEPS, POINTS = 10_000, 200_000


@dataclass(frozen=True, slots=True)
class Grid:
    """The instants asked for: `per_tick` steps in each tick after `start` up to `end` (epoch seconds)."""

    start: int
    end: int
    tick: int
    per_tick: int = 1

    @property
    def step(self) -> int:
        """Milliseconds between two instants."""
        return self.tick * 1000 // self.per_tick

    @property
    def steps(self) -> int:
        return (self.end - self.start) // self.tick * self.per_tick

    def pieces(self, series: int) -> Iterator[tuple[int, int]]:
        """First and last step of each request that stays within bounds when `series` series are asked for."""
        size = max(1, min(STEPS, POINTS // series))
        for first in range(1, self.steps + 1, size):
            yield first, min(self.steps, first + size - 1)

    def moment(self, step: int) -> int:
        """Milliseconds since the epoch."""
        return self.start * 1000 + step * self.step

    def step_of(self, moment: int) -> int:
        """The step (1 is the first) of an instant in milliseconds."""
        return round((moment - self.start * 1000) / self.step)


def steps_per_tick(tick: int, scrape_interval: float) -> int:
    """The fewest steps that divide a tick into whole milliseconds, each no longer than the scrape interval.

    With a longer step, what is counted between a step's start and a restart within it would be lost.
    """
    count = max(1, math.ceil(tick / scrape_interval))
    while tick * 1000 % count:
        count += 1
    return count
