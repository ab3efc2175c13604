"""The parts of MangaAssist as data: who calls them how often, how often they fail, how long they take."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.89, 1.5, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Part:
    """A component of the simulated system.

    `calls` is its requests a conversation turn that no flag can switch off; `by_flag` adds more for each flag that
    is on. `errors` is the share that fails on a good day; `median` and `spread` shape the (log-normal) seconds.
    `leak` is the share of its failures that no fallback hides from the user.
    """

    name: str
    group: str
    calls: float
    errors: float
    median: float
    by_flag: Mapping[str, float] = field(default_factory=dict)
    spread: float = 0.4
    leak: float = 0.0

    def load(self, off: frozenset[str]) -> float:
        """Requests a conversation turn while the flags in `off` are off."""
        return self.calls + sum(extra for flag, extra in self.by_flag.items() if flag not in off)

    def faster_than(self, seconds: float, slowness: float = 1.0) -> float:
        """The share of answers that take at most `seconds`."""
        distance = math.log(seconds / (self.median * slowness)) / self.spread
        return 0.5 * (1 + math.erf(distance / math.sqrt(2)))


PARTS = (
    Part("conversation", "assistant", 1.0, 0.00011, 1.35, spread=0.28),
    Part("api-gateway", "assistant", 1.0, 0.000022, 0.004),
    Part("orchestrator", "assistant", 1.0, 0.00012, 0.02),
    Part(
        "llm",
        "assistant",
        0.05,
        0.00027,
        1.25,
        {"llm-answers": 0.5, "promotion-nudges": 0.06, "personalised-recommendations": 0.15, "feedback-prompts": 0.04},
        spread=0.3,
        leak=0.01,
    ),
    Part("database", "assistant", 2.0, 0.00002, 0.005, {"analytics-events": 0.6}),
    Part(
        "recommendations",
        "assistant",
        0.12,
        0.00023,
        0.18,
        {"personalised-recommendations": 0.26, "promotion-nudges": 0.12},
        spread=0.3,
        leak=0.005,
    ),
    Part("promotions", "assistant", 0.02, 0.0016, 0.03, {"promotion-nudges": 0.4}),
    Part("profile", "assistant", 0.6, 0.00033, 0.012),
    Part("analytics", "assistant", 0.05, 0.0031, 0.02, {"analytics-events": 1.0}),
    Part("feedback", "assistant", 0.03, 0.0036, 0.04, {"feedback-prompts": 0.15}),
    Part("catalog", "store", 0.35, 0.00016, 0.045, {"promotion-nudges": 0.05}, spread=0.3, leak=0.005),
    Part("search", "store", 0.25, 0.00028, 0.09, {"search-suggestions": 0.15}, leak=0.005),
    Part("orders", "after-sales", 0.2, 0.00026, 0.22, {"parcel-map": 0.12, "order-updates": 0.08}, leak=0.01),
    Part("returns", "after-sales", 0.12, 0.0003, 0.34, {"return-photos": 0.04}, spread=0.35, leak=0.01),
)
# The model's stand-in: it is asked only for what the model failed at, and knows an answer to this share of it.
TEMPLATES, KNOWN_INTENTS = "templates", 0.62
TEMPLATES_GROUP = "assistant"
GROUPS = tuple(dict.fromkeys(part.group for part in PARTS))
# Requests a conversation turn while every flag is on.
FULL = {part.name: part.load(frozenset()) for part in PARTS}
FLAGS = frozenset(flag for part in PARTS for flag in part.by_flag)
