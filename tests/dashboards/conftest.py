"""What several of these tests share. Models can be imported only once the fixtures run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.conf import LazySettings
    from django.test import Client

    from tests.dashboards.world import World


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> None:
    """Requests are answered for the instant at which the factories' ledgers end, and not to everybody."""
    from tests.factories import NOW

    settings.PUBLIC_READ = False
    for module in ("acting", "components", "runbooks", "watching"):
        monkeypatch.setattr(f"dashboards.views.{module}.now", lambda: NOW)


@pytest.fixture
def world(db: None, at_noon: None) -> World:
    from tests.dashboards.world import trouble

    return trouble()


@pytest.fixture
def reader(client: Client, world: World) -> Client:
    from tests.dashboards.world import person

    client.force_login(person("viewer"), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def operator(client: Client, world: World) -> Client:
    from tests.dashboards.world import person

    client.force_login(person("operator"), backend="django.contrib.auth.backends.ModelBackend")
    return client
