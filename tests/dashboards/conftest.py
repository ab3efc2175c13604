"""What several of these tests share. Models can be imported only once the fixtures run."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from datetime import datetime

    from django.conf import LazySettings
    from django.test import Client
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

    from tests.dashboards.world import World


def stop_clocks(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    """Let every view answer for this instant."""
    from dashboards import views

    # All are imported before the first is changed: a module must not take over another's stopped clock.
    modules = [import_module(f"{views.__name__}.{found.name}") for found in iter_modules(views.__path__)]
    for module in modules:
        if hasattr(module, "now"):
            monkeypatch.setattr(module, "now", lambda: at)


def log_in(page: Page, server: LiveServer, role: str = "operator") -> str:
    """Let the browser be somebody of that role. Returns the key of the session."""
    from django.conf import settings as configured
    from django.test import Client

    from tests.dashboards.world import person

    client = Client()
    client.force_login(person(role), backend="django.contrib.auth.backends.ModelBackend")
    name = configured.SESSION_COOKIE_NAME
    session = client.cookies[name].value
    page.context.add_cookies([{"name": name, "value": session, "url": server.url}])
    return session


def tab_to(page: Page, selector: str, *, limit: int = 80) -> None:
    """Press Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab does not reach {selector}")


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> None:
    """Requests are answered for the instant at which the factories' ledgers end, and not to everybody."""
    from tests.factories import NOW

    settings.PUBLIC_READ = False
    stop_clocks(monkeypatch, NOW)


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
