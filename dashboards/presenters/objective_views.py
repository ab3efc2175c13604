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
    """Every named list, with how many objectives it has now."""
    present = address(query)
    built_in = (_tab(index, title, asked, present) for title, asked in BUILT_IN)
    return (*built_in, *(_tab(index, view.name, view.query, present, view) for view in kept))


def address(query: Query) -> str:
    """What a view keeps of a list: everything but the page."""
    return replace(query, page=1).address().removeprefix("?")


def _tab(index: Index, title: str, asked: str, present: str, view: ObjectiveView | None = None) -> Tab:
    wanted = Query.of(asked)
    href = address(wanted)
    note = f"kept by {view.created_by}" if view else ""
    return Tab(title, len(index.find(wanted)), href == present, f"?{href}", view.pk if view else None, note)
