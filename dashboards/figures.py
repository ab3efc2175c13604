"""Figures for Plotly, as plain data. PURE: series in, {"data", "layout"} out, ready for JSON.

Colours are names of design tokens (`token:bad`); the page puts the present theme's colours in their place, so that
one figure serves both themes. Times are ISO 8601 in UTC without an offset, which is how Plotly reads a date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import log10
from typing import Any, Literal

from slo.maths.burn import BurnWindow
from slo.maths.windows import format_duration

Figure = dict[str, Any]
BandKind = Literal["alert", "shed", "excluded", "annotation"]

# Burn rates below this are drawn on the lower edge of the logarithmic axis: they are all "nothing to see".
FLOOR = 0.1
SERIES = ("token:series-1", "token:series-2", "token:series-3", "token:series-4")


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
    """A line: instants (epoch seconds) and values; None is a gap."""

    at: Sequence[int]
    values: Sequence[float | None]


def burn_down(left: Points, then: Points | None, ideal: Points, extent: Extent, bands: Sequence[Band]) -> Figure:
    """Budget left (shares): within the present period, against the even pace; `then` is what the page showed then."""
    data = [_line(ideal, "Even pace", "token:muted", dash="dot", width=1, hover="%{y:.1%}")]
    if then is not None:
        data.append(_line(then, "As it stood", "token:series-4", width=1, hover="%{y:.1%}"))
    data.append(_line(left, "Budget left", "token:accent", width=2, hover="%{y:.1%}"))
    axis = {"tickformat": ".0%", "rangemode": "tozero", "zeroline": True}
    return _figure(data, extent, bands, yaxis=axis)


def sli(ratio: Points, target: float, extent: Extent, bands: Sequence[Band]) -> Figure:
    """The share of good events in each step, and the target."""
    data = [_line(ratio, "SLI", "token:accent", width=1.5, hover="%{y:.4%}")]
    known = [value for value in ratio.values if value is not None]
    lowest = min([*known, target])
    room = max(1 - lowest, 1 - target) * 0.12
    axis = {"tickformat": _digits(1 - lowest), "range": [lowest - room, 1 + room / 2]}
    return _figure(data, extent, bands, [_level(target, "token:muted")], yaxis=axis)


def events(good: Points, bad: Points, extent: Extent, bands: Sequence[Band]) -> Figure:
    """Events in each step: good and bad stacked above, the bad ones alone and to their own scale below."""
    data = [
        _bars(good, "Good", "token:good-fill", "y"),
        _bars(bad, "Bad", "token:bad", "y"),
        {**_bars(bad, "Bad, alone", "token:bad", "y2"), "hoverinfo": "skip"},
    ]
    return _figure(
        data,
        extent,
        bands,
        yaxis={"domain": [0.42, 1], "rangemode": "tozero", "nticks": 4, "title": _title("all")},
        yaxis2={"domain": [0, 0.3], "rangemode": "tozero", "nticks": 3, "title": _title("bad")} | _axis(),
        xaxis={"anchor": "y2"},
        barmode="stack",
        bargap=0.15,
    )


def burns(lines: Sequence[tuple[BurnWindow, Points]], extent: Extent, bands: Sequence[Band]) -> Figure:
    """Burn rates over each long window on a logarithmic axis, and the factors they are judged by."""
    data, levels = [], []
    for index, (window, points) in enumerate(lines):
        colour = SERIES[index % len(SERIES)]
        clipped = Points(points.at, [None if v is None else max(FLOOR, v) for v in points.values])
        name = format_duration(window.long)
        data.append(_line(clipped, name, colour, width=1.5, hover="%{y:.2f}×"))
        levels.append(_level(window.factor, colour))
    values = [value for _, points in lines for value in points.values if value is not None]
    highest = max([*values, *(window.factor for window, _ in lines), 1])
    axis = {"type": "log", "range": [log10(FLOOR), log10(highest * 1.6)], "tickvals": _decades(highest)}
    axis["ticktext"] = [f"{value:g}×" for value in axis["tickvals"]]
    return _figure(data, extent, bands, levels, yaxis=axis)


def _decades(highest: float) -> list[float]:
    return [value for value in (0.1, 1, 10, 100, 1_000, 10_000) if value <= highest * 1.6]


def _digits(depth: float) -> str:
    """Enough digits to tell the grid lines of an axis that spans `depth` apart."""
    return f".{min(4, max(0, round(-log10(max(depth, 1e-6))) - 1))}%"


def _line(points: Points, name: str, colour: str, *, width: float, hover: str, dash: str = "solid") -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [_iso(at) for at in points.at],
        "y": list(points.values),
        "line": {"color": colour, "width": width, "dash": dash},
        "hovertemplate": f"{hover}<extra>{name}</extra>",
        "connectgaps": False,
    }


def _bars(points: Points, name: str, colour: str, axis: str) -> Figure:
    return {
        "type": "bar",
        "name": name,
        "x": [_iso(at) for at in points.at],
        "y": list(points.values),
        "yaxis": axis,
        "marker": {"color": colour, "line": {"width": 0}},
        "hovertemplate": f"%{{y:,.0f}}<extra>{name}</extra>",
    }


def _level(value: float, colour: str) -> Figure:
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "yref": "y",
        "y0": value,
        "y1": value,
        "line": {"color": colour, "width": 1, "dash": "dash"},
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


def _band(band: Band) -> Figure:
    return {
        "type": "rect",
        "layer": "below",
        "xref": "x",
        "x0": _iso(band.start),
        "x1": _iso(band.end),
        "yref": "paper",
        # Sheds lie along the foot, so that the alert they answer can be seen behind them.
        "y0": 0,
        "y1": 0.06 if band.kind == "shed" else 1,
        "fillcolor": f"token:band-{band.kind}",
        # The edge keeps a span visible that is narrower than a pixel.
        "line": {"width": 1, "color": _edge(band)},
    }


def _edge(band: Band) -> str:
    return "token:accent" if band.kind == "annotation" else f"token:band-{band.kind}"


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
    return {"text": text, "font": {"color": "token:muted", "size": 11}, "standoff": 4}


def _figure(
    data: list[Figure], extent: Extent, bands: Sequence[Band], levels: Sequence[Figure] = (), **layout: Any
) -> Figure:
    horizontal = {
        "type": "date",
        "range": [_iso(extent.start), _iso(extent.end)],
        "showspikes": True,
        "spikemode": "across",
        "spikethickness": 1,
        "spikedash": "solid",
        "spikecolor": "token:line-strong",
        "hoverformat": "%-d %b %H:%M",
        "nticks": 6,
        "tickangle": 0,
    }
    return {
        "data": data,
        "layout": {
            **layout,
            "xaxis": _axis() | horizontal | {"fixedrange": False} | layout.get("xaxis", {}),
            "yaxis": _axis() | layout.get("yaxis", {}),
            "shapes": [*map(_band, _joined(bands)), *levels],
            "hovermode": "x unified",
            "hoverlabel": {
                "bgcolor": "token:surface",
                "bordercolor": "token:line-strong",
                "font": {"color": "token:text", "size": 12},
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
