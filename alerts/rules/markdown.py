"""Markdown as HTML that is safe to show: no raw HTML, no script, no foreign images, links that tell nothing."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "hr", "input", "li", "ol", "p", "pre", "s", "strong", "ul"),
    *("h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
HEADINGS = ("h2", "h3", "h4", "h5", "h6")
ATTRIBUTES = {
    "a": {"href", "title"},
    "input": {"type", "checked", "disabled", "aria-label"},
    "li": {"class"},
    "ol": {"start"},
    "code": {"class"},
    **{heading: {"id"} for heading in HEADINGS},
}
# An anchor of a text must not be taken for an element of the page around it.
ANCHOR = "s-"
_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
# A link's address cannot hold spaces; a placeholder in it is written with them all the same.
_SPACED = re.compile(r"\{\{[ \t]*([^{}\n]*?)[ \t]*\}\}")
_TASK = re.compile(r"\[([ xX])\]\s+")
_FILE = re.compile(r"(?:\./)?(?P<name>[A-Za-z0-9_-]+)\.md(?:#(?P<anchor>.*))?", re.DOTALL)
_PAGE = re.compile(r"(?P<page>/runbooks/[A-Za-z0-9_-]+/)#(?P<anchor>.*)", re.DOTALL)


@lru_cache(maxsize=64)
def render(body: str) -> str:
    """The HTML of a Markdown text: CommonMark with tables, strike-through and task lists.

    Headings start at the second level, since the page's own title is the first.
    """
    return to_html(parse(body))


def parse(body: str) -> list[Token]:
    """The tokens of a Markdown text, as pages show it: headings below the page's, with anchors, links into place.

    A link to a file beside it (`orders.md#recovery`) leads to the page of that runbook.
    """
    tokens = _PARSER.parse(_SPACED.sub(r"{{\1}}", body))
    _mark_headings(tokens)
    _mark_tasks(tokens)
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", placed(str(child.attrGet("href") or "")))
    return tokens


def to_html(tokens: Sequence[Token]) -> str:
    """Tokens as sanitised HTML."""
    return nh3.clean(
        _PARSER.renderer.render(tokens, _PARSER.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )


def placed(href: str) -> str:
    """Where a link of a runbook leads to on the pages."""
    if href.startswith("#"):
        return f"#{ANCHOR}{href[1:]}" if len(href) > 1 else href
    if matched := _FILE.fullmatch(href):
        anchor = f"#{ANCHOR}{matched['anchor']}" if matched["anchor"] else ""
        return f"/runbooks/{matched['name']}/{anchor}"
    if matched := _PAGE.fullmatch(href):
        return f"{matched['page']}#{ANCHOR}{matched['anchor']}" if matched["anchor"] else matched["page"]
    return href


def plain(inline: Token) -> str:
    """The words of an inline token, without their marks."""
    return "".join(" " if c.type in ("softbreak", "hardbreak") else c.content for c in inline.children or ())


def slug(title: str) -> str:
    """The anchor of a heading: `Immediate action` → `immediate-action`."""
    return re.sub(r"[^\w]+", "-", title.casefold()).strip("-")


def _mark_headings(tokens: Sequence[Token]) -> None:
    """Anchors, and levels below the page's own: the outermost is h2, and none skips one, however they were written."""
    seen: Counter[str] = Counter()
    outermost = min((int(token.tag[1]) for token in tokens if token.type == "heading_open"), default=1)
    level = 1
    for index, token in enumerate(tokens):
        if token.type not in ("heading_open", "heading_close"):
            continue
        if token.type == "heading_open":
            level = min(int(token.tag[1]) - outermost + 2, level + 1, 6)
        token.tag = f"h{level}"
        if token.type == "heading_open":
            name = slug(plain(tokens[index + 1]))
            token.attrSet("id", f"{ANCHOR}{name}-{seen[name]}" if seen[name] else f"{ANCHOR}{name}")
            seen[name] += 1


def _mark_tasks(tokens: Sequence[Token]) -> None:
    """Turn `[ ]` and `[x]` at the start of a list item into check boxes."""
    for item, _, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        first = inline.children[0] if inline.type == "inline" and inline.children else None
        match = _TASK.match(first.content) if item.type == "list_item_open" and first else None
        if match and first and inline.children:
            item.attrJoin("class", "task")
            first.content = first.content[match.end() :]
            inline.children.insert(0, _box(done=match[1] != " "))


def _box(*, done: bool) -> Token:
    attributes = {"type": "checkbox", "disabled": "", "aria-label": "done" if done else "to do"}
    return Token("task", "input", 0, attrs={**attributes, "checked": ""} if done else dict(attributes))
