"""The live world: counters that only go up, as a real service keeps them, shown in Prometheus's text form."""

import random
from collections.abc import Iterator
from threading import Lock

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from demo import scenario
from demo.world import model
from demo.world.components import BUCKETS, GROUPS, PARTS, TEMPLATES, TEMPLATES_GROUP

LONGEST_STEP = 5.0


class World:
    """Every component's counters since `started`; `advance` lets time pass. Safe to read from other threads."""

    def __init__(self, anchor: float, started: float, seed: int = 7, plot: scenario.Plot = scenario.EVERYDAY) -> None:
        self.anchor, self.started, self.at, self.plot = anchor, started, started, plot
        self.off: frozenset[str] = frozenset()
        self._lock = Lock()
        self._chance = random.Random(seed)
        self._outcomes = {(part.name, kind): 0 for part in PARTS for kind in ("ok", "error", "shed")}
        self._outcomes |= {(TEMPLATES, kind): 0 for kind in ("ok", "error")}
        self._within = {(part.name, limit): 0 for part in PARTS for limit in BUCKETS}
        self._seconds = {part.name: 0.0 for part in PARTS}
        self._registries = {group: CollectorRegistry(auto_describe=False) for group in GROUPS}
        for group, registry in self._registries.items():
            registry.register(_Group(self, group))

    def advance(self, at: float) -> None:
        """Let the world live on to the instant `at` (epoch seconds); a machine that slept lost that time."""
        span, self.at = min(at - self.at, LONGEST_STEP), at
        conditions = model.conditions(at, self.anchor, self.off, self.plot)
        turns = model.turns(at) * span
        with self._lock:
            for part in PARTS:
                condition = conditions[part.name]
                counts = model.count(part, condition, turns, self._chance, BUCKETS)
                if part.name == "llm":
                    covered = model.stood_in(counts, self._chance)
                    self._outcomes[TEMPLATES, "ok"] += covered.answered
                    self._outcomes[TEMPLATES, "error"] += covered.failed
                self._outcomes[part.name, "ok"] += counts.answered
                self._outcomes[part.name, "error"] += counts.failed
                self._outcomes[part.name, "shed"] += counts.shed
                self._seconds[part.name] += counts.answered * part.median * condition.slowness
                for limit, number in counts.within.items():
                    self._within[part.name, limit] += number

    def conditions(self) -> dict[str, model.Condition]:
        """How every part fares now."""
        return model.conditions(self.at, self.anchor, self.off, self.plot)

    def exposition(self, group: str) -> bytes:
        """What `/metrics` of a group of services answers. Raises KeyError for an unknown group."""
        return generate_latest(self._registries[group])

    def report(self) -> str:
        """A few lines for people: what is going on and which flags are off."""
        conditions = model.conditions(self.at, self.anchor, self.off, self.plot)
        going_on = [incident.name for incident, _ in scenario.incidents(self.at - self.anchor, self.plot)]
        lines = [
            "MangaAssist, a simulated shopping assistant",
            f"going on: {', '.join(going_on) or 'nothing unusual'}",
            f"flags off: {', '.join(sorted(self.off)) or 'none'}",
            f"conversation turns a second: {model.turns(self.at):.1f}",
            "",
            f"{'component':16} {'errors':>8} {'slowness':>9} {'requests':>10} {'shed':>8}",
        ]
        for part in PARTS:
            condition = conditions[part.name]
            served = self._outcomes[part.name, "ok"] + self._outcomes[part.name, "error"]
            shed = self._outcomes[part.name, "shed"]
            lines.append(
                f"{part.name:16} {condition.errors:8.3%} {condition.slowness:8.2f}× {served:10} {shed:8}",
            )
        return "\n".join(lines) + "\n"

    def families(self, group: str) -> list[Metric]:
        """The metric families of a group, all of one instant."""
        requests = CounterMetricFamily(
            "mangaassist_requests",
            "Requests by outcome; shed ones were left undone on purpose.",
            labels=["component", "outcome"],
        )
        seconds = HistogramMetricFamily(
            "mangaassist_request_seconds", "Seconds an answered request took.", labels=["component"]
        )
        start = GaugeMetricFamily("process_start_time_seconds", "When this process started.", value=self.started)
        with self._lock:
            for part in PARTS:
                if part.group != group:
                    continue
                for kind in ("ok", "error", "shed"):
                    requests.add_metric([part.name, kind], self._outcomes[part.name, kind])
                answered = self._outcomes[part.name, "ok"]
                buckets = [(str(limit), self._within[part.name, limit]) for limit in BUCKETS]
                seconds.add_metric([part.name], [*buckets, ("+Inf", answered)], self._seconds[part.name])
            if group == TEMPLATES_GROUP:
                for kind in ("ok", "error"):
                    requests.add_metric([TEMPLATES, kind], self._outcomes[TEMPLATES, kind])
        return [requests, seconds, start]


class _Group(Collector):
    def __init__(self, world: World, group: str) -> None:
        self._world, self._group = world, group

    def collect(self) -> Iterator[Metric]:
        return iter(self._world.families(self._group))
