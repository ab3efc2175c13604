"""What templates use to write figures, times, states and small drawings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from django import template
from django.template import Context, Template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from alerts.models import Silence
from dashboards import formats
from dashboards.icons import ICONS, SHAPES
from dashboards.plotly import guarded_ids
from dashboards.presenters.badges import Badge
from dashboards.sparkline import Bar, Sparkline
from slo.maths.windows import format_duration, from_epoch

register = template.Library()

register.filter("percent", formats.percent)
register.filter("count", formats.count)
register.filter("amount", formats.amount)
register.filter("compact", formats.compact)
register.filter("factor", formats.factor)
register.filter("duration", formats.duration)
register.filter("milliseconds", formats.milliseconds)
register.filter("plural", formats.plural)
register.filter("path", formats.path)
register.filter("epoch", from_epoch)
register.filter("span", lambda seconds: format_duration(int(seconds)))


@register.simple_tag(takes_context=True)
def when(context: Mapping[str, Any], moment: datetime | None) -> str:
    """How long ago (or ahead) an instant is; the absolute one is in the title."""
    if moment is None:
        return formats.NONE
    return _time(moment, formats.relative(moment, context["at"]))


@register.simple_tag(takes_context=True)
def clock(context: Mapping[str, Any], moment: datetime | None) -> str:
    """The instant itself, as short as it stays clear."""
    if moment is None:
        return formats.NONE
    return _time(moment, formats.short_instant(moment, context["at"]))


@register.simple_tag
def utc(moment: datetime) -> SafeString:
    """The instant for people who do not know our clock, and for a page that caches keep: 14 Nov, 08:51 UTC."""
    return _time(moment, f"{moment.day} {moment:%b, %H:%M} UTC")


@register.simple_tag(takes_context=True)
def lasting(context: Mapping[str, Any], start: datetime, end: datetime | None = None) -> str:
    """How long something lasted, up to now if it still does."""
    return formats.rough(((end or context["at"]) - start).total_seconds())


@register.simple_tag(takes_context=True)
def until(context: Mapping[str, Any], silence: Silence) -> str:
    """When a silence (its present occurrence) ends, as short as it stays clear."""
    end = silence.as_rule().until(context["at"]) or silence.end
    return _time(end, formats.short_instant(end, context["at"]).removesuffix(":00"))


def _time(moment: datetime, text: str) -> SafeString:
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), formats.instant(moment), text)


@register.simple_tag
def plotly_guards() -> SafeString:
    """Empty elements that keep plotly.js from adding style elements of its own."""
    return format_html_join("", '<meta id="{}" name="plotly">', ((name,) for name in guarded_ids()))


@register.simple_tag
def state(badge: Badge) -> SafeString:
    """A state: shape, word, colour."""
    return format_html('<span class="state tone-{}">{}{}</span>', badge.tone, shape(badge), badge.word)


@register.simple_tag
def shape(badge: Badge) -> SafeString:
    """The shape of a state alone, where the word stands beside it already."""
    return format_html(
        '<svg class="shape tone-{}" viewBox="0 0 10 10" width="10" height="10" aria-hidden="true">{}</svg>',
        badge.tone,
        mark_safe(SHAPES[badge.shape]),  # noqa: S308 (our own drawings)
    )


@register.simple_tag
def icon(name: str) -> SafeString:
    """One of our line icons, decorative."""
    return format_html(
        '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="{}"/></svg>',
        ICONS[name],
    )


@register.simple_tag
def spark(trend: Sparkline, *, stretched: bool = False) -> SafeString:
    """A sparkline of burn rates, with its highest value in words; a stretched one is as wide as its place."""
    strokes = format_html_join("", '<path class="tone-{}" d="{}"/>', ((s.tone, s.path) for s in trend.strokes))
    return format_html(
        '<svg class="spark" viewBox="0 0 {0} {1}" width="{0}" height="{1}"{5} role="img" aria-label="{2}">'
        "<title>{2}</title>"
        '<path class="allowed" d="M0 {3}h{0}"/>{4}</svg>',
        trend.width,
        trend.height,
        trend.label,
        f"{trend.allowed:.4g}",
        strokes,
        mark_safe(' preserveAspectRatio="none"') if stretched else "",
    )


@register.simple_tag
def budget(bar: Bar) -> SafeString:
    """A budget bar; the share in figures stands beside it."""
    return format_html(
        '<svg class="budget" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" width="100" height="6"/><rect class="tone-{}" x="{}" width="{}" height="6"/></svg>',
        bar.tone,
        bar.start,
        bar.width,
    )


def _element(context: Context, element: str, /, **values: Any) -> SafeString:
    """The template of an element, which sees what the page sees and what it was given."""
    rendering = cast("Template", context.template)
    template = rendering.engine.get_template(f"dashboards/elements/{element}.html")
    with context.push(**values):
        return template.render(context)


@register.simple_block_tag(takes_context=True)
def page_head(
    context: Context,
    content: str,
    title: object,
    note: str = "",
    back_url: str = "",
    back_title: object = "",
    badge: Badge | None = None,
) -> SafeString:
    """What a page begins with: the way back, its name and state; the content are its buttons, at the right."""
    head = {"title": title, "note": note, "back_url": back_url, "back_title": back_title, "badge": badge}
    return _element(context, "page_head", **head, content=content)


@register.simple_block_tag(takes_context=True)
def block_of(
    context: Context,
    content: str,
    id: str,  # noqa: A002 (as templates say it)
    title: object,
    note: str = "",
    href: str = "",
    action_url: str = "",
    action_title: str = "",
) -> SafeString:
    """A section `id` of a page under its heading, which has the id `h-<id>`; `action_url` is a button beside it."""
    head = {"title": title, "note": note, "href": href, "action_url": action_url, "action_title": action_title}
    return _element(context, "block_of", **head, id=f"h-{id}", section_id=id, content=content)


@register.simple_block_tag(takes_context=True)
def data_table(context: Context, content: str, caption: str, css: str = "", *, tall: bool = False) -> SafeString:
    """A table in its frame: thead and tbody are the content, the caption is read out. A tall one scrolls in itself."""
    return _element(context, "data_table", content=content, caption=caption, css=css, tall=tall)


@register.simple_block_tag(takes_context=True)
def notice(context: Context, content: str, tone: str = "", role: str = "") -> SafeString:
    """A sentence or two that stand out: plain, `success`, `warn` or `bad`."""
    return _element(context, "notice", content=content, tone=tone, role=role)


@register.simple_block_tag(takes_context=True)
def nothing(context: Context, content: str, *, calm: bool = False) -> SafeString:
    """elements/empty.html for words with links and code in them."""
    return _element(context, "empty", text=content, calm=calm, href="", command="")


@register.simple_tag(takes_context=True)
def field(
    context: Context,
    label: str,
    name: str,
    id: str = "",  # noqa: A002
    value: object = "",
    help: str = "",  # noqa: A002
    wrong: str = "",
    *,
    required: bool = False,
    grow: bool = False,
    **attributes: object,
) -> SafeString:
    """One line to fill in, under its label, with what helps or what is wrong with it below.

    Further attributes of the input are written as they are: `type="search"`, `maxlength=200`, `inputmode="decimal"`.
    """
    shown = {"label": label, "name": name, "value": value, "help": help, "wrong": wrong, "grow": grow}
    attributes = {"maxlength": 500, "autocomplete": "off", **attributes}
    written = format_html_join("", ' {}="{}"', ((key.replace("_", "-"), said) for key, said in attributes.items()))
    return _element(context, "field", **shown, id=id or f"f-{name}", required=required, attributes=written)


@register.simple_block_tag(takes_context=True)
def dialog(
    context: Context,
    content: str,
    id: str,  # noqa: A002
    label: str,
    action: str,
    kind: str = "",
    *,
    floating: bool = True,
    open: bool = False,  # noqa: A002
) -> SafeString:
    """A button that opens a form; the content are its fields and its button. Floating, or in the flow of the page."""
    values = {"id": id, "label": label, "action": action, "kind": kind, "floating": floating, "open": open}
    return _element(context, "dialog", **values, content=content)


@register.simple_block_tag(takes_context=True)
def event(
    context: Context, content: str, at: datetime, title: object, by: str = "", tone: str = "none", kind: str = "note"
) -> SafeString:
    """One entry of an `<ol class="timeline">`; the content says more about it."""
    values = {"moment": at, "title": title, "by": by, "tone": tone, "kind": kind}
    return _element(context, "event", **values, content=content)
