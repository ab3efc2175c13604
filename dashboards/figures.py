"""Figures for Plotly, as plain data. PURE: series in, {"data", "layout"} out, ready for JSON.

Colours are names of design tokens (`token:bad`); the page puts the present theme's colours in their place, so that
one figure serves both themes. Times are ISO 8601 in UTC without an offset, which is how Plotly reads a date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from math import log10
from typing import Any, Literal

from slo.maths.burn import BurnWindow
from slo.maths.windows import format_duration

Figure = dict[str, Any]
BandKind = Literal["alert", "shed", "excluded", "annotation"]

# Burn rates below this are drawn on the lower edge of the logarithmic axis: they are all "nothing to see".
FLOOR = 0.1
# Lines are told apart without colour by their dashes; the sheet gives the keys beside them the same.
SERIES = (
    ("token:series-1", "solid"),
    ("token:series-2", "dash"),
    ("token:series-3", "dashdot"),
    ("token:series-4", "dot"),
)
# Bands are told apart without colour: by the letter at their top, by how high they reach, and by their edge.
LETTERS: dict[BandKind, str] = {"alert": "A", "shed": "S", "excluded": "X", "annotation": "N"}
_HEIGHTS: dict[BandKind, float] = {"alert": 1, "shed": 0.09, "excluded": 0.78, "annotation": 0.89}
_EDGES: dict[BandKind, str] = {"alert": "solid", "shed": "solid", "excluded": "dot", "annotation": "dash"}
# Letters nearer to one another than this share of the width would cover each other.
_APART = 0.03


@dataclass(frozen=True, slots=True)
class Band:
    """A span (epoch seconds) shaded behind the lines, with its reason."""

    kind: BandKind
    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Extent:
    """The instants (epoch seconds) at the left and right edge, shared by all figures of a page."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Points:
    """A line: instants (epoch seconds) and values; None is a gap. `hover` says each in words, plain text by lines."""

    at: Sequence[int]
    values: Sequence[float | None]
    hover: Sequence[Sequence[str]] = ()


def burn_down(left: Points, then: Points | None, ideal: Points, extent: Extent, bands: Sequence[Band]) -> Figure:
    """Budget left (shares): within the present period, against the even pace; `then` is what the page showed then."""
    data = [_line(ideal, "Even spending", "token:muted", dash="dot", width=1)]
    if then is not None:
        data.append(_line(then, "As shown then", "token:series-4", dash="dash", width=1))
    data.append(_line(left, "Budget left", "token:accent", width=2))
    title = _title("Budget left (% of the period's)")
    axis = {"tickformat": ".0%", "rangemode": "tozero", "zeroline": True, "title": title}
    return _figure(data, extent, bands, yaxis=axis)


def sli(ratio: Points, target: float, noun: str, extent: Extent, bands: Sequence[Band]) -> Figure:
    """The share of good events (or whatever `noun` says) in each step, and the target."""
    data = [_line(ratio, "SLI", "token:accent", width=1.5)]
    known = [value for value in ratio.values if value is not None]
    lowest = min([*known, target])
    room = max(1 - lowest, 1 - target) * 0.12
    title = _title(f"Good {noun} (% of all)")
    axis = {"tickformat": _digits(1 - lowest), "range": [lowest - room, 1 + room / 2], "title": title}
    return _figure(data, extent, bands, [_level(target, "token:muted")], yaxis=axis)


def events(good: Points, bad: Points, step: int, noun: str, extent: Extent, bands: Sequence[Band]) -> Figure:
    """What each step of so many seconds counted: good and bad stacked above, the bad alone and to their scale below.

    `noun` is what is counted. Points stand at the ends of their steps.
    """
    every = f"per {format_duration(step)}"
    data = [
        _bars(good, "Good", "token:good-fill", "y", step),
        _bars(bad, "Bad", "token:bad", "y", step),
        {**_bars(bad, "Bad, alone", "token:bad", "y2", step), "hoverinfo": "skip", "showlegend": False},
    ]
    upper = {"domain": [0.46, 1], "rangemode": "tozero", "nticks": 4, "title": _title(f"{noun} {every}")}
    lower = {"domain": [0, 0.32], "rangemode": "tozero", "nticks": 3, "title": _title(f"Bad {every}")}
    figure = _figure(
        data,
        extent,
        bands,
        yaxis=upper,
        yaxis2=_axis() | lower,
        xaxis={"anchor": "y2"},
        barmode="stack",
    )
    for shape in figure["layout"]["shapes"]:
        if shape["fillcolor"] == "token:band-shed":
            # At the bottom, as elsewhere, bars would cover it.
            shape |= {"y0": 0.345, "y1": 0.435}
    return figure


def burns(lines: Sequence[tuple[BurnWindow, Points]], extent: Extent, bands: Sequence[Band]) -> Figure:
    """Burn rates over each long window on a logarithmic axis, and the factors they are judged by."""
    data, levels = [], []
    for index, (window, points) in enumerate(lines):
        colour, dash = SERIES[index % len(SERIES)]
        clipped = Points(points.at, [None if v is None else max(FLOOR, v) for v in points.values], points.hover)
        data.append(_line(clipped, format_duration(window.long), colour, dash=dash, width=1.5))
        levels.append(_level(window.factor, colour))
    values = [value for _, points in lines for value in points.values if value is not None]
    highest = max([*values, *(window.factor for window, _ in lines), 1])
    title = _title("Burn (× even spending, log)")
    axis = {"type": "log", "range": [log10(FLOOR), log10(highest * 1.6)], "tickvals": _decades(highest), "title": title}
    axis["ticktext"] = [f"{value:g}×" for value in axis["tickvals"]]
    return _figure(data, extent, bands, levels, yaxis=axis)


