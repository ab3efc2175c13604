"""Drawings are numbers until a template or a browser makes them visible."""

import re
from pathlib import Path

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import figures
from dashboards.figures import Band, Extent, Figure, Points
from dashboards.sparkline import budget_bar, sparkline
from slo.maths.burn import BurnWindow

TOKENS = (Path(__file__).parents[2] / "dashboards/static/dashboards/css/tokens.css").read_text()
EXTENT = Extent(0, 3_600)
BANDS = [Band("alert", 0, 600, "page"), Band("alert", 300, 900, "ticket"), Band("shed", 0, 900, "nudges")]
POINTS = Points([0, 1_800, 3_600], [0.999, None, 1.0])
DRAWN = {
    "budget": figures.burn_down(POINTS, POINTS, POINTS, EXTENT, BANDS),
    "sli": figures.sli(POINTS, 0.999, EXTENT, BANDS),
    "empty": figures.sli(Points([], []), 0.999, EXTENT, []),
    "events": figures.events(POINTS, POINTS, EXTENT, BANDS),
    "burns": figures.burns([(BurnWindow("page", 3_600, 300, 14.4), POINTS)], EXTENT, BANDS),
}


def strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for inner in value.values() for text in strings(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in strings(inner)]
    return [value] if isinstance(value, str) else []


def painted(value: object) -> object:
    if isinstance(value, dict):
        return {key: painted(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [painted(inner) for inner in value]
    return "#123456" if isinstance(value, str) and value.startswith("token:") else value


@pytest.mark.parametrize("figure", DRAWN.values(), ids=DRAWN)
def test_plotly_accepts_every_figure(figure: Figure) -> None:
    go.Figure(painted(figure))


@pytest.mark.parametrize("figure", DRAWN.values(), ids=DRAWN)
def test_every_colour_of_a_figure_is_a_design_token(figure: Figure) -> None:
    named = {text.removeprefix("token:") for text in strings(figure) if text.startswith("token:")}
    assert named <= set(re.findall(r"--([\w-]+):", TOKENS))
    assert not [text for text in strings(figure) if re.match(r"#|rgb", text)]


def test_bands_of_a_kind_that_overlap_are_drawn_once() -> None:
    rectangles = [shape for shape in DRAWN["budget"]["layout"]["shapes"] if shape["type"] == "rect"]
    assert [shape["fillcolor"] for shape in rectangles] == ["token:band-alert", "token:band-shed"]


def test_a_gap_in_the_data_is_a_gap_in_the_line() -> None:
    trace = DRAWN["sli"]["data"][0]
    assert trace["y"][1] is None
    assert trace["connectgaps"] is False


def test_burn_rates_are_drawn_on_a_logarithmic_axis_with_their_factors() -> None:
    layout = DRAWN["burns"]["layout"]
    assert layout["yaxis"]["type"] == "log"
    assert [shape["y0"] for shape in layout["shapes"] if shape["type"] == "line"] == [14.4]


@pytest.mark.parametrize(
    ("remaining", "width", "tone"),
    [(None, 0, "none"), (0.62, 62, "ok"), (0.1, 10, "warn"), (0.0, 100, "bad"), (-0.4, 100, "bad"), (1.2, 100, "ok")],
)
def test_a_budget_bar_is_as_long_as_what_is_left(remaining: float | None, width: float, tone: str) -> None:
    bar = budget_bar(remaining)
    assert (bar.width, bar.tone) == (width, tone)


def test_a_sparkline_tells_quiet_from_loud_and_from_unknown() -> None:
    assert [stroke.tone for stroke in sparkline([0.2, None, 3, 20]).strokes] == ["ok", "none", "warn", "bad"]


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e6)), max_size=60))
def test_a_sparkline_stays_within_its_frame(burns: list[float | None]) -> None:
    drawn = sparkline(burns, height=20)
    tall = [float(v) for stroke in drawn.strokes for v in re.findall(r"v-([\d.e+-]+)", stroke.path)]
    assert len(tall) == len(burns)
    assert all(1 <= v <= 20 for v in tall)
