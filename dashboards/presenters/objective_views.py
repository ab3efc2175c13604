"""Lists of objectives that have a name: those that everybody needs, then those that people keep."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboards.presenters.objective_facets import Index
from dashboards.presenters.objective_query import Query
from slo.models import ObjectiveView

BUILT_IN = (
    ("All", ""),
    ("Burning", "state=burning&state=critical&sort=-burn"),
    ("Little budget", "budget=spent&budget=low"),
    ("No data", "state=no+data"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A named list; `pk` is that of a kept one, None for one that is built in."""

    title: str
    count: int
    current: bool
    href: str
    pk: int | None = None
    note: str = ""


def tabs(index: Index, query: Query, kept: Sequence[ObjectiveView]) -> tuple[Tab, ...]:
    """Every named list, with how many objectives it has now.

    The present one asks for the same; or else it is the built-in one that shows the same objectives in another order.
    """
    found = [_tab(index, title, asked, query) for title, asked in BUILT_IN]
    found += [_tab(index, view.name, view.query, query, view) for view in kept]
    if any(tab.current for tab in found):
        return tuple(found)
    return tuple(replace(tab, current=tab.pk is None and _alike(Query.of(tab.href), query)) for tab in found)


def _alike(one: Query, other: Query) -> bool:
    return (one.words, one.chosen) == (other.words, other.chosen)


def address(query: Query) -> str:
    """What a view keeps of a list: everything but the page."""
    return replace(query, page=1).address().removeprefix("?")


def _tab(index: Index, title: str, asked: str, present: Query, view: ObjectiveView | None = None) -> Tab:
    wanted = Query.of(asked)
    href = address(wanted)
    note = f"kept by {view.created_by}" if view else ""
    current = href == address(present)
    return Tab(title, len(index.find(wanted)), current, f"?{href}", view.pk if view else None, note)