def _decades(highest: float) -> list[float]:
    return [value for value in (0.1, 1, 10, 100, 1_000, 10_000) if value <= highest * 1.6]


def _digits(depth: float) -> str:
    """Enough digits to tell the grid lines of an axis that spans `depth` apart."""
    return f".{min(4, max(0, round(-log10(max(depth, 1e-6))) - 1))}%"


def _line(points: Points, name: str, colour: str, *, width: float, dash: str = "solid") -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [_iso(at) for at in points.at],
        "y": list(points.values),
        "line": {"color": colour, "width": width, "dash": dash},
        "connectgaps": False,
    } | _hover(points)


def _bars(points: Points, name: str, colour: str, axis: str, step: int) -> Figure:
    return {
        "type": "bar",
        "name": name,
        "x": [_iso(at) for at in points.at],
        "y": list(points.values),
        "yaxis": axis,
        "marker": {"color": colour, "line": {"width": 0}},
        # A bar fills the step that ends at its instant.
        "width": step * 850,
        "offset": step * -925,
        # What pointing says is not written into the bars: unreadable, and most of the time drawing takes.
        "textposition": "none",
    } | _hover(points)


def _hover(points: Points) -> Figure:
    """What pointing at a line says. Plotly reads some HTML in it, so what people wrote is escaped."""
    text = ["<br>".join(escape(line, quote=False) for line in lines) for lines in points.hover]
    return {"text": text, "hovertemplate": "%{text}<extra></extra>"} if text else {"hoverinfo": "skip"}


def _level(value: float, colour: str) -> Figure:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "yref": "y",
        "y0": value,
        "y1": value,
        "line": {"color": colour, "width": 1, "dash": "1px,5px"},
    }


def _joined(bands: Sequence[Band]) -> list[Band]:
    """Bands of a kind that overlap as one, or their shades would add up; annotations stay apart."""
    joined: list[Band] = []
    for band in sorted(bands, key=lambda b: (b.kind, b.start)):
        last = joined[-1] if joined else None
        if last and last.kind == band.kind != "annotation" and band.start <= last.end:
            joined[-1] = Band(band.kind, last.start, max(last.end, band.end), last.label)
        else:
            joined.append(band)
    return joined


def _shaded(bands: Sequence[Band], extent: Extent) -> list[Figure]:
    """The bands as rectangles, each with its letter where there is room for it."""
    shapes: list[Figure] = []
    lettered: dict[BandKind, int] = {}
    for band in _joined(bands):
        shape = _band(band)
        if band.start - lettered.get(band.kind, -extent.end) >= (extent.end - extent.start) * _APART:
            lettered[band.kind] = band.start
            shape["label"] = _letter(band.kind)
        shapes.append(shape)
    return shapes


def _band(band: Band) -> Figure:
    return {
        "type": "rect",
        "layer": "below",
        "xref": "x",
        "x0": _iso(band.start),
        "x1": _iso(band.end),
        "yref": "paper",
        "y0": 0,
        "y1": _HEIGHTS[band.kind],
        "fillcolor": f"token:band-{band.kind}",
        # The edge keeps a span visible that is narrower than a pixel.
        "line": {"width": 1, "color": f"token:edge-{band.kind}", "dash": _EDGES[band.kind]},
    }


def _letter(kind: BandKind) -> Figure:
    font = {"size": 10, "color": "token:text"}
    return {"text": LETTERS[kind], "textposition": "top left", "padding": 2, "textangle": 0, "font": font}


def _axis() -> Figure:
    return {
        "gridcolor": "token:grid",
        "zerolinecolor": "token:line-strong",
        "linecolor": "token:line",
        "tickfont": {"color": "token:muted", "size": 11},
        "fixedrange": True,
        "automargin": True,
    }


def _title(text: str) -> Figure:
    return {"text": text, "font": {"color": "token:muted", "size": 11}, "standoff": 6}


def _figure(
    data: list[Figure], extent: Extent, bands: Sequence[Band], levels: Sequence[Figure] = (), **layout: Any
) -> Figure:
    horizontal = {
        "type": "date",
        "range": [_iso(extent.start), _iso(extent.end)],
        "title": _title("Time (UTC)"),
        "showspikes": True,
        "spikemode": "across",
        "spikethickness": 1,
        "spikedash": "solid",
        "spikecolor": "token:line-strong",
        "hoverformat": "%-d %b %H:%M UTC",
        "nticks": 6,
        "tickangle": 0,
    }
    return {
        "data": data,
        "layout": {
            **layout,
            "xaxis": _axis() | horizontal | {"fixedrange": False} | layout.get("xaxis", {}),
            "yaxis": _axis() | layout.get("yaxis", {}),
            "shapes": [*_shaded(bands, extent), *levels],
            "hovermode": "x unified",
            "hoverlabel": {
                "bgcolor": "token:surface",
                "bordercolor": "token:line-strong",
                "font": {"color": "token:text", "size": 11},
            },
            "showlegend": False,
            "dragmode": "zoom",
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "paper_bgcolor": "token:clear",
            "plot_bgcolor": "token:clear",
            "font": {"family": "system-ui, sans-serif", "color": "token:muted"},
        },
    }


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
