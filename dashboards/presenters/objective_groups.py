"""Objectives in groups, each with how it is as a whole."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboards.presenters.objective_facets import value
from dashboards.presenters.objective_query import Query
from dashboards.presenters.rows import ObjectiveRow
from slo.selectors_listed import Listed

TROUBLED = ("burning", "critical", "exhausted")


@dataclass(frozen=True, slots=True)
class Total:
    """A group as a whole, wherever its rows are: how many it has, how many are in which trouble, its least budget."""

    title: str
    href: str
    count: int
    burning: int
    exhausted: int
    silent: int
    least: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of a page that belong together. `total` is None for a list without groups.

    `continued`: the group began on the page before.
    """

    rows: tuple[ObjectiveRow, ...]
    total: Total | None = None
    continued: bool = False


def in_groups(items: Sequence[Listed], facet: str) -> list[Listed]:
    """The items group by group, the group of the first item first; within a group their order stays."""
    order: dict[str, list[Listed]] = {}
    for item in items:
        order.setdefault(value(item, facet)[0], []).append(item)
    return [item for members in order.values() for item in members]


def groups(ordered: Sequence[Listed], first: int, rows: Mapping[int, ObjectiveRow], query: Query) -> tuple[Group, ...]:
    """The rows of a page in groups; `ordered` is the whole list, the page begins with number `first`."""
    page = [item for item in ordered[first : first + len(rows)] if item.pk in rows]
    if not query.group:
        return (Group(tuple(rows[item.pk] for item in page)),) if page else ()
    before = value(ordered[first - 1], query.group)[0] if first else None
    members: dict[str, list[Listed]] = {}
    for item in page:
        members.setdefault(value(item, query.group)[0], []).append(item)
    totals = _totals(ordered, query, set(members))
    return tuple(
        Group(tuple(rows[item.pk] for item in found), totals[name], continued=name == before)
        for name, found in members.items()
    )


def _totals(ordered: Sequence[Listed], query: Query, wanted: set[str]) -> dict[str, Total]:
    members: dict[str, list[Listed]] = {name: [] for name in wanted}
    for item in ordered:
        if (name := value(item, query.group)[0]) in members:
            members[name].append(item)
    return {name: _total(found, query) for name, found in members.items()}


def _total(members: Sequence[Listed], query: Query) -> Total:
    name, title = value(members[0], query.group)
    states = Counter(item.state for item in members)
    known = [item.remaining for item in members if item.remaining is not None]
    return Total(
        title=title,
        href=query.only(query.group, name).address(),
        count=len(members),
        burning=states["burning"] + states["critical"],
        exhausted=states["exhausted"],
        silent=states["no data"],
        least=min(known, default=None),
    )
