"""The design system: one list of tokens, one include an element, no selector that nothing uses."""

import re
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.template.loader import get_template
from django.test import Client

from dashboards.templatetags.brownout import register

ROOT = Path(__file__).parents[2] / "dashboards"
SHEETS = {path.name: re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL) for path in ROOT.rglob("*.css")}
# Classes that templates put together, and those that plotly.js and htmx give to elements.
MADE = ("tone-{", "page-{", "series-{", "chart-{", "event-{", "band-{")
FOREIGN = re.compile(
    r"js-plotly-plot|crisp|main-svg|\w*layer|cursor-[\w-]+|user-select-none|spikeline|plotly-notifier|htmx-request"
)
# Tags that need a silence or plotly.js to show anything.
ELSEWHERE = {"until", "plotly_guards"}
# Classes that say what something is beside one that is styled, and one for plotly.js.
SAID = {"on", "hard", "no-inline-styles"}
ELEMENTS = sorted(path.name for path in (ROOT / "templates/dashboards/elements").iterdir())


def written() -> str:
    """Everything that can name a class: templates, scripts, and what Python writes into pages."""
    paths = [path for kind in ("*.html", "*.js", "*.py") for path in ROOT.rglob(kind)]
    paths.append(ROOT.parent / "alerts/rules/markdown.py")
    return "\n".join(path.read_text() for path in paths)


def test_no_selector_names_a_class_that_nothing_has() -> None:
    text = written()
    used = set(re.findall(r"[a-zA-Z][\w-]*", text))
    made = tuple(prefix.removesuffix("{") for prefix in MADE if re.search(re.escape(prefix), text))
    unused = {
        f"{name}: .{found}"
        for name, sheet in SHEETS.items()
        for selector in re.findall(r"([^{}]+)\{", sheet)
        for found in re.findall(r"\.([a-zA-Z][\w-]*)", selector)
        if found not in used and not found.startswith(made) and not FOREIGN.fullmatch(found)
    }
    assert unused == set()


def test_no_template_gives_a_class_that_nothing_styles_or_looks_for() -> None:
    known = {name for sheet in SHEETS.values() for name in re.findall(r"\.([a-zA-Z][\w-]*)", sheet)}
    scripts = "\n".join(path.read_text() for path in ROOT.rglob("*.js"))
    given = {
        f"{path.parent.name}/{path.name}: {name}"
        for path in ROOT.rglob("*.html")
        for names in re.findall(r'class="([^"]*)"', re.sub(r"\{%.*?%\}", " ", path.read_text()))
        for name in re.sub(r"[\w-]*\{\{.*?\}\}", "", names).split()
        if name not in known and name[-1] != "-" and not re.search(rf"\b{name}\b", scripts) and name not in SAID
    }
    assert given == set()


def test_every_token_is_used_and_every_measure_is_a_token_that_exists() -> None:
    defined = set(re.findall(r"(--[\w-]+):", SHEETS["tokens.css"]))
    asked = set(re.findall(r"var\((--[\w-]+)\)", "\n".join(SHEETS.values())))
    assert asked <= defined
    drawn = {f"--{name}" for name in re.findall(r"token:([\w-]+)", (ROOT / "figures.py").read_text())}
    assert defined - asked - drawn == set()


def test_type_and_room_are_measured_in_steps_of_the_scale() -> None:
    measured = re.compile(r"(?<![\w-])(?:font-size|(?:row-|column-)?gap|padding[\w-]*|margin[\w-]*):[^;}]*\drem[^;}]*")
    raw = {name: measured.findall(sheet) for name, sheet in SHEETS.items() if name != "wallboard.css"}
    assert {name: found for name, found in raw.items() if found} == {}


def test_no_sheet_says_the_same_twice() -> None:
    rules = [
        (name, re.sub(r"\s+", " ", rule).strip())
        for name, sheet in SHEETS.items()
        for rule in re.findall(r"(?m)^[^@{}\n][^{}]*\{[^{}]*\}", sheet)
    ]
    seen: dict[str, str] = {}
    twice = [f"{rule} in {seen[rule]} and {name}" for name, rule in rules if seen.setdefault(rule, name) != name]
    assert twice == []


@pytest.mark.parametrize("element", ELEMENTS)
def test_every_element_can_be_read_and_is_used_on_a_page(element: str) -> None:
    name = f"dashboards/elements/{element}"
    get_template(name)
    asked = (f'"{name}"', f"{{% {Path(element).stem} ")
    users = [path for path in ROOT.rglob("*.html") if any(words in path.read_text() for words in asked)]
    assert [path for path in users if path.parent.name != "styleguide"], "the pages do not use it"


@pytest.mark.django_db
def test_the_styleguide_is_for_developers_and_shows_every_element_and_every_tag(
    client: Client, settings: LazySettings
) -> None:
    assert client.get("/styleguide/").status_code == 404
    settings.DEBUG = True
    answer = client.get("/styleguide/")
    shown = {template.name for template in answer.templates}
    assert {f"dashboards/elements/{element}" for element in ELEMENTS} - shown == set()
    written = (ROOT / "templates/dashboards/styleguide/_region.html").read_text()
    assert {tag for tag in register.tags if f"{{% {tag} " not in written} == ELSEWHERE
    assert "{%" not in answer.content.decode()
