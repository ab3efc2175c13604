"""What templates use to write figures, times, states and small drawings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
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
def spark(trend: Sparkline) -> SafeString:
    """A sparkline of burn rates, with its highest value in words."""
    strokes = format_html_join("", '<path class="tone-{}" d="{}"/>', ((s.tone, s.path) for s in trend.strokes))
    return format_html(
        '<svg class="spark" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" aria-label="{2}">'
        "<title>{2}</title>"
        '<path class="allowed" d="M0 {3}h{0}"/>{4}</svg>',
        trend.width,
        trend.height,
        trend.label,
        f"{trend.allowed:.4g}",
        strokes,
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
