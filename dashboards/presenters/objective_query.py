"""What the address of the list of objectives asks for, and the addresses that ask for something else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from django.http import QueryDict

FACETS = {
    "state": "State",
    "budget": "Budget left",
    "service": "Service",
    "team": "Team",
    "tier": "Tier",
    "component": "Component",
    "sli": "SLI",
    "period": "Period",
    "source": "Source",
}
# Of these everybody knows all the values; of the others a kept address may name one that is gone.
STATES = ("exhausted", "critical", "burning", "no data", "healthy")
BUDGETS = {"spent": "spent", "low": "under 25 %", "half": "25 to 50 %", "much": "50 % and more", "unknown": "not known"}
FIXED: Mapping[str, Sequence[str]] = {"state": STATES, "budget": tuple(BUDGETS), "tier": ("1", "2", "3", "4", "-")}
GROUPS = ("service", "team", "state", "component", "tier")
# Each column, and whether its first look is from above.
SORTS = {
    "state": False,
    "name": False,
    "service": False,
    "target": False,
    "sli": False,
    "measured": False,
    "budget": False,
    "burn": True,
}
DEFAULT_SORT = "budget"
LONGEST, MOST_VALUES = 200, 50


@dataclass(frozen=True, slots=True)
class Query:
    """What the address asks for. `chosen` are the values of each facet; a leading minus of `sort` is downwards."""

    words: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = DEFAULT_SORT
    group: str = ""
    page: int = 1

    @classmethod
    def read(cls, asked: QueryDict) -> "Query":
        """From GET parameters; what is not known is ignored."""
        sort, group = asked.get("sort", ""), asked.get("group", "")
        chosen = {name: _values(name, asked.getlist(name)) for name in FACETS}
        return cls(
            words=" ".join(asked.get("q", "").replace("\0", "").split())[:LONGEST],
            chosen={name: values for name, values in chosen.items() if values},
            sort=sort if sort.removeprefix("-") in SORTS else DEFAULT_SORT,
            group=group if group in GROUPS else "",
            page=_page(asked.get("page", "")),
        )

    @classmethod
    def of(cls, address: str) -> "Query":
        """From a query string."""
        return cls.read(QueryDict(address.removeprefix("?")))

    @property
    def narrowed(self) -> bool:
        """Does it leave anything out?"""
        return bool(self.words or self.chosen)

    @property
    def column(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def downwards(self) -> bool:
        return self.sort.startswith("-")

    def pairs(self, without: str = "") -> list[tuple[str, str]]:
        """What a form has to say to ask for the same but for one parameter; the page is never among it."""
        found = [("q", self.words)]
        found += [(name, value) for name in FACETS for value in self.chosen.get(name, ())]
        found += [("sort", "" if self.sort == DEFAULT_SORT else self.sort), ("group", self.group)]
        return [(name, value) for name, value in found if value and name != without]

    def address(self) -> str:
        """The query string that asks for the same."""
        pages = [("page", str(self.page))] if self.page > 1 else []
        return "?" + urlencode([*self.pairs(), *pages])

    def without(self, facet: str, value: str) -> "Query":
        """The same without a value of a facet."""
        left = tuple(each for each in self.chosen.get(facet, ()) if each != value)
        chosen = {name: values for name, values in {**self.chosen, facet: left}.items() if values}
        return replace(self, chosen=chosen, page=1)

    def only(self, facet: str, value: str) -> "Query":
        """The same with a single value of a facet, and no groups."""
        return replace(self, chosen={**self.chosen, facet: (value,)}, group="", page=1)

    def sorted_by(self, column: str) -> "Query":
        """The same sorted by a column, the other way round if it already is."""
        if self.column == column:
            sort = column if self.downwards else f"-{column}"
        else:
            sort = f"-{column}" if SORTS[column] else column
        return replace(self, sort=sort, page=1)


def _values(facet: str, asked: Sequence[str]) -> tuple[str, ...]:
    known = FIXED.get(facet)
    cleaned = (value.replace("\0", "").strip()[:LONGEST] for value in asked[:MOST_VALUES])
    return tuple(sorted({value for value in cleaned if value and (known is None or value in known)}))


def _page(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 10 else 1
