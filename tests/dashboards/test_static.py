"""What pages bring along is collected under names that change with it, so that a browser never asks again."""

import re
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.test import Client

from config import settings as production
from tests.dashboards.world import World

HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")


@pytest.fixture
def collected(settings: LazySettings, tmp_path: Path, world: World) -> Client:
    """The server as it is deployed: files collected, compressed, and served by WhiteNoise."""
    settings.STORAGES, settings.STATIC_ROOT = production.STORAGES, tmp_path
    others = ["admin", "ninja", "datasets", "templates", "widgetbundle.js"]
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=others)
    settings.PUBLIC_READ = True
    return Client()


@pytest.mark.django_db
def test_what_a_page_with_charts_brings_is_kept_by_browsers_for_good(collected: Client) -> None:
    page = collected.get("/objectives/orders-availability/").content.decode()
    assets = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert any("plotly.min" in asset for asset in assets)
    for asset in assets:
        assert HASHED.search(asset), asset
        answer = collected.get(asset, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, asset
        assert {"immutable", "public"} <= set(answer["Cache-Control"].split(", ")), asset
        assert asset.endswith(".svg") or answer["Content-Encoding"] == "gzip", asset
        answer.close()
