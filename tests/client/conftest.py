"""A database with a few flags, and the web server on a copy of it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.web import ROOT, Web
from tests.servers import until

SEED = """
from datetime import UTC, datetime
from degradation.models import Flag
from slo.models import Service
from slo.services.access import issue_token
shop = Service.objects.create(name="shop")
for key, kind in (("nudges", "boolean"), ("photos", "boolean"), ("suggestions", "dimmer")):
    Flag.objects.create(key=key, kind=kind, service=shop, tier=3, description=key)
print(issue_token("shop", "viewer", datetime.now(UTC)))
"""


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A database with flags in it, and a token."""
    made = Web("")
    path = tmp_path_factory.mktemp("seeded") / "brownout.sqlite3"
    environment = {**made.environment(), "DATABASE_URL": f"sqlite:///{path}"}
    made.remove()

    def manage(*arguments: str) -> str:
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()

    manage("migrate", "--verbosity=0")
    return path, manage("shell", "--no-imports", "-c", SEED)


@pytest.fixture(scope="session")
def _web(seeded: tuple[Path, str]) -> Iterator[Web]:
    path, token = seeded
    server = Web(token)
    server.database.write_bytes(path.read_bytes())
    with server:
        yield server


@pytest.fixture
def web(_web: Web) -> Web:
    """The server, with every flag as it is in calm times; a test may kill it."""
    if not _web.alive:
        _web.start()
    _web.write("UPDATE degradation_flag SET shed_at = NULL, shed_reason = '', shed_to = 0")
    until(lambda: all(_web.evaluate(key, targetingKey="u")["reason"] == "STATIC" for key in ("nudges", "suggestions")))
    return _web
