"""What a page weighs on its way to a phone; it brings the sheets it needs, and plotly.js only for a chart."""

import gzip
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.contrib.staticfiles import finders
from django.test import Client

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


def test_every_page_is_light_and_links_what_it_needs(reader: Client, settings: LazySettings) -> None:
    settings.DEBUG = settings.PUBLIC_STATUS = True
    _, keys = furnished()
    for path in (path.format(**keys) for paths in PAGES.values() for path in paths):
        page = reader.get(path).content.decode()
        assert not list(sheets_amiss(page)), path
        assets = set(ASSET.findall(page))
        charts = {asset for asset in assets if PLOTLY.search(asset)}
        assert bool(charts) == ("data-plot" in page), path
        total = len(gzip.compress(page.encode())) + sum(weight(asset) for asset in assets - charts)
        assert total < LIGHT, f"{path} weighs {total / 1000:.0f} kB"
