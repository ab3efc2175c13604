"""Lists that the address narrows and sorts: their tabs, chips and heads; what flags and components are asked for."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

_NAMES = {"words": "q"}


@dataclass(frozen=True, slots=True)
class Tab:
    """One state to choose, how many are in it, and the address that shows them."""

    title: str
    count: int
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """Something the list is narrowed by; `href` asks for the same without it."""

    facet: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class Sorted:
    """A column's head. `direction` is the value of aria-sort, empty while another column sorts."""

    key: str
    title: str
    css: str
    direction: str
    href: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. `sort` may have a leading minus for the other direction."""

    words: str = ""
    service: str = ""
    tier: str = ""
    state: str = ""
    sort: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, str], states: Collection[str], sorts: Collection[str] = ()) -> "Asked":
        """From GET parameters; what is not known is ignored."""
        state, sort, tier = (parameters.get(name, "") for name in ("state", "sort", "tier"))
        return cls(
            words=parameters.get("q", "").strip()[:200],
            service=parameters.get("service", "")[:100],
            tier=tier if tier in ("1", "2", "3", "4") else "",
            state=state if state in states else "",
            sort=sort if sort.removeprefix("-") in sorts else "",
        )

    @property
    def narrowed(self) -> bool:
        """Does it leave anything out?"""
        return bool(self.words or self.service or self.tier or self.state)

    def address(self, **changes: str) -> str:
        """The query string of the same list with something changed."""
        pairs = {_NAMES.get(name, name): value for name, value in (asdict(self) | changes).items() if value}
        return f"?{urlencode(pairs)}"

    def matches(self, text: str, service: str, tier: int) -> bool:
        """Does a row belong to it, whatever its state? Every word must be in the text."""
        if self.service not in ("", service) or self.tier not in ("", str(tier)):
            return False
        return all(word in text.lower() for word in self.words.lower().split())

    def tabs(self, titles: Mapping[str, str], states: Iterable[str]) -> tuple[Tab, ...]:
        """All of the rows in these states, then each state by its title."""
        found = list(states)
        everything = Tab("All", len(found), self.address(state=""), not self.state)
        return (
            everything,
            *(Tab(title, found.count(s), self.address(state=s), self.state == s) for s, title in titles.items()),
        )

    def head(self, key: str, title: str, css: str, default: str) -> Sorted:
        """The head of a column; a list that nobody sorted is sorted by `default`. Of figures the highest come first."""
        sort = self.sort or default
        if sort.removeprefix("-") != key:
            return Sorted(key, title, css, "", self.address(sort=f"-{key}" if "num" in css.split() else key))
        if sort.startswith("-"):
            return Sorted(key, title, css, "descending", self.address(sort=key))
        return Sorted(key, title, css, "ascending", self.address(sort=f"-{key}"))
