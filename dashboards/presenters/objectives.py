"""The list of objectives: narrowed, sorted, grouped, a page at a time, as the address says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dashboards.presenters.narrowing import Chip, Sorted
from dashboards.presenters.objective_facets import Index, Menu, counted
from dashboards.presenters.objective_groups import Group, groups, in_groups
from dashboards.presenters.objective_query import DEFAULT_SORT, FACETS, GROUPS, STATES, Query
from dashboards.presenters.objective_views import Tab, address, tabs
from dashboards.presenters.pager import Pager, pager
from dashboards.presenters.rows import ObjectiveRow, rows_of
from slo import selectors_listed as selectors
from slo.selectors_listed import Listed

PER_PAGE = 50
_KEYS: dict[str, Callable[[Listed], str | float | None]] = {
    "state": lambda item: STATES.index(item.state),
    "name": lambda item: item.title.lower(),
    "service": lambda item: item.service_title.lower(),
    "target": lambda item: item.target,
    "sli": lambda item: item.ratio,
    "measured": lambda item: item.completeness,
    "budget": lambda item: item.remaining,
    "burn": lambda item: item.burn,
}


@dataclass(frozen=True, slots=True)
class Option:
    """One of several ways to look at the list."""

    title: str
    current: bool
    href: str


@dataclass(frozen=True, slots=True)
class ObjectivesPage:
    """`found` of `total` objectives; `groups` are those of the page. `present` is what a view would keep of it."""

    query: Query
    heads: tuple[Sorted, ...]
    groups: tuple[Group, ...]
    pager: Pager
    found: int
    total: int
    tabs: tuple[Tab, ...]
    menus: tuple[Menu, ...]
    chips: tuple[Chip, ...]
    ways: tuple[Option, ...]
    orders: tuple[Option, ...]
    present: str
    note: str
    without_words: str
    unnarrowed: str
    kept: tuple[tuple[str, str], ...]

    @property
    def tab(self) -> Tab | None:
        """The named list that is looked at, if it is one, sorted and grouped as it is."""
        return next((tab for tab in self.tabs if tab.href == f"?{self.present}"), None)


COLUMNS = (
    ("state", "State", "c-state"),
    ("name", "Objective", "c-name"),
    ("service", "Service", "c-service hide-m"),
    ("target", "Target", "num hide-s"),
    ("sli", "SLI", "num hide-s"),
    ("measured", "Measured", "num hide-m"),
    ("budget", "Budget left", "c-budget"),
    ("", "Burn, 24 h", "c-trend hide-m"),
    ("burn", "Burn, 1 h", "num"),
)


def heads(query: Query | None = None) -> tuple[Sorted, ...]:
    """The heads of a table of objectives; without a query none of them sorts."""
    return tuple(_head(query, *column) for column in COLUMNS)


def _head(query: Query | None, key: str, title: str, css: str) -> Sorted:
    if query is None or not key:
        return Sorted(key, title, css, "", "")
    href = query.sorted_by(key).address()
    direction = ("descending" if query.downwards else "ascending") if query.column == key else ""
    return Sorted(key, title, css, direction, href)


def objectives_page(at: datetime, query: Query) -> ObjectivesPage:
    """The objectives the query asks for, at `at`."""
    index = Index(selectors.listed(at))
    ordered = ranked([index.items[place] for place in sorted(index.find(query))], query.sort)
    if query.group:
        ordered = in_groups(ordered, query.group)
    shown = pager(len(ordered), query.page, PER_PAGE, lambda page: replace(query, page=page).address())
    query = replace(query, page=shown.page)
    first = (shown.page - 1) * PER_PAGE
    rows = rows_of(at, [item.pk for item in ordered[first : first + PER_PAGE]])
    return ObjectivesPage(
        query=query,
        heads=heads(query),
        groups=groups(ordered, first, rows, query),
        pager=shown,
        found=len(ordered),
        total=len(index.items),
        tabs=tabs(index, query, selectors.views()),
        menus=index.menus(query),
        chips=index.chips(query),
        ways=_ways(query),
        orders=_orders(query),
        present=address(query),
        note=counted(len(ordered), len(index.items)),
        without_words=replace(query, words="", page=1).address(),
        unnarrowed=replace(query, words="", chosen={}, page=1).address(),
        kept=tuple(query.pairs(without="q")),
    )


def ranked(items: Sequence[Listed], sort: str = DEFAULT_SORT) -> list[Listed]:
    """The items sorted by a column; what is alike by title, and what is not known last in either direction."""
    key, downwards = _KEYS[sort.removeprefix("-")], sort.startswith("-")
    alike = sorted(items, key=lambda item: (item.title.lower(), item.name))
    known = [(found, item) for item in alike if (found := key(item)) is not None]
    known.sort(key=lambda pair: pair[0], reverse=downwards)
    return [item for _, item in known] + [item for item in alike if key(item) is None]


def _ways(query: Query) -> tuple[Option, ...]:
    names = ("", *GROUPS)
    return tuple(
        Option(FACETS.get(name, "No groups"), name == query.group, replace(query, group=name, page=1).address())
        for name in names
    )


def _orders(query: Query) -> tuple[Option, ...]:
    return tuple(Option(title, key == query.column, query.sorted_by(key).address()) for key, title, _ in COLUMNS if key)


__all__ = ["ObjectiveRow", "ObjectivesPage", "Query", "heads", "objectives_page"]
