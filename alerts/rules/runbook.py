"""What a runbook's Markdown says: its sections, its steps, and what it refers to.

Nothing has to be marked up. A heading of the first or second level begins a section, and its words say which:
Detection, Impact, Immediate action(s), Recovery, Related (links). The items of the ordered lists in the sections of
actions and of recovery are the steps. Every other heading is a section of its own words.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from markdown_it.token import Token

from alerts.rules.markdown import ANCHOR, parse, plain
from alerts.rules.words import clip

Kind = Literal["lead", "detection", "impact", "action", "recovery", "related", "other"]

TITLES: dict[str, Kind] = {
    "detection": "detection",
    "impact": "impact",
    "action": "action",
    "actions": "action",
    "immediate action": "action",
    "immediate actions": "action",
    "recovery": "recovery",
    "related": "related",
    "related links": "related",
    "links": "related",
}
STEPPED = ("action", "recovery")
LONGEST = 100_000
# How a heading is written that begins a section: the level it is shown at depends on the others.
SECTIONS = ("#", "##", "=", "-")
"""Characters a body may have: the longest runbook anybody reads is a tenth of it."""
FAILURE = r"^(component|capability)/[A-Za-z0-9_-]+$"
"""How a failure mode is written that a runbook covers."""
_BRACES = re.compile(r"\{\{([^{}\n]*)\}\}")
MOST_RELATED = 3
"""Links a message has room for, beside the runbook itself."""
_OUTSIDE = re.compile(r"https?://(?!.*(\{|%7B))", re.IGNORECASE)
_MARKER = re.compile(r"\s*\d{1,9}[.)]\s+")


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do. `key` names it within its version: `action-1`, `recovery-2`; `body` is its Markdown."""

    key: str
    number: int
    text: str
    body: str
    line: int


@dataclass(frozen=True, slots=True)
class Prose:
    """What stands between steps, as Markdown."""

    body: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what follows it; the text before the first heading is the section `lead`."""

    kind: Kind
    title: str
    anchor: str
    body: str
    parts: tuple[Step | Prose, ...]
    line: int

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(part for part in self.parts if isinstance(part, Step))


@dataclass(frozen=True, slots=True)
class Reference:
    """Something a text names: the address of a link, or what stands between double braces; `line` counts from 1."""

    kind: Literal["link", "braces"]
    target: str
    line: int


@dataclass(frozen=True, slots=True)
class Text:
    """A runbook's body, read. `anchors` are those of its headings."""

    sections: tuple[Section, ...]
    references: tuple[Reference, ...]
    anchors: frozenset[str]

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for section in self.sections for step in section.steps)

    def section(self, kind: Kind) -> str:
        """The Markdown of every section of a kind; empty if there is none."""
        return "\n\n".join(section.body for section in self.sections if section.kind == kind)


@lru_cache(maxsize=1_024)
def read(body: str) -> Text:
    """A body as sections, steps and references."""
    lines = body.expandtabs(4).splitlines()
    tokens = parse("\n".join(lines))
    heads = [
        index
        for index, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.markup in SECTIONS
    ]
    counts: dict[str, int] = {}
    found = [_section(tokens[start:end], lines, counts) for start, end in _spans(heads, len(tokens))]
    anchors = (str(token.attrGet("id")).removeprefix(ANCHOR) for token in tokens if token.type == "heading_open")
    return Text(tuple(filter(None, found)), (*_links(tokens), *_braces(lines)), frozenset(anchors))


def related(body: str) -> tuple[tuple[str, str], ...]:
    """The first links of the section of related links that lead outside, as (text, address)."""
    tokens = (token for token in parse(read(body).section("related")) if token.children)
    found = [pair for token in tokens for pair in pairwise(token.children or ())]
    links = (
        (clip(text.content, 60), str(link.attrGet("href") or "")) for link, text in found if link.type == "link_open"
    )
    outside = ((text, address) for text, address in links if text and _OUTSIDE.match(address))
    return tuple(dict.fromkeys(outside))[:MOST_RELATED]


def _spans(heads: Sequence[int], end: int) -> Iterator[tuple[int, int]]:
    bounds = [0, *heads, end]
    return pairwise(bounds)


def _section(tokens: Sequence[Token], lines: Sequence[str], counts: dict[str, int]) -> Section | None:
    if not tokens:
        return None
    headed = tokens[0].type == "heading_open" and tokens[0].markup in SECTIONS
    title = plain(tokens[1]).strip() if headed else ""
    anchor = str(tokens[0].attrGet("id") or "") if headed else ""
    kind: Kind = TITLES.get(title.casefold().rstrip(".:"), "other") if headed else "lead"
    blocks = tokens[3:] if headed else tokens
    mapped = [token.map for token in blocks if token.map and token.level == 0]
    body = _cut(lines, mapped[0][0], mapped[-1][1]) if mapped else ""
    parts = tuple(_parts(blocks, lines, kind, counts)) if kind in STEPPED else ((Prose(body),) if body else ())
    return Section(kind, title, anchor, body, parts, tokens[0].map[0] + 1 if tokens[0].map else 1)


def _parts(blocks: Sequence[Token], lines: Sequence[str], kind: Kind, counts: dict[str, int]) -> Iterator[Step | Prose]:
    prose: list[str] = []
    for index, token in enumerate(blocks):
        if token.level == 0 and token.map and token.type != "ordered_list_open":
            prose.append(_cut(lines, *token.map))
        if token.type == "list_item_open" and token.level == 1 and token.markup in (".", ")"):
            if prose:
                yield Prose("\n\n".join(prose))
                prose = []
            counts[kind] = counts.get(kind, 0) + 1
            yield _step(token, blocks[index + 1 :], lines, kind, counts[kind])
    if prose:
        yield Prose("\n\n".join(prose))


def _step(item: Token, rest: Sequence[Token], lines: Sequence[str], kind: Kind, number: int) -> Step:
    start, end = item.map or (0, 0)
    body = _dedented(lines[start:end])
    inline = next((token for token in rest if token.type in ("inline", "list_item_close")), None)
    text = " ".join(plain(inline).split()) if inline is not None and inline.type == "inline" else ""
    return Step(f"{kind}-{number}", number, text, body, start + 1)


def _dedented(lines: Sequence[str]) -> str:
    """A list item's lines without its number and its indentation."""
    if not lines:
        return ""
    marker = _MARKER.match(lines[0])
    width = marker.end() if marker else len(lines[0])
    rest = [line[min(width, len(line) - len(line.lstrip())) :] for line in lines[1:]]
    return "\n".join([lines[0][width:], *rest]).strip()


def _cut(lines: Sequence[str], start: int, end: int) -> str:
    return "\n".join(lines[start:end]).strip("\n")


def _links(tokens: Sequence[Token]) -> Iterator[Reference]:
    line = 1
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        for child in token.children or ():
            if child.type == "link_open":
                yield Reference("link", str(child.attrGet("href") or ""), line)


def _braces(lines: Sequence[str]) -> Iterator[Reference]:
    for number, line in enumerate(lines, 1):
        for matched in _BRACES.finditer(line):
            yield Reference("braces", " ".join(matched[1].split()), number)
