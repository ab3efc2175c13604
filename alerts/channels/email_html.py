"""A bundle as the HTML of a mail: one column, no images, nothing loaded; dark where the mail program is."""

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from alerts.rules import words
from alerts.rules.bundle import TOLD_IN_FULL, Bundle
from alerts.rules.message import Message

# Mail programs read one style sheet in the head at most, and some none: sizes and light colours stand inline too.
_STYLE = """
body{margin:0;padding:0;background:#f4f5f7}
@media (prefers-color-scheme:dark){
body,.page{background:#14171c!important}
.card{background:#1c2027!important;border-top-color:#343a45!important;border-right-color:#343a45!important;
border-bottom-color:#343a45!important}
h1,h2,td,p{color:#e6e8ec!important}
th,.quiet{color:#9aa3b2!important}
td,th{border-color:#2a303a!important}
a{color:#8ab4ff!important}
a.step{color:#0e1116!important;background:#8ab4ff!important}
}
@media (max-width:520px){.facts th,.facts td{display:block!important;width:auto!important}.facts td{border:0!important;
padding-top:0!important}}
"""
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif"
_BARS = {"resolved": "#1a7f4b", "acknowledged": "#5b6472", "page": "#c4281c", "ticket": "#b26a00", "test": "#5b6472"}
_MARKS = {"resolved": "●", "acknowledged": "◐", "page": "■", "ticket": "▲", "test": "○"}
_ADDRESSES = ("http://", "https://")

_DOCUMENT = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<meta name="color-scheme" content="light dark"><title>{}</title><style>{}</style></head>'
    '<body class="page" style="margin:0;background:#f4f5f7;{}">'
    '<div style="max-width:640px;margin:0 auto;padding:16px">'
    '<div class="card" style="background:#ffffff;border:1px solid #d9dde3;border-left:6px solid {};border-radius:4px;'
    'padding:16px 20px">'
    '<h1 style="font-size:18px;line-height:1.35;margin:0 0 12px;color:#14171c">{} {}</h1>{}{}</div>'
    '<p class="quiet" style="font-size:12px;color:#5b6472;margin:12px 4px">Brownout, {}.{}</p></div></body></html>'
)
_TABLE = (
    '{}<table class="facts" role="presentation" style="width:100%;border-collapse:collapse;font-size:14px">{}</table>{}'
)


def html(bundle: Bundle) -> str:
    """The whole document."""
    several = len(bundle.items) > 1
    look = bundle.event if bundle.event in _BARS else bundle.severity
    return format_html(
        _DOCUMENT,
        words.clip(bundle.summary, 200),
        mark_safe(_STYLE),  # noqa: S308 a constant
        mark_safe(_FONT),  # noqa: S308 a constant
        _BARS.get(look, _BARS["ticket"]),
        _MARKS.get(look, _MARKS["ticket"]),
        bundle.summary,
        _join(_alert(item, heading=several) for item in bundle.items[:TOLD_IN_FULL]),
        _rest(bundle),
        words.instant(bundle.at),
        format_html(' <a href="{}" style="color:#1f5fbf">All of it</a>', bundle.url) if several and bundle.url else "",
    )


def _alert(item: Message, *, heading: bool) -> SafeString:
    facts = [(label, text) for label, text in item.facts if not text.startswith(_ADDRESSES)]
    rows = format_html_join(
        "",
        '<tr><th scope="row" style="{0};width:96px">{1}</th><td style="{0};color:#14171c">{2}</td></tr>',
        ((_CELL, label, text) for label, text in facts),
    )
    head = '<h2 style="font-size:15px;line-height:1.4;margin:20px 0 6px;color:#14171c">{}</h2>'
    return format_html(
        _TABLE,
        format_html(head, item.summary) if heading else "",
        rows,
        _steps(item),
    )


_CELL = SafeString(
    "text-align:left;vertical-align:top;font-weight:400;padding:6px 12px 6px 0;border-top:1px solid #e6e9ee;"
    "color:#5b6472;word-break:break-word"
)


def _steps(item: Message) -> SafeString:
    """The links, as buttons; the runbook is the next step, so it comes first."""
    links = [("Runbook", item.runbook_url), ("Details", item.page_url), *item.links]
    buttons = format_html_join(
        " ",
        '<a class="step" href="{}" style="display:inline-block;padding:10px 16px;margin:0 8px 8px 0;border-radius:4px;'
        'background:#1f5fbf;color:#ffffff;text-decoration:none;font-size:14px">{}</a>',
        ((url, label) for label, url in links if url.startswith(_ADDRESSES)),
    )
    return format_html('<p style="margin:14px 0 0">{}</p>', buttons) if buttons else SafeString("")


def _rest(bundle: Bundle) -> SafeString:
    """The others, by a line or by their number."""
    lines = _join(
        format_html(
            '<li style="margin:4px 0"><a href="{}" style="color:#1f5fbf">{}</a></li>', item.page_url, item.summary
        )
        for item in bundle.told_by_a_line
    )
    more = format_html('<li style="margin:4px 0">and {} more</li>', bundle.untold) if bundle.untold else ""
    shown = '<ul class="quiet" style="font-size:14px;padding-left:18px;margin:16px 0 0;color:#5b6472">{}{}</ul>'
    return format_html(shown, lines, more) if lines else SafeString("")


def _join(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))
