"""Real servers for tests: each starts on a free loopback port in a temporary folder and leaves nothing behind.

Most tests want the fixtures of `tests/conftest.py`. A fixture of wider scope starts its own:

    @pytest.fixture(scope="module")
    def filled() -> Iterator[Prometheus]:
        with running(lambda: Prometheus(["http://127.0.0.1:8080"])) as server:
            yield server

`running` skips the test when the server is not installed (with REQUIRE_SERVERS=1 it fails). Mark such a module
`pytestmark = pytest.mark.integration`; tests that use the fixtures are marked by themselves.
"""

from tests.servers.alertmanager import Alertmanager
from tests.servers.chromium import Console
from tests.servers.http import Receiver, Request
from tests.servers.postgres import Postgres
from tests.servers.process import MissingServerError, Server, ServerError, free_port, running, until
from tests.servers.prometheus import Prometheus
from tests.servers.redis import Redis
from tests.servers.service import SimulatedService, Truth

__all__ = [
    "Alertmanager",
    "Console",
    "MissingServerError",
    "Postgres",
    "Prometheus",
    "Receiver",
    "Redis",
    "Request",
    "Server",
    "ServerError",
    "SimulatedService",
    "Truth",
    "free_port",
    "running",
    "until",
]
