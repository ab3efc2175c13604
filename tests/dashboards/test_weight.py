"""What a page weighs on its way to a phone; it brings the sheets it needs, and plotly.js only for a chart."""

import gzip
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.contrib.staticfiles import finders
from django.test import Client

from tests.dashboards import scriptless
from tests.dashboards.matrix import PAGES, furnished
from tests.dashboards.test_design import SHEETS
from tests.dashboards.world import person

pytestmark = pytest.mark.django_db
LIGHT = 200_000  # bytes, compressed, without charts
ASSET = re.compile(rf'(?:href|src)="{settings.STATIC_URL}([^"]+)"')
PLOTLY = re.compile(r"plotly[\w.-]*\.js$")


@pytest.fixture
def reader(client: Client, at_noon: None) -> Client:
    client.force_login(person("operator"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def weight(asset: str) -> int:
    path = finders.find(asset)
    assert path, asset
    return len(gzip.compress(Path(path).read_bytes()))


def named(sheet: str) -> set[str]:
    """The classes of which a sheet says something wherever they stand."""
    selectors = (part for rule in re.findall(r"([^{}]+)\{", SHEETS[sheet]) for part in rule.split(","))
    return {found.group(1) for part in selectors if (found := re.match(r"\s*\.([a-zA-Z][\w-]*)", part))}


NAMED = {sheet: named(sheet) for sheet in SHEETS}


def sheets_amiss(page: str) -> Iterable[str]:
    linked = set(re.findall(r'dashboards/css/([\w-]+\.css)"', page))
    given = {name for names in re.findall(r'class="([^"]*)"', page) for name in names.split()}
    styled = {name for sheet in linked for name in NAMED[sheet]}
    for sheet in SHEETS.keys() - linked - {"shell.css", "status.css"}:
        missed = {name for name in NAMED[sheet] & given - styled if not name.startswith("page-")}
        if missed:
            yield f"{missed} are styled by {sheet}, which it does not link"


def test_every_page_is_light_and_links_what_it_needs_and_reads_without_scripts(
    reader: Client, settings: LazySettings
) -> None:
    settings.DEBUG = settings.PUBLIC_STATUS = True
    _, keys = furnished()
    for path in (path.format(**keys) for paths in PAGES.values() for path in paths):
        page = reader.get(path).content.decode()
        assert not list(sheets_amiss(page)), path
        assert path == "/styleguide/" or not list(scriptless.amiss(page, path)), path
        assert not list(scriptless.untold(scriptless.read(page))), path
        assets = set(ASSET.findall(page))
        charts = {asset for asset in assets if PLOTLY.search(asset)}
        assert bool(charts) == ("data-plot" in page), path
        total = len(gzip.compress(page.encode())) + sum(weight(asset) for asset in assets - charts)
        assert total < LIGHT, f"{path} weighs {total / 1000:.0f} kB"


@pytest.mark.parametrize(
    "broken",
    [
        "<button>Save</button>",
        "<form><button type=button>Open</button></form>",
        "<form><input name=q></form>",
        "<form method=post action=/flags/><button>Go</button></form>",
        "<form action=/nowhere/at/all/><button>Go</button></form>",
        "<a href=#>Menu</a>",
        "<a href=#gone>Down</a>",
        "<div hx-get=/flags/ hx-trigger=load></div>",
        "<div id=region hx-get=/flags/?all=1></div>",
        "<p hidden>Burning</p>",
        "<table><tbody></tbody></table>",
        "<figure data-chart=sli><p data-sentence>99 %</p><div data-plot></div></figure>",
        "<section><h2>Effects</h2></section>",
        "<main>–</main>",
        "<p>9 %<svg class=spark><path/></svg></p>",
        "<p>9 %<svg class=spark role=img aria-label=''><path/></svg></p>",
        "<svg class=spark role=img aria-label='Burn rate of the day'><path/></svg>",
        "<table><tbody><tr><td>9 %</td><td><svg class=budget aria-hidden=true><rect/></svg></td></tr></tbody></table>",
        "<li><b>Orders</b><svg class=budget aria-hidden=true><rect/></svg></li>",
        "<li><span><svg class=shape aria-hidden=true></svg></span></li>",
        "<a href=/flags/><svg class=icon aria-hidden=true></svg></a>",
        "<svg class=graph role=group aria-label='As the table says'></svg>",
        "<progress max=1 value=0.5></progress>",
        "<img src=/badge.svg>",
    ],
)
def test_what_is_dead_or_empty_without_scripts_is_found(broken: str) -> None:
    assert list(scriptless.amiss(f"<h1>Flags</h1>{broken}", "/flags/"))


def test_what_works_without_scripts_is_left_alone() -> None:
    page = '<h1>Flags</h1><main id="m"><form action="/flags/?x=1"><input name="q"><button>Find</button></form>'
    more = '<a href="#m">Up</a> <button popovertarget="m">Menu</button>'
    more += '<a href="/flags/"><svg class="icon" aria-hidden="true"></svg>Flags</a>'
    more += '<dl><div><dd>61 %</dd><dd><svg class="budget" aria-hidden="true"></svg></dd></div></dl>'
    more += '<p><svg class="spark" role="img"><title>Burn rate: no data</title></svg></p>'
    more += f'<div id="region" hx-get="/flags/">{"All is well. " * 4}</div>'
    assert not list(scriptless.amiss(f"{page}{more}</main>", "/flags/"))
