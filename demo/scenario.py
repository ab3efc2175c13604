"""What happens in the demo world, and when: data, no code that runs anything.

Instants are seconds relative to the anchor, the moment the demo was seeded: before it lies the seeded history,
after it the live cycle.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

MINUTE, HOUR, DAY = 60, 3_600, 86_400
RAMP = 45.0
# After an incident of the history, so long until every tier is back by its shares.
RAMPS = 100 * MINUTE


@dataclass(frozen=True, slots=True)
class Incident:
    """A component misbehaves: `errors` is the share of its requests that fail at the worst moment under full load,
    `slowness` what its response times are multiplied by then. `period` seconds lie between its waves, and it takes
    `ramp` seconds to come and to go.

    Of the trouble, the share `by_load` goes with the load to the power `steep`; the rest is not about load. Callers
    repeat what failed up to `retries` times, which adds to the load.
    """

    name: str
    component: str
    start: int
    length: int
    errors: float = 0.0
    slowness: float = 1.0
    period: float = 420.0
    ramp: float = RAMP
    by_load: float = 0.65
    steep: float = 1.0
    retries: int = 0

    def weight(self, load: float) -> float:
        """What is left of the errors under `load`, where 1 is full load."""
        return 1 - self.by_load + self.by_load * float(load**self.steep)

    def level(self, at: float) -> float:
        """How bad it is at `at`, 0 to 1: it comes and goes within seconds, and waxes and wanes between."""
        since, left = at - self.start, self.start + self.length - at
        if since <= 0 or left <= 0:
            return 0.0
        wave = 0.85 + 0.15 * math.cos(2 * math.pi * since / self.period)
        return min(1.0, since / self.ramp, left / self.ramp) * wave


@dataclass(frozen=True, slots=True)
class Leak:
    """A component slowly gets worse: from `start` on, its share of errors grows to `errors` at `end` and stays."""

    name: str
    component: str
    start: int
    end: int
    errors: float

    def ratio(self, at: float) -> float:
        """The share of errors it adds at `at`."""
        return self.errors * min(1.0, max(0.0, (at - self.start) / (self.end - self.start)))


@dataclass(frozen=True, slots=True)
class Shed:
    """A flag that was off for a while in the history; without an end it is still off."""

    flag: str
    start: int
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Forced:
    """A flag that a person switched by hand."""

    flag: str
    value: bool
    start: int
    length: int
    reason: str


@dataclass(frozen=True, slots=True)
class Pause:
    """A span of the history that does not count (maintenance), or that nobody measured."""

    service: str
    start: int
    end: int
    reason: str


LEAK = Leak("an index that is rebuilt ever more often", "search", -12 * DAY, -1 * DAY, 0.0021)

# The orders database has lost its primary; returns live on the same machine and get slow.
NOW = (
    Incident("orders time out", "orders", -20 * MINUTE, 25 * MINUTE, errors=0.46, slowness=2.5),
    Incident("returns are slow", "returns", -20 * MINUTE, 25 * MINUTE, errors=0.004, slowness=2.4),
)
# A campaign sends everybody to the recommendations.
LAST_WEEK = Incident(
    "a campaign overloads the recommendations", "recommendations", -6 * DAY - 5 * HOUR, 55 * MINUTE, 0.2, 2.2
)
UPGRADE = (
    Incident("catalog upgrade", "catalog", -11 * DAY, 50 * MINUTE, errors=0.35),
    Incident("search upgrade", "search", -11 * DAY, 50 * MINUTE, errors=0.35),
)
HISTORY = (*UPGRADE, LAST_WEEK, *NOW)
MAINTENANCE = Pause("store", -11 * DAY - 5 * MINUTE, -11 * DAY + 55 * MINUTE, "Planned upgrade of the product database")
UNMEASURED = Pause("", -17 * DAY, -17 * DAY + 40 * MINUTE, "Brownout itself was moved to another machine")

# What the loop did about it, as far as it changed the traffic; the seed replays the loop itself for its records.
SHEDS = (
    Shed("analytics-events", -6 * DAY - 5 * HOUR + 3 * MINUTE, -6 * DAY - 5 * HOUR + 123 * MINUTE),
    Shed("feedback-prompts", -6 * DAY - 5 * HOUR + 3 * MINUTE, -6 * DAY - 5 * HOUR + 123 * MINUTE),
    Shed("promotion-nudges", -6 * DAY - 5 * HOUR + 5 * MINUTE, -6 * DAY - 5 * HOUR + 103 * MINUTE),
    Shed("personalised-recommendations", -6 * DAY - 5 * HOUR + 7 * MINUTE, -6 * DAY - 5 * HOUR + 83 * MINUTE),
    Shed("parcel-map", -18 * MINUTE),
    Shed("order-updates", -16 * MINUTE),
    Shed("return-photos", -16 * MINUTE),
)

# What people did, by the instant it happened at.
ACKNOWLEDGED = {-6 * DAY - 5 * HOUR + 9 * MINUTE: "Marketing's mail went out early; nudges are shed, watching it drain"}
FORCED = (
    Forced("search-suggestions", False, -3 * DAY, HOUR, "Does search fail less without suggestions? Looking into it"),
)


@dataclass(frozen=True, slots=True)
class Story:
    """What the live world goes through again and again, every `cycle` seconds; `about` tells it to people."""

    about: str
    incidents: tuple[Incident, ...]
    cycle: int = 30 * MINUTE


@dataclass(frozen=True, slots=True)
class Plot:
    """The story that is told, and how many seconds after the anchor it began."""

    story: Story
    begun: float = 0.0


# After the anchor the same hour and a bit comes back again and again.
CYCLE = 70 * MINUTE
LIVE = (
    Incident("the language model is saturated", "llm", 14 * MINUTE, 9 * MINUTE, errors=0.36, slowness=2.2),
    Incident("orders time out", "orders", 36 * MINUTE, 10 * MINUTE, errors=0.46, slowness=2.5),
    Incident("returns are slow", "returns", 36 * MINUTE, 10 * MINUTE, errors=0.004, slowness=2.4),
    Incident(
        "a campaign overloads the recommendations", "recommendations", 58 * MINUTE, 7 * MINUTE, errors=0.2, slowness=2.2
    ),
)


STORIES = {
    "everyday": Story("an hour with a saturated model, orders that time out and a campaign", LIVE, CYCLE),
    "campaign": Story(
        "a campaign overloads the recommendations; less load helps, so what is shed brings the burn down",
        (
            Incident(
                *("a campaign overloads the recommendations", "recommendations", 0, 14 * MINUTE),
                errors=0.24,
                slowness=2.6,
                by_load=0.97,
                steep=3.0,
            ),
        ),
    ),
    "llm-outage": Story(
        "the language model is gone for ten minutes; after five a banner goes up",
        (Incident("the language model is down", "llm", 0, 10 * MINUTE, errors=0.98, period=1e9, by_load=0.0),),
    ),
    "slow-returns": Story(
        "returns answer slowly, and some not at all",
        (Incident("returns are slow", "returns", 0, 12 * MINUTE, errors=0.06, slowness=4.0),),
    ),
    "retry-storm": Story(
        "orders falter, and callers that try again make it worse",
        (Incident("callers repeat failed orders", "orders", 0, 12 * MINUTE, errors=0.3, slowness=2.0, retries=2),),
    ),
    "slow-leak": Story(
        "search gets worse little by little for half an hour",
        (Incident("search leaks memory", "search", 0, 40 * MINUTE, errors=0.03, ramp=30 * MINUTE, period=1e9),),
        cycle=50 * MINUTE,
    ),
    "zone-loss": Story(
        "one of three zones is gone: everything that ran there fails until it has moved",
        tuple(
            Incident("a zone is lost", component, 0, 9 * MINUTE, errors=errors, slowness=slowness)
            for component, errors, slowness in (
                *(("orchestrator", 0.07, 1.6), ("database", 0.02, 2.5), ("catalog", 0.05, 1.5)),
                *(("search", 0.08, 1.7), ("orders", 0.06, 1.6)),
            )
        ),
    ),
}
EVERYDAY = Plot(STORIES["everyday"])


def incidents(at: float, plot: Plot = EVERYDAY) -> Iterator[tuple[Incident, float]]:
    """What is going on at `at`, each with its level."""
    for incident in HISTORY:
        if level := incident.level(at):
            yield incident, level
    if at >= max(0.0, plot.begun):
        for incident in plot.story.incidents:
            if level := incident.level((at - plot.begun) % plot.story.cycle):
                yield incident, level


def news(at: float, plot: Plot = EVERYDAY) -> str:
    """A sentence about an instant after the anchor: what is going on, or when something will."""
    now = list(dict.fromkeys(incident.name for incident, _ in incidents(at, plot)))
    if now:
        return f"Right now {' and '.join(now)}."
    since = at - plot.begun
    wait = min(
        (incident.start - since) % plot.story.cycle if since >= 0 else -since for incident in plot.story.incidents
    )
    return f"All is calm; the next incident begins in {math.ceil(wait / MINUTE)} min."


def off(at: float) -> frozenset[str]:
    """The flags that were off at an instant of the history."""
    shed = {s.flag for s in SHEDS if s.start <= at and (s.end is None or at < s.end)}
    return frozenset(shed | {f.flag for f in FORCED if not f.value and f.start <= at < f.start + f.length})
