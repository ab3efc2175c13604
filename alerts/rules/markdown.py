"""Markdown as HTML that is safe to show: no raw HTML, no script, no foreign images, links that tell nothing."""

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "hr", "input", "li", "ol", "p", "pre", "s", "strong", "ul"),
    *("h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "input": {"type", "checked", "disabled", "aria-label"},
    "li": {"class"},
    "ol": {"start"},
    "code": {"class"},
}
_TASK = re.compile(r"\[([ xX])\]\s+")


@lru_cache(maxsize=64)
def render(body: str) -> str:
    """The HTML of a Markdown text: CommonMark with tables, strike-through and task lists.

    Headings start at the second level, since the page's own title is the first.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    tokens = parser.parse(body)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
    _mark_tasks(tokens)
    html = parser.renderer.render(tokens, parser.options, {})
    return nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel="noopener noreferrer"
    )


def _mark_tasks(tokens: list[Token]) -> None:
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
