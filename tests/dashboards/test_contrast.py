"""WCAG 2.2 AA contrast in both themes, computed from the design tokens."""

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "dashboards/static/dashboards/css/tokens.css").read_text()
PAIRS = {name: pair for name, *pair in re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", TOKENS)}
THEMES = ("light", "dark")
TEXT, SHAPE = 4.5, 3.0


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["bg", "surface", "raised"])
@pytest.mark.parametrize("ink", ["text", "muted", "accent", "ok", "warn", "bad", "info", "none"])
def test_text_can_be_read(ink: str, ground: str, theme: str) -> None:
    index = THEMES.index(theme)
    assert contrast(PAIRS[ink][index], PAIRS[ground][index]) >= TEXT


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["bad-tint", "warn-tint", "ok-tint"])
@pytest.mark.parametrize("ink", ["text", "muted", "accent", "warn", "bad"])
def test_text_on_a_tint_can_be_read(ink: str, ground: str, theme: str) -> None:
    index = THEMES.index(theme)
    assert contrast(PAIRS[ink][index], PAIRS[ground][index]) >= TEXT


@pytest.mark.parametrize("theme", THEMES)
def test_the_words_on_a_primary_button_can_be_read(theme: str) -> None:
    index = THEMES.index(theme)
    assert contrast(PAIRS["on-accent"][index], PAIRS["accent"][index]) >= TEXT


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("line", ["line-strong", "series-1", "series-2", "series-3", "series-4"])
@pytest.mark.parametrize("ground", ["bg", "surface"])
def test_edges_of_controls_and_lines_of_charts_can_be_seen(line: str, ground: str, theme: str) -> None:
    index = THEMES.index(theme)
    assert contrast(PAIRS[line][index], PAIRS[ground][index]) >= SHAPE


def test_only_the_tokens_name_colours() -> None:
    folder = Path(__file__).parents[2] / "dashboards/static/dashboards/css"
    named = {
        sheet.name: found
        for sheet in folder.glob("*.css")
        if sheet.name != "tokens.css"
        and (found := re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|rgba?\(", sheet.read_text()))
    }
    assert named == {}
