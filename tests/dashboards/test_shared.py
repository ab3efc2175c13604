"""Two hundred open overviews are drawn once; nobody sees what is not for them because of it."""

import pytest
from django.conf import LazySettings
from django.test import Client

from dashboards.views import wallboard, watching
from dashboards.views.pages import Shared
from slo.models import Objective
from tests.dashboards.world import World, person

pytestmark = pytest.mark.django_db
REGION = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _sharing(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SHARED_SECONDS = 60
    for module in (watching, wallboard):
        monkeypatch.setattr(module, "_shared", Shared())


def seen(client: Client, path: str) -> str:
    response = client.get(path, headers=REGION)
    assert response["Cache-Control"] == "private, no-store"
    assert response["Vary"].startswith("HX-Request, Cookie")
    return str(response.content.decode())


@pytest.mark.parametrize("path", ["/", "/wallboard/"])
def test_all_readers_get_one_drawing_and_a_stranger_none(reader: Client, world: World, path: str) -> None:
    first = seen(reader, path)
    Objective.objects.update(title="Renamed")
    operator = Client()
    operator.force_login(person("operator"), backend="django.contrib.auth.backends.ModelBackend")
    assert seen(operator, f"{path}?whatever") == first
    assert b"Renamed" in reader.get(path).content, "a whole page is drawn for who asks"
    stranger = Client().get(path, headers=REGION)
    assert stranger["HX-Redirect"].startswith("/login/")
    assert stranger.content == b""


@pytest.mark.parametrize("path", ["/", "/wallboard/"])
def test_the_region_is_the_same_for_every_role(reader: Client, world: World, settings: LazySettings, path: str) -> None:
    settings.SHARED_SECONDS = 0
    operator = Client()
    operator.force_login(person("operator"), backend="django.contrib.auth.backends.ModelBackend")
    assert seen(operator, path) == seen(reader, path)


def test_a_drawing_is_not_shown_for_longer_than_it_may(reader: Client, settings: LazySettings) -> None:
    seen(reader, "/")
    Objective.objects.update(title="Renamed")
    settings.SHARED_SECONDS = 1e-6
    assert "Renamed" in seen(reader, "/")
