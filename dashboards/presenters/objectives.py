"""The list of objectives: filtered, sorted, from what the address says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from dashboards.presenters.rows import ObjectiveRow, by_least_budget, objective_rows
from slo import selectors
from slo.models import Objective

STATES = ("healthy", "burning", "critical", "exhausted", "no data")
SORTS: Mapping[str, Callable[[ObjectiveRow], Any]] = {
    "state": lambda row: (row.badge.rank, row.title),
    "name": lambda row: row.title.lower(),
    "service": lambda row: (row.service, row.title.lower()),
    "target": lambda row: row.target,
    "sli": lambda row: (row.sli is None, row.sli),
    "measured": lambda row: row.completeness,
    "budget": by_least_budget,
    "burn": lambda row: -(row.burn if row.burn is not None else -1),
}
DEFAULT_SORT = "budget"


@dataclass(frozen=True, slots=True)
class Query:
    """What the address asks for. `sort` may have a leading minus for the other direction."""

    words: str = ""
    service: str = ""
    state: str = ""
    sort: str = DEFAULT_SORT

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> "Query":
        """From GET parameters; what is not known is ignored."""
        sort, state = parameters.get("sort", DEFAULT_SORT), parameters.get("state", "")
        return cls(
            words=parameters.get("q", "").strip()[:200],
            service=parameters.get("service", "")[:100],
            state=state if state in STATES else "",
            sort=sort if sort.removeprefix("-") in SORTS else DEFAULT_SORT,
        )

    def sorted_by(self, column: str) -> str:
        """The query string of the same list sorted by a column, the other way round if it already is."""
        sort = f"-{column}" if self.sort == column else column
        pairs = {"q": self.words, "service": self.service, "state": self.state, "sort": sort}
        return "?" + urlencode({key: value for key, value in pairs.items() if value})


@dataclass(frozen=True, slots=True)
class Head:
    """A column head that sorts. `direction` is the value of aria-sort, empty while another column sorts."""

    key: str
    title: str
    css: str
    direction: str
    href: str


@dataclass(frozen=True, slots=True)
class ObjectivesPage:
    query: Query
    heads: tuple[Head, ...]
    rows: tuple[ObjectiveRow, ...]
    total: int
    services: tuple[tuple[str, str], ...]
    states: tuple[str, ...] = STATES


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


def heads(query: Query | None = None) -> tuple[Head, ...]:
    """The heads of a table of objectives; without a query none of them sorts."""
    return tuple(_head(query, *column) for column in COLUMNS)


def _head(query: Query | None, key: str, title: str, css: str) -> Head:
    if query is None or not key:
        return Head(key, title, css, "", "")
    if query.sort.removeprefix("-") != key:
        return Head(key, title, css, "", query.sorted_by(key))
    return Head(key, title, css, "descending" if query.sort.startswith("-") else "ascending", query.sorted_by(key))


def objectives_page(at: datetime, query: Query) -> ObjectivesPage:
    """The objectives the query asks for, at `at`."""
    everything = list(selectors.objectives())
    services = {item.service.name: str(item.service) for item in everything}
    chosen = [item for item in everything if _matches(item, query)]
    pairs = list(zip(chosen, selectors.statuses(at, chosen), strict=True))
    if query.state:
        pairs = [pair for pair in pairs if pair[1].state == query.state]
    rows = objective_rows(at, [item for item, _ in pairs], [status for _, status in pairs])
    return ObjectivesPage(
        query=query,
        heads=heads(query),
        rows=tuple(_sorted(rows, query.sort)),
        total=len(everything),
        services=tuple(sorted(services.items(), key=lambda pair: pair[1].lower())),
    )


def _sorted(rows: Sequence[ObjectiveRow], sort: str) -> list[ObjectiveRow]:
    return sorted(rows, key=SORTS[sort.removeprefix("-")], reverse=sort.startswith("-"))


def _matches(item: Objective, query: Query) -> bool:
    if query.service and item.service.name != query.service:
        return False
    text = f"{item.name} {item.title} {item.service.name} {item.service.title} {item.owner}".lower()
    return all(word in text for word in query.words.lower().split())
