"""Fleets whose every event is known, as the history a Prometheus would have of them.

Every process is scraped every 15 s. What a process counts after its last scrape is lost to any observer, so the
truth is the sum of what each process had counted when it was last seen.
"""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

SCRAPE = 15


@dataclass
class Process:
    """One process: seen at these instants (seconds after `origin`), counting as `rate` says at each of them.

    It had counted `already` before anybody looked. From the instant `renamed` on, its target has one label more.
    """

    instance: str
    seen: Sequence[float]
    rate: Callable[[float], tuple[int, int]]
    started: float | None = None
    already: int = 0
    renamed: float = math.inf
    tells_start: bool = True
    lines: list[str] = field(default_factory=list)
    total: int = 0
    bad: int = 0

    def live(self, job: str, numbers: random.Random, origin: int) -> None:
        """Write down what is seen under the name of a job; `origin` in epoch seconds."""
        started = self.seen[0] - numbers.uniform(1, 14) if self.started is None else self.started
        for moment in self.seen:
            good, bad = self.rate(moment)
            self.total, self.bad = self.total + good + bad, self.bad + bad
            labels, at = f'job="{job}",instance="{self.instance}"', f"{origin + moment:.3f}"
            labels += ',zone="b"' if moment >= self.renamed else ""
            self.lines.append(f"requests_total{{{labels}}} {self.already + self.total} {at}")
            if self.bad:
                self.lines.append(f"errors_total{{{labels}}} {self.bad} {at}")
            if self.tells_start:
                self.lines.append(f"process_start_time_seconds{{{labels}}} {origin + started:.2f} {at}")


def scrapes(start: float, end: float) -> list[float]:
    return [start + SCRAPE * n for n in range(int((end - start) // SCRAPE) + 1)]


def steady(_: float) -> tuple[int, int]:
    return 40, 1


def openmetrics(processes: Iterable[Process]) -> str:
    """What all of them have shown, as text that promtool loads."""
    lines = [line for process in processes for line in process.lines]
    families = {name: [line for line in lines if line.startswith(name)] for name in ("requests", "errors", "process")}
    return "\n".join([*(line for family in families.values() for line in family), "# EOF"]) + "\n"
