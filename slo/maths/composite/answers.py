"""Answers as numbers: the coverage, the redundancy, the outage and the changes a promise allows or needs."""

import heapq
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from slo.maths.composite.analysis import Analysis
from slo.maths.composite.system import Fallback, Unit

MOST_REPLICAS = 10
# Combinations of changes looked at before settling for what was found.
MOST_TRIED = 5_000


@dataclass(frozen=True, slots=True)
class Option:
    """A change that could be made: the component would have this availability, for this cost."""

    name: str
    component: str
    availability: float
    cost: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes that reach the target, and what they cost; `cheapest`: nothing cheaper does, for certain."""

    options: tuple[Option, ...]
    cost: float
    availability: float
    cheapest: bool


def coverage_needed(
    analysis: Analysis, units: Mapping[str, Unit], target: float, blocks: Collection[str] = ()
) -> float | None:
    """The least coverage that, in these fallbacks alike (by default in all), reaches the target; None when even full
    coverage does not.
    """
    fallbacks = [name for name, block in analysis.system.blocks.items() if isinstance(block, Fallback)]
    chosen = [name for name in fallbacks if not blocks or name in blocks]
    return _least(lambda coverage: analysis.availability(units, dict.fromkeys(chosen, coverage)), target)


def _least(reached: Callable[[float], float], target: float) -> float | None:
    if reached(0.0) >= target:
        return 0.0
    if reached(1.0) < target:
        return None
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) >= target else (middle, high)
    return high


def replicas_needed(
    analysis: Analysis, units: Mapping[str, Unit], target: float, component: str, beta: float = 0.0
) -> int | None:
    """How many of a component, any of which is enough, reach the target; None when ten do not."""
    for number in range(1, MOST_REPLICAS + 1):
        unit = replicated(units[component], number, beta)
        if analysis.availability({**units, component: unit}) >= target:
            return number
    return None


def replicated(unit: Unit, number: int, beta: float = 0.0) -> Unit:
    """So many of a component in place of one, any of which is enough; `beta` is the share of failures in common.

    An outage of all of them ends with the first repair, so it is as many times shorter; one in common is not.
    """
    lost = 1.0 - unit.availability
    if number == 1 or lost <= 0:
        return unit
    apart, common = ((1.0 - beta) * lost) ** number, beta * lost
    failing = apart * number + common
    shorter = (apart + common) / failing if failing else 1.0 / number
    repair = None if unit.repair is None else unit.repair * shorter
    return replace(unit, availability=(1.0 - apart) * (1.0 - common), repair=repair)


def outage_survived(
    analysis: Analysis, units: Mapping[str, Unit], target: float, component: str, seconds: float
) -> float | None:
    """Seconds of one component's outage in a period of `seconds` that still leave the promise kept, all others failing
    as usual: T·(1 - target - Q(0)) / (Q(1) - Q(0)). None without a limit; 0 when the promise is lost anyway.
    """
    unit = units[component]
    lost = {up: 1.0 - analysis.availability({**units, component: replace(unit, availability=up)}) for up in (0.0, 1.0)}
    spare, harm = 1.0 - target - lost[1.0], lost[0.0] - lost[1.0]
    if spare <= 0:
        return 0.0
    return None if spare >= harm else seconds * spare / harm


def cheapest(
    analysis: Analysis, units: Mapping[str, Unit], target: float, options: Sequence[Option], most: int = MOST_TRIED
) -> Plan | None:
    """The cheapest changes that reach the target, at most one a component; None when all together do not.

    Combinations are tried in the order of their cost, so the first that is enough is the cheapest; after `most` of
    them the best is taken step by step instead, and the plan does not claim to be the cheapest.
    """
    ordered = sorted(options, key=lambda option: (option.cost, option.name))
    ticket = count()
    waiting: list[tuple[float, int, int, tuple[Option, ...]]] = [(0.0, next(ticket), 0, ())]
    for _ in range(most):
        if not waiting:
            return None
        cost, _, start, chosen = heapq.heappop(waiting)
        reached = analysis.availability(_changed(units, chosen))
        if reached >= target:
            return Plan(chosen, cost, reached, cheapest=True)
        taken = {option.component for option in chosen}
        for i in range(start, len(ordered)):
            if ordered[i].component not in taken:
                heapq.heappush(waiting, (cost + ordered[i].cost, next(ticket), i + 1, (*chosen, ordered[i])))
    return _step_by_step(analysis, units, target, ordered)


def _step_by_step(
    analysis: Analysis, units: Mapping[str, Unit], target: float, options: Sequence[Option]
) -> Plan | None:
    """The change with the most gain for its cost, again and again."""
    chosen: dict[str, Option] = {}
    now = analysis.availability(units)
    while now < target:
        gains = [
            (analysis.availability(_changed(units, [*{**chosen, o.component: o}.values()])) - now, o)
            for o in options
            if chosen.get(o.component) != o
        ]
        useful = [(gain, option) for gain, option in gains if gain > 0]
        if not useful:
            return None
        gain, best = max(useful, key=lambda pair: (pair[0] / max(pair[1].cost, 1e-9), pair[1].name))
        chosen[best.component] = best
        now += gain
    found = tuple(chosen.values())
    return Plan(found, sum(option.cost for option in found), now, cheapest=False)


def _changed(units: Mapping[str, Unit], options: Sequence[Option]) -> dict[str, Unit]:
    better = {o.component: replace(units[o.component], availability=o.availability) for o in options}
    return {**units, **better}
