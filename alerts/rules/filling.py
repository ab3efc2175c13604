"""Placeholders and live elements of a runbook: what may stand between double braces, and filling it in.

`{{ service }}` is replaced by a value of the alert the runbook is read for. `{{ embed flag promotions }}`, alone on
its line, stands for a live element, which pages put there. There is nothing to execute: only known names are
replaced, in the parsed text, so that no value can become markup.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import quote

from markdown_it.token import Token

from alerts.rules.markdown import parse, to_html
from alerts.rules.words import clip

PLACEHOLDERS: dict[str, str] = {
    "title": "what the alert is called",
    "kind": "burn, no-data, source, …",
    "severity": "page or ticket",
    "service": "the service's name",
    "team": "who owns the service",
    "objective": "the objective's name",
    "component": "the component's name",
    "burn": "how fast each window burns",
    "budget_left": "what is left of the budget",
    "since": "since when it fires",
    "alert_url": "the page of the alert",
    "objective_url": "the page of the objective",
}
EmbedKind = Literal["objective", "flag", "circuit", "capability"]
EMBEDS: tuple[EmbedKind, ...] = get_args(EmbedKind)

_LONGEST = 300
_NAMED = re.compile(r"\{\{([^{}\n]*)\}\}")
_QUOTED = re.compile(r"%7B%7B(.*?)%7D%7D", re.IGNORECASE)
_EMBED = re.compile(r"embed +(?P<kind>[a-z]+) +(?P<name>[A-Za-z0-9_.-]{1,200})")
_MARK = "\ue000"


@dataclass(frozen=True, slots=True)
class Html:
    """A piece of sanitised HTML; only all the pieces in a row are balanced."""

    html: str


@dataclass(frozen=True, slots=True)
class Embed:
    """A live element: the state of an objective, the switch of a flag, a component's circuit, a capability's mode."""

    kind: EmbedKind
    name: str


def embed(braces: str) -> Embed | None:
    """The live element that stands between braces; None if it is none, or of no known kind."""
    matched = _EMBED.fullmatch(" ".join(braces.split()))
    if matched is None:
        return None
    return next((Embed(kind, matched["name"]) for kind in EMBEDS if kind == matched["kind"]), None)


def said(text: str, values: Mapping[str, str]) -> str:
    """Plain words with the values put in; a known name without a value is told by its name."""
    return _NAMED.sub(lambda m: values.get(name := m[1].strip(), name.replace("_", " ")), text)


def fill(body: str, values: Mapping[str, str]) -> tuple[Html | Embed, ...]:
    """A text with the values put in. A known name without a value is shown as the name, an unknown one as it stands."""
    tokens = parse(body.replace(_MARK, ""))
    shown = {name: clip(value, _LONGEST).replace(_MARK, "") for name, value in values.items() if value}
    embeds: list[Embed] = []
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "inline":
            found = embed(_between(token.content)) if before is not None and before.type == "paragraph_open" else None
            if found:
                token.children = [Token("text", "", 0, content=f"{_MARK}{len(embeds)}{_MARK}")]
                embeds.append(found)
            else:
                token.children = [made for child in token.children or () for made in _filled(child, shown)]
        elif token.type in ("fence", "code_block"):
            token.content = _NAMED.sub(lambda m: shown.get(m[1], m[0]), token.content)
    return tuple(_pieces(to_html(_unwrapped(tokens)), embeds))


def _between(content: str) -> str:
    matched = _NAMED.fullmatch(content.strip())
    return matched[1] if matched else ""


def _unwrapped(tokens: list[Token]) -> list[Token]:
    """The tokens, without the paragraph around a live element: it may be a block."""
    for start, inline, end in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if inline.type == "inline" and inline.children and inline.children[0].content.startswith(_MARK):
            start.hidden = end.hidden = True
    return tokens


def _filled(token: Token, values: Mapping[str, str]) -> Iterator[Token]:
    if token.type == "text":
        yield from _words(token.content, values)
        return
    if token.type == "code_inline":
        token.content = _NAMED.sub(lambda m: values.get(m[1], m[0]), token.content)
    elif token.type == "link_open":
        _lead(token, values)
    yield token


def _words(text: str, values: Mapping[str, str]) -> Iterator[Token]:
    end = 0
    for matched in _NAMED.finditer(text):
        yield Token("text", "", 0, content=text[end : matched.start()])
        end, name = matched.end(), matched[1]
        if name in values:
            yield Token("text", "", 0, content=values[name])
        elif name in PLACEHOLDERS:
            yield Token("code_inline", "code", 0, attrs={"class": "placeholder"}, content=name.replace("_", " "))
        else:
            yield Token("code_inline", "code", 0, attrs={"class": "unknown"}, content=matched[0])
    yield Token("text", "", 0, content=text[end:])


def _lead(link: Token, values: Mapping[str, str]) -> None:
    """Fill in a link's address: a whole one by an address, a part of one quoted; without a value it leads nowhere."""
    href = str(link.attrGet("href") or "")
    names = _QUOTED.findall(href)
    if not names:
        return
    if any(name not in values for name in names):
        link.attrs.pop("href", None)
    elif href.lower() == f"%7b%7b{names[0]}%7d%7d" and names[0].endswith("_url"):
        link.attrSet("href", values[names[0]])
    else:
        link.attrSet("href", _QUOTED.sub(lambda m: quote(values[m[1]], safe=""), href))


def _pieces(html: str, embeds: list[Embed]) -> Iterator[Html | Embed]:
    for index, piece in enumerate(html.split(_MARK)):
        if index % 2:
            yield embeds[int(piece)]
        elif piece:
            yield Html(piece)
