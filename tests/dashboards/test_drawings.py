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
BANDS = [
    Band("alert", 0, 600, "page"),
    Band("alert", 300, 900, "ticket"),
    Band("shed", 0, 900, "nudges"),
    Band("excluded", 600, 1_200, "moving"),
    Band("annotation", 1_200, 1_200, "deploy"),
    Band("annotation", 1_230, 1_230, "deploy"),
]
POINTS = Points([0, 1_800, 3_600], [0.999, None, 1.0])
DRAWN = {
    "budget": figures.burn_down(POINTS, POINTS, POINTS, EXTENT, BANDS),
    "sli": figures.sli(POINTS, 0.999, "events", EXTENT, BANDS),
    "empty": figures.sli(Points([], []), 0.999, "events", EXTENT, []),
    "events": figures.events(POINTS, POINTS, 1_800, "Events", EXTENT, BANDS),
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


def rectangles() -> list[Figure]:
    return [shape for shape in DRAWN["budget"]["layout"]["shapes"] if shape["type"] == "rect"]


def test_bands_of_a_kind_that_overlap_are_drawn_once() -> None:
    kinds = ["alert", "annotation", "annotation", "excluded", "shed"]
    assert [shape["fillcolor"] for shape in rectangles()] == [f"token:band-{kind}" for kind in kinds]


def test_kinds_of_bands_are_told_apart_without_colour() -> None:
    looks = {(shape["y1"], shape["line"]["dash"], shape["label"]["text"]) for shape in rectangles() if "label" in shape}
    heights, edges, letters = ({look[n] for look in looks} for n in range(3))
    assert (len(looks), len(heights), len(letters)) == (4, 4, 4)
    assert edges == {"solid", "dash", "dot"}


def test_letters_of_bands_do_not_cover_one_another() -> None:
    assert ["label" in shape for shape in rectangles()] == [True, True, False, True, True]


def test_lines_are_told_apart_without_colour() -> None:
    windows = [BurnWindow("page", 3_600 * n, 300, 14.4) for n in range(1, 5)]
    for figure in (figures.burns([(w, POINTS) for w in windows], EXTENT, []), DRAWN["budget"]):
        dashes = [trace["line"]["dash"] for trace in figure["data"]]
        assert len(set(dashes)) == len(dashes)


def test_what_people_wrote_is_no_markup_in_a_hover() -> None:
    points = Points([0], [1.0], [("50 %", "<a href='https://example.com'>")])
    (trace,) = figures.sli(points, 0.999, "events", EXTENT, [])["data"]
    assert trace["text"] == ["50 %<br>&lt;a href='https://example.com'&gt;"]


def test_what_was_shed_is_not_covered_by_bars() -> None:
    layout = DRAWN["events"]["layout"]
    (shed,) = [shape for shape in layout["shapes"] if shape["fillcolor"] == "token:band-shed"]
    assert layout["yaxis2"]["domain"][1] < shed["y0"] < shed["y1"] < layout["yaxis"]["domain"][0]


def test_what_pointing_says_is_not_written_into_bars() -> None:
    assert {trace["textposition"] for trace in DRAWN["events"]["data"]} == {"none"}


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
