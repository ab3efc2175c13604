"""The stage of the journeys, on the embedded default and on PostgreSQL with Redis."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PrometheusFactory, ServiceFactory
from tests.journeys.brownout import ROOT, Brownout
from tests.journeys.catalog import FLAG, OBJECTIVE, documents
from tests.journeys.stage import Application, Stage
from tests.journeys.traffic import Traffic
from tests.servers import Alertmanager, Receiver, until

STARTED = pytest.StashKey[Brownout]()


@pytest.fixture(scope="session")
def static_files() -> None:
    """The pages' files where the web server looks for them: gathered once, however many journeys run at a time."""
    code = "from demo.stage import collect_static; collect_static()"
    subprocess.run([sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c", code], check=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def brownout(request: pytest.FixtureRequest, static_files: None, tmp_path: Path) -> Iterator[Brownout]:
    """Brownout, not started yet."""
    if request.param == "sqlite":
        database, broker = f"sqlite:///{tmp_path / 'brownout.sqlite3'}", f"filesystem://{tmp_path / 'broker'}"
    else:
        database, broker = request.getfixturevalue("postgres_url"), request.getfixturevalue("redis_url")
    made = Brownout(tmp_path, database=database, broker=broker)
    request.node.stash[STARTED] = made
    with ExitStack() as stack:
        stack.callback(made.remove)
        yield made


@pytest.fixture
def stage(
    brownout: Brownout,
    simulated_service: ServiceFactory,
    prometheus: PrometheusFactory,
    alertmanager: Alertmanager,
    receiver: Receiver,
    tmp_path: Path,
) -> Iterator[Stage]:
    """Everything runs, nothing burns: a service that had traffic before is being measured, and is calm."""
    service = simulated_service()
    service.serve(good=500)
    scraper = prometheus([service.url])
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    parts = documents(prometheus=scraper.url, alertmanager=alertmanager.url, webhook=f"{receiver.url}/page")
    for name, text in parts.items():
        (catalog / name).write_text(text)
    application = Application(brownout.url, brownout.prepare(catalog))
    scraper.await_scrape(service.url)
    brownout.start()
    until(lambda: brownout.objective(OBJECTIVE)["completeness"], 60, what="the first measurement")
    with Traffic(service) as traffic:
        made = Stage(service, traffic, scraper, alertmanager, receiver, brownout, application, service.truth)
        assert application.sees(FLAG)
        yield made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Any:
    """A journey that fails tells what every process wrote."""
    report = yield
    if report.failed and STARTED in item.stash:
        report.sections += item.stash[STARTED].logs()
    return report
