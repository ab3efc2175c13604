"""What is wrong with the runbooks there are, and which are missing."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from alerts.rules.filling import PLACEHOLDERS, Embed, embed
from alerts.rules.markdown import ANCHOR
from alerts.rules.runbook import Reference, Text, read

Rule = Literal["missing", "dead link", "placeholder", "embed", "cover", "no steps", "stale", "unreachable"]
WARNINGS: tuple[Rule, ...] = ("no steps", "stale", "unreachable")
STALE_DAYS = 90


@dataclass(frozen=True, slots=True)
class Book:
    """A runbook as the rule sees it: `written` is its first version, `exercised` when a run was finished last."""

    name: str
    body: str
    written: datetime
    covers: tuple[str, ...] = ()
    exercised: datetime | None = None
    file: str = ""

    @property
    def text(self) -> Text:
        return read(self.body)


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that can fail, as `component/orders`: runbooks its objectives name, and the parts it fails through."""

    ref: str
    said: str
    runbooks: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """What runbooks are for and may refer to. `objectives` gives the runbook each names, or an empty text."""

    objectives: Mapping[str, str] = field(default_factory=dict)
    failures: Sequence[Failure] = ()
    flags: frozenset[str] = frozenset()
    components: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()
    # Names of runbooks that something else refers to, such as the words of an error-budget policy.
    referred: frozenset[str] = frozenset()
    # Whether our pages have something at a path.
    leads_somewhere: Callable[[str], bool] = bool

    def has(self, found: Embed) -> bool:
        kinds: Mapping[str, Iterable[str]] = {
            "objective": self.objectives,
            "flag": self.flags,
            "circuit": self.components,
            "capability": self.capabilities,
        }
        return found.name in kinds[found.kind]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to repair. `runbook` is where (empty: nowhere yet), `subject` what it is about, `line` of the text."""

    rule: Rule
    subject: str
    message: str
    runbook: str = ""
    line: int | None = None

    @property
    def level(self) -> Literal["error", "warning"]:
        return "warning" if self.rule in WARNINGS else "error"

    def as_json(self) -> dict[str, Any]:
        return {"level": self.level, **asdict(self)}

    def __str__(self) -> str:
        line = f" line {self.line}" if self.line else ""
        place = f"{self.runbook}{line}: " if self.runbook else ""
        return f"{self.level}: {self.rule}: {place}{self.message}"


def findings(books: Sequence[Book], world: World, at: datetime, stale_days: int = STALE_DAYS) -> tuple[Finding, ...]:
    """Everything that is wrong: what is missing first, then by runbook and line."""
    shelf = {book.name: book for book in books}
    reached = _reached(books, world)
    own = [
        finding for book in books for finding in _of_book(book, shelf, reached, world, at, timedelta(days=stale_days))
    ]
    ordered = sorted(own, key=lambda found: (found.runbook, found.line or 0, found.rule, found.subject))
    return (*_missing(shelf, world), *ordered)


def external_links(books: Iterable[Book]) -> dict[str, list[tuple[str, int]]]:
    """Addresses outside, each with the runbooks and lines that link it."""
    found: dict[str, list[tuple[str, int]]] = {}
    for book in books:
        for item in book.text.references:
            if item.kind == "link" and _outside(item.target) and "%7b%7b" not in item.target.lower():
                found.setdefault(item.target, []).append((book.name, item.line))
    return found


def _outside(target: str) -> bool:
    return target.lower().startswith(("http://", "https://", "//"))


def _missing(shelf: Mapping[str, Book], world: World) -> Iterator[Finding]:
    for name, runbook in sorted(world.objectives.items()):
        if not runbook:
            yield Finding("missing", f"objective/{name}", f"the objective {name} names no runbook")
        elif runbook not in shelf:
            message = f"the objective {name} names the runbook {runbook}, which does not exist"
            yield Finding("missing", f"objective/{name}", message)
    covered = {ref for book in shelf.values() for ref in book.covers}
    covered |= {failure.ref for failure in world.failures if any(name in shelf for name in failure.runbooks)}
    for failure in world.failures:
        through = failure.parts and all(part in covered for part in failure.parts)
        if failure.ref not in covered and not through:
            yield Finding("missing", failure.ref, f"no runbook says what to do when {failure.said}")


def _of_book(
    book: Book, shelf: Mapping[str, Book], reached: Container[str], world: World, at: datetime, stale: timedelta
) -> Iterator[Finding]:
    for item in book.text.references:
        problem = _link(item, book, shelf, world) if item.kind == "link" else _braces(item, world)
        if problem:
            yield Finding(problem[0], item.target, problem[1], book.name, item.line)
    known = {failure.ref for failure in world.failures}
    for ref in book.covers:
        if ref not in known:
            yield Finding("cover", ref, f"is said to cover {ref}, which does not exist", book.name)
    if not book.text.steps:
        yield Finding("no steps", book.name, "has no steps: nobody can work through it", book.name)
    if (idle := at - (book.exercised or book.written)) > stale:
        since = "was not exercised for" if book.exercised else "has never been exercised in"
        yield Finding("stale", book.name, f"{since} {idle.days} days", book.name)
    if not book.covers and book.name not in reached:
        yield Finding("unreachable", book.name, "nothing refers to it", book.name)


def _reached(books: Iterable[Book], world: World) -> frozenset[str]:
    """Names of the runbooks that something refers to: an objective, a policy, or another runbook."""
    linked = {
        (item.target.split("/")[2], book.name)
        for book in books
        for item in book.text.references
        if item.kind == "link" and item.target.startswith("/runbooks/")
    }
    return world.referred | set(world.objectives.values()) | {to for to, start in linked if to != start}


def _link(item: Reference, book: Book, shelf: Mapping[str, Book], world: World) -> tuple[Rule, str] | None:
    target = item.target
    if _outside(target) or target.lower().startswith("mailto:") or "%7b%7b" in target.lower():
        return None
    path, _, anchor = target.partition("#")
    if not path.startswith("/") and path:
        return "dead link", f"{target} leads nowhere: write an address, /a/path/ of these pages, or another-runbook.md"
    name = path.removeprefix("/runbooks/").strip("/") if path.startswith("/runbooks/") and path.count("/") == 3 else ""
    other = shelf.get(name) if name else book if not path else None
    if name and other is None:
        return "dead link", f"there is no runbook {name}"
    if not name and path and not world.leads_somewhere(urlsplit(path).path):
        return "dead link", f"these pages have nothing at {path}"
    if other and anchor and unquote(anchor).removeprefix(ANCHOR) not in other.text.anchors:
        return "dead link", f"{other.name} has no heading #{unquote(anchor).removeprefix(ANCHOR)}"
    return None


def _braces(item: Reference, world: World) -> tuple[Rule, str] | None:
    found = embed(item.target)
    if found:
        return None if world.has(found) else ("embed", f"there is no {_noun(found)} {found.name}")
    if item.target.split()[:1] == ["embed"]:
        return "embed", f"{{{{ {item.target} }}}} is no live element: embed objective, flag, circuit or capability NAME"
    if item.target in PLACEHOLDERS:
        return None
    return "placeholder", f"{{{{ {item.target} }}}} is no placeholder; there are {', '.join(sorted(PLACEHOLDERS))}"


def _noun(found: Embed) -> str:
    return "component" if found.kind == "circuit" else found.kind
