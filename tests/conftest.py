"""What every test starts from: a development environment that is the same everywhere, and real servers on demand.

Tests are marked by what they use: `browser` (the fixtures `browser` and `page`, and all of tests/journeys),
`integration` (a real server, or so marked by hand), `unit` (the rest). They run in this order, unit first. Beside it,
`database` marks those that need one: they run once more on PostgreSQL.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Protocol

import django
import pytest
from django.conf import settings
from django.test.utils import override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from playwright.sync_api import Browser, Page

from tests.servers import Alertmanager, Console, Postgres, Prometheus, Receiver, Redis, SimulatedService, running
from tests.servers.chromium import chromium

KINDS = ("unit", "integration", "browser")
DATABASE = {"db", "transactional_db", "live_server"}
SERVERS = {"prometheus", "alertmanager", "redis_url", "postgres_url"}


# A property holds on a busy machine too; how long things take is measured by `make bench`.
hypothesis.register_profile("brownout", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)


def pytest_configure() -> None:
    hypothesis.load_profile("brownout")
    django.setup()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    kinds = {item.nodeid: _kind(item) for item in items}
    for item in items:
        item.add_marker(kinds[item.nodeid])
        if item.get_closest_marker("django_db") or DATABASE & set(getattr(item, "fixturenames", ())):
            item.add_marker("database")
    items.sort(key=lambda item: KINDS.index(kinds[item.nodeid]))


def _kind(item: pytest.Item) -> str:
    for kind in KINDS:
        if item.get_closest_marker(kind):
            return kind
    fixtures = set(getattr(item, "fixturenames", ()))
    if "browser" in fixtures or "journeys" in item.path.parts:
        return "browser"
    return "integration" if fixtures & SERVERS else "unit"


@pytest.fixture(scope="session", autouse=True)
def _static_files_without_collecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Pages name static files as they are: the manifest exists only after `collectstatic`.

    What somebody collected on this machine is not read either: whitenoise would walk through it for every client.
    """
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    empty = str(tmp_path_factory.mktemp("static"))
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}, STATIC_ROOT=empty):
        yield


@pytest.fixture(scope="session", autouse=True)
def _flags_read_at_each_request() -> Iterator[None]:
    """Answers about flags, and regions, come from the test's own transaction, which no other thread sees."""
    with override_settings(FLAG_POLL_SECONDS=0, SHARED_SECONDS=0):
        yield


@pytest.fixture(scope="session", autouse=True)
def _status_read_at_each_request() -> Iterator[None]:
    """The status page shows what the test has just written, and leaves no file."""
    with override_settings(STATUS_SECONDS=0, STATUS_FILE=""):
        yield


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    from dashboards.kept import keeper
    from degradation.ofrep.memory import memory

    memory.forget()
    keeper.forget()


class PrometheusFactory(Protocol):
    def __call__(
        self, targets: Iterable[str] = (), interval: float = 1, *, arguments: Iterable[str] = (), history: str = ""
    ) -> Prometheus: ...


@pytest.fixture
def prometheus() -> Iterator[PrometheusFactory]:
    """Start a real Prometheus: `prometheus([service.url])`, scraping every second; see tests/servers/prometheus.py.

    `history` is OpenMetrics text with timestamps, put into it before it starts.
    """
    with ExitStack() as stack:

        def start(
            targets: Iterable[str] = (), interval: float = 1, *, arguments: Iterable[str] = (), history: str = ""
        ) -> Prometheus:
            def make() -> Prometheus:
                server = Prometheus(targets, interval, arguments=arguments)
                if history:
                    server.load(history)
                return server

            return stack.enter_context(running(make))

        yield start


@pytest.fixture
def alertmanager() -> Iterator[Alertmanager]:
    """A real Alertmanager at `.url`; `.alerts(alertname=…)` reads what is active."""
    with running(Alertmanager) as server:
        yield server


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a real Redis, shared by all tests of the run."""
    with running(Redis) as server:
        yield server.url


@pytest.fixture(scope="session")
def _postgres() -> Iterator[Postgres]:
    with running(Postgres) as server:
        yield server


@pytest.fixture
def postgres_url(_postgres: Postgres) -> str:
    """The URL of an empty database of a real PostgreSQL, new for each test."""
    return _postgres.database()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """An HTTP server at `.url` that writes down what it receives (`.requests`, `.wait(1)`) and answers as told."""
    with Receiver() as server:
        yield server


class ServiceFactory(Protocol):
    def __call__(self) -> SimulatedService: ...


@pytest.fixture
def simulated_service() -> Iterator[ServiceFactory]:
    """Make services whose every event is known: `service = simulated_service(); service.serve(good=90, bad=3)`."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(SimulatedService())


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The distribution's Chromium, headless, one for the run."""
    with running(chromium) as started:
        yield started


@pytest.fixture
def console(_watched_page: tuple[Page, Console]) -> Console:
    """What the `page` complained of; `console.allow("ERR_CONNECTION_REFUSED")` expects a complaint."""
    return _watched_page[1]


@pytest.fixture
def page(_watched_page: tuple[Page, Console]) -> Page:
    """A fresh page. The test fails if it logs an error, lets one escape or breaks the Content-Security-Policy."""
    return _watched_page[0]


@pytest.fixture
def _watched_page(browser: Browser) -> Iterator[tuple[Page, Console]]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(10_000)
    console = Console(page)
    yield page, console
    context.close()
    assert not console.unexpected(), "the page complained:\n" + "\n".join(console.unexpected())
