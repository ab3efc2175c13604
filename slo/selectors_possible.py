"""Reads: objectives that ask for more than what they rest upon promises."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from slo import selectors
from slo.models import Component, Objective
from slo.selectors_systems import standing, systems

# Figures closer to each other than this are the same.
_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class Impossible:
    """An availability objective stricter than `composite`: what the hard dependencies `needs` of its component promise
    together, or the `system` of its service with everything that stands in for something.
    """

    objective: Objective
    composite: float
    needs: tuple[str, ...]
    system: str = ""

    @property
    def reason(self) -> str:
        """In words, such as "what it needs (db, llm) promises no more than 0.9989"."""
        what = f"its system {self.system}" if self.system else f"what it needs ({', '.join(self.needs)})"
        return f"{what} promises no more than {self.composite:.6g}"


def impossible(at: datetime) -> list[Impossible]:
    """Availability objectives that cannot be kept if all they rest upon just keeps its promises, by name."""
    chosen = selectors.objectives().filter(indicator="availability", parent=None)
    found = [*_by_dependencies(chosen.filter(component__isnull=False)), *_by_systems(chosen, at)]
    return sorted(found, key=lambda item: item.objective.name)


def _by_dependencies(objectives: Iterable[Objective]) -> Iterator[Impossible]:
    components = {item.name: item for item in Component.objects.all()}
    needs = {n: [d["component"] for d in item.needs if d["kind"] == "hard"] for n, item in components.items()}
    promised = _targets(components.values(), objectives)
    for item in objectives:
        behind = _behind(_component(item), needs)
        composite = 1.0
        for name in behind:
            composite *= promised.get(name, 1.0)
        if behind and item.target > composite + _NOTHING:
            yield Impossible(item, composite, tuple(behind))


def _by_systems(objectives: Iterable[Objective], at: datetime) -> Iterator[Impossible]:
    """What a service promises as a whole is kept by its system, at its best with all its fallbacks."""
    promised: dict[int | None, tuple[float, str]] = {}
    for whole in systems():
        found = standing(whole, at) if whole.service_id else None
        if found and not found.problem:
            best = (found.columns[0].result.served.bounds.high, whole.name)
            promised[whole.service_id] = min(promised.get(whole.service_id, best), best)
    for item in objectives if promised else ():
        composite, name = promised.get(item.service_id, (1.0, ""))
        if item.component is None and item.target > composite + _NOTHING:
            yield Impossible(item, composite, (), name)


def _targets(components: Iterable[Component], objectives: Iterable[Objective]) -> dict[str, float]:
    stated = {item.name: item.target for item in components if item.target}
    strictest: dict[str, float] = {}
    for item in objectives:
        strictest[_component(item)] = max(strictest.get(_component(item), 0.0), item.target)
    return strictest | stated


def _component(item: Objective) -> str:
    return item.component.name if item.component else ""


def _behind(name: str, needs: Mapping[str, list[str]]) -> list[str]:
    """What a component needs, directly or through others, each once."""
    met: set[str] = set()
    waiting = list(needs.get(name, ()))
    while waiting:
        following = waiting.pop()
        if following not in met and following != name:
            met.add(following)
            waiting += needs.get(following, ())
    return sorted(met)
