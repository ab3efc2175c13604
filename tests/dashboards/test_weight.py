"""What a page weighs on its way to a phone, and that plotly.js comes only where there is a chart."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.contrib.staticfiles import finders
from django.test import Client

from tests.dashboards.matrix import PAGES, furnished
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


def test_every_page_is_light_and_brings_plotly_only_for_a_chart(reader: Client, settings: LazySettings) -> None:
    settings.DEBUG = settings.PUBLIC_STATUS = True
    _, keys = furnished()
    for path in (path.format(**keys) for paths in PAGES.values() for path in paths):
        page = reader.get(path).content.decode()
        assets = set(ASSET.findall(page))
        charts = {asset for asset in assets if PLOTLY.search(asset)}
        assert bool(charts) == ("data-plot" in page), path
        total = len(gzip.compress(page.encode())) + sum(weight(asset) for asset in assets - charts)
        assert total < LIGHT, f"{path} weighs {total / 1000:.0f} kB"
