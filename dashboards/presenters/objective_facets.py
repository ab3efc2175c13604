"""By what a list of objectives is narrowed: which values there are, and how many objectives have each."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from dashboards.presenters.narrowing import Chip
from dashboards.presenters.objective_query import BUDGETS, FACETS, FIXED, Query
from slo.maths.windows import format_duration
from slo.selectors_listed import Listed

NOBODY = "-"


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a facet: how many objectives have it beside everything else that is chosen."""

    value: str
    title: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Menu:
    """A facet that has something to choose. `kept` is what else its form asks for."""

    name: str
    title: str
    choices: tuple[Choice, ...]
    chosen: int
    kept: tuple[tuple[str, str], ...]


def value(item: Listed, facet: str) -> tuple[str, str]:
    """What an objective has of a facet: as addresses name it, and in words."""
    if facet in _PLAIN:
        return _PLAIN[facet](item)
    text = item.state if facet == "state" else item.team
    return (text, text[:1].upper() + text[1:] if facet == "state" else text) if text else (NOBODY, "nobody's")


def _budget(item: Listed) -> tuple[str, str]:
    left = item.remaining
    if left is None:
        name = "unknown"
    else:
        name = "spent" if left <= 0 else "low" if left < 0.25 else "half" if left < 0.5 else "much"
    return name, BUDGETS[name]


def _period(item: Listed) -> tuple[str, str]:
    if unit := item.period.get("calendar"):
        return str(unit), f"calendar {unit}"
    length = format_duration(int(item.period.get("rolling", 0)))
    return length, f"last {length}"


def _tier(item: Listed) -> tuple[str, str]:
    return (str(item.tier), f"tier {item.tier}") if item.tier else (NOBODY, "no component")


_PLAIN: Mapping[str, Callable[[Listed], tuple[str, str]]] = {
    "budget": _budget,
    "period": _period,
    "tier": _tier,
    "service": lambda item: (item.service, item.service_title),
    "component": lambda item: (item.component or NOBODY, item.component_title or "no component"),
    "sli": lambda item: (item.indicator, item.indicator),
    "source": lambda item: (item.source, item.source_title),
}


class Index:
    """Which objectives have which value of which facet; objectives are told by their place in `items`."""

    def __init__(self, items: Sequence[Listed]) -> None:
        self.items = items
        self.titles: dict[str, dict[str, str]] = {name: {} for name in FACETS}
        self._having: dict[str, dict[str, set[int]]] = {name: defaultdict(set) for name in FACETS}
        for place, item in enumerate(items):
            for name in FACETS:
                known, title = value(item, name)
                self.titles[name][known] = title
                self._having[name][known].add(place)

    @cached_property
    def _texts(self) -> list[str]:
        return [_text(item) for item in self.items]

    def find(self, query: Query, without: str = "") -> set[int]:
        """The places of what fulfils a query, one facet left aside."""
        found = self._said(query.words)
        for name, values in query.chosen.items():
            if name != without:
                found &= set().union(*(self._having[name].get(each, set()) for each in values))
        return found

    def menus(self, query: Query) -> tuple[Menu, ...]:
        """The facets that tell objectives apart, with what may be chosen."""
        menus = (self._menu(name, query) for name in FACETS)
        return tuple(menu for menu in menus if len(self._having[menu.name]) > 1 or menu.chosen)

    def chips(self, query: Query) -> tuple[Chip, ...]:
        """What the list is narrowed by, each to be removed alone."""
        return tuple(
            Chip(FACETS[name], self.titles[name].get(each, each), query.without(name, each).address())
            for name, values in query.chosen.items()
            for each in values
        )

    def _said(self, words: str) -> set[int]:
        wanted = words.lower().split()
        if not wanted:
            return set(range(len(self.items)))
        return {place for place, text in enumerate(self._texts) if all(word in text for word in wanted)}

    def _menu(self, name: str, query: Query) -> Menu:
        chosen = query.chosen.get(name, ())
        among = self.find(query, without=name)
        counts = {each: len(places & among) for each, places in self._having[name].items()}
        offered = {each for each, count in counts.items() if count} | set(chosen)
        choices = (
            Choice(each, self.titles[name].get(each, each), counts.get(each, 0), each in chosen) for each in offered
        )
        ranked = sorted(choices, key=lambda choice: _rank(name, choice, self.titles[name]))
        return Menu(name, FACETS[name], tuple(ranked), len(chosen), tuple(query.pairs(without=name)))


def _rank(name: str, choice: Choice, known: Mapping[str, str]) -> tuple[bool, int, str]:
    fixed = FIXED.get(name, ())
    place = fixed.index(choice.value) if choice.value in fixed else 0
    return choice.value == NOBODY, place, known.get(choice.value, choice.value).lower()


def _text(item: Listed) -> str:
    labels = (f"{key}={each}" for key, each in item.labels.items())
    return " ".join(
        (item.name, item.title, item.service, item.service_title, item.team, item.component, *labels)
    ).lower()


def counted(found: int, total: int) -> str:
    """How many there are, in words: 1,000 objectives, or 12 of 1,000."""
    return f"{found:,} of {total:,}" if found != total else f"{total:,} objective{'' if total == 1 else 's'}"
