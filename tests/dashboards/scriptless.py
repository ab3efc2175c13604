"""What of a page is dead or empty for somebody without JavaScript, or a drawing that nobody is told in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from django.urls import Resolver404, resolve

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# Said only by scripts, of scripts.
UNSEEN = {"unreachable", "base"}
# Drawings that decorate, and those that only repeat a word beside them; every other one carries figures.
DECORATION = {"icon", "mark", "measure"}
SIGNS = {"shape", "swatch", "key", "box"}
# How far "beside" a drawing reaches.
PLACES = {"td", "th", "li", "p", "figure", "div", "button", "a", "label", "summary", "h1", "h2", "h3", "form", "main"}
FIGURE = re.compile(r"\d|–|no data|not known|no trouble", re.IGNORECASE)


@dataclass
class Node:
    tag: str
    given: dict[str, str]
    parent: Node | None
    children: list[Node | str] = field(default_factory=list)

    def within(self) -> Iterator[Node]:
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.within()

    def all(self, *tags: str) -> list[Node]:
        return [node for node in self.within() if node.tag in tags]

    def around(self, tag: str) -> Node | None:
        node = self.parent
        while node and node.tag != tag:
            node = node.parent
        return node

    @property
    def text(self) -> str:
        return " ".join((child.text if isinstance(child, Node) else child).strip() for child in self.children).strip()

    def __str__(self) -> str:
        given = "".join(f' {name}="{value}"' for name, value in self.given.items())
        return f"<{self.tag}{given}> {self.text[:60]}"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.top = self.here = Node("", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.children.append(node)
        if tag not in VOID:
            self.here = node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here.children.append(Node(tag, {name: value or "" for name, value in attrs}, self.here))

    def handle_endtag(self, tag: str) -> None:
        node: Node | None = self.here
        while node and node.tag != tag:
            node = node.parent
        self.here = node.parent if node and node.parent else self.here

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)


def read(page: str) -> Node:
    reader = _Reader()
    reader.feed(page)
    return reader.top


def amiss(page: str, address: str) -> Iterator[str]:
    """What is dead, hidden or empty without scripts."""
    top = read(page)
    yield from _dead_controls(top, address)
    yield from _dead_addresses(top, address)
    yield from _empty(top)
    yield from untold(top)
    for node in top.within():
        hidden = node.given.keys() & {"hidden", "x-cloak"} and node.given.get("id") not in UNSEEN
        if hidden and "data-login" not in node.given:
            yield f"nobody ever sees {node}"


def _dead_controls(top: Node, address: str) -> Iterator[str]:
    for node in top.all("button", "input", "select", "textarea"):
        form = node.around("form")
        still = node.given.keys() & {"disabled", "readonly", "popovertarget"}
        if form is None and "form" not in node.given and not still:
            yield f"leads nowhere: {node}"
        elif node.tag == "button" and not still and node.given.get("type", "submit") != "submit":
            yield f"does nothing: {node}"
    for form in top.all("form"):
        presses = [node for node in top.all("button") if node.around("form") is form]
        if not presses and form.given.get("role") != "search":
            yield f"cannot be sent: {form}"
        # Who subscribes has no session that somebody could abuse.
        public = (form.given.get("action") or address).startswith("/status/sub")
        if (
            form.given.get("method") == "post"
            and not public
            and not any(field.given.get("name") == "csrfmiddlewaretoken" for field in form.all("input"))
        ):
            yield f"has no token: {form}"


def _dead_addresses(top: Node, address: str) -> Iterator[str]:
    anchors = {node.given["id"] for node in top.within() if "id" in node.given}
    for node in top.all("a"):
        target = node.given.get("href", "")
        if not target or target == "#" or (target.startswith("#") and target[1:] not in anchors):
            yield f"leads nowhere: {node}"
    for form in top.all("form"):
        action = form.given.get("action", "").split("?")[0].split("#")[0]
        if action and not _known(action):
            yield f"is sent nowhere: {form}"
    for node in top.within():
        if node.given.get("id") == "region" and node.given.get("hx-get", address) != address:
            yield f"the region is another page's: {node.given['hx-get']}"
        elif {"hx-get", "hx-post"} & node.given.keys() and node.given.get("id") != "region":
            of_a_form = node.tag == "form" or node.around("form") is not None
            if "href" not in node.given and not of_a_form and not _beside_a_form(top):
                yield f"works with scripts alone: {node}"


def _beside_a_form(top: Node) -> bool:
    """Does a button of the page do the same?"""
    return any(press.given.get("value") in ("check", "preview") for press in top.all("button"))


def _known(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _empty(top: Node) -> Iterator[str]:
    if not any(heading.text for heading in top.all("h1")):
        yield "has no heading"
    for main in top.all("main"):
        if len(main.text) < 40:
            yield f"says nothing: {main}"
    for body in top.all("tbody"):
        if not body.all("td", "th"):
            yield f"an empty table: {body.parent}"
    for figure in top.all("figure"):
        if "data-chart" in figure.given and not _is_told(figure):
            yield f"a chart without words and figures: {figure}"
    for section in top.all("section"):
        heads = {id(node) for head in section.all("header", "h2", "h3") for node in (head, *head.within())}
        if not any(node.text for node in section.within() if id(node) not in heads):
            yield f"an empty section: {section}"


def _is_told(figure: Node) -> bool:
    sentence = any(node.text for node in figure.within() if "data-sentence" in node.given)
    return sentence and any(table.all("td") for table in figure.all("table"))


def untold(top: Node) -> Iterator[str]:
    """Drawings without a name in words, and hidden ones whose figure or word does not stand beside them."""
    for svg in top.all("svg"):
        if svg.given.get("aria-hidden") != "true":
            yield from _unnamed(svg, top)
        elif not _is_beside(svg):
            yield f"nothing beside says what is drawn: {svg} in {svg.parent}"
    for node in top.all("img", "progress", "meter"):
        if not (node.given.get("alt") or node.given.get("aria-label")):
            yield f"has no name: {node}"


def _unnamed(svg: Node, top: Node) -> Iterator[str]:
    name = svg.given.get("aria-label") or next((child.text for child in svg.all("title") if child.parent is svg), "")
    if svg.given.get("role") == "group":
        if not name or not any(table.all("td") for table in top.all("table")):
            yield f"a drawing of parts without a table of them: {svg}"
    elif svg.given.get("role") != "img" or not name:
        yield f"a drawing without a name: {svg}"
    elif not FIGURE.search(name):
        yield f"its name says no figure: {svg}"


def _is_beside(svg: Node) -> bool:
    """Does the place of a hidden drawing say in words or figures what is drawn?"""
    kinds = set(svg.given.get("class", "").split())
    place = svg.parent
    while place and place.tag not in PLACES and "aria-label" not in place.given:
        place = place.parent
    if place is None:
        return False
    said = f"{place.given.get('aria-label') or place.given.get('aria-labelledby', '')} {place.text}".strip()
    if kinds & DECORATION:
        # One that somebody presses or follows is its only name.
        return bool(said) or place.tag not in {"a", "button", "summary"}
    return bool(said if kinds & SIGNS else FIGURE.search(said))
