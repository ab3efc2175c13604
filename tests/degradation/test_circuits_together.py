"""Circuits under what happens to processes: killed in the middle of a change, started again, two at once."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from degradation import selectors
from degradation.models import Circuit, CircuitChange
from degradation.rules.circuit import Phase
from degradation.services import circuits
from degradation.services.circuit_reports import Said, receive
from slo.models import Component
from tests import factories
from tests.degradation.rows import later
from tests.factories import NOW
from tests.slo.conftest import shared_database  # noqa: F401 the fixture
from tests.slo.parallel import at_once

KILLED = """
import os, signal, sys, django
django.setup()
from degradation.models import CircuitChange
from degradation.services import circuits
from tests.factories import NOW
if "killed" in sys.argv:
    CircuitChange.objects.create = lambda **_: os.kill(os.getpid(), signal.SIGKILL)
circuits.judge(NOW)
"""


def burning(name: str = "orders") -> Component:
    made = factories.component(name)
    factories.ledger(factories.objective(component=made), bad=80)
    return made


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_a_process_killed_in_the_middle_of_a_change_leaves_nothing_half_done(tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the database of the other process is a copy of the file")
    burning()
    file = tmp_path / "copy.sqlite3"
    with sqlite3.connect(file) as copy:
        connection.connection.backup(copy)
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{file}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "TICK_SECONDS": str(settings.TICK_SECONDS),
    }

    def judge(*arguments: str) -> int:
        command = [sys.executable, "-c", KILLED, *arguments]
        return subprocess.run(command, env=environment, cwd=settings.BASE_DIR, check=False, timeout=60).returncode

    def stored() -> tuple[list[int], list[str]]:
        with sqlite3.connect(file) as rows:
            versions = [row[0] for row in rows.execute("SELECT version FROM degradation_circuit")]
            changes = [row[0] for row in rows.execute("SELECT after FROM degradation_circuitchange")]
        return versions, changes

    assert judge("killed") == -signal.SIGKILL
    assert stored() == ([0], [])
    assert judge() == 0
    assert stored() == ([1], ["open"])


@pytest.mark.integration
def test_ticks_at_once_change_every_circuit_once(shared_database: None) -> None:  # noqa: F811
    for number in range(5):
        burning(f"part-{number}")
    at_once(4, lambda _: circuits.judge(NOW))
    assert set(Circuit.objects.values_list("version", flat=True)) == {1}
    assert sorted(CircuitChange.objects.values_list("circuit__component__name", flat=True)) == [
        f"part-{number}" for number in range(5)
    ]


@pytest.mark.integration
def test_twelve_clients_that_report_at_once_are_one_fleet(shared_database: None) -> None:  # noqa: F811
    factories.component("orders")

    def report(number: int) -> None:
        for seconds in range(3):
            phase: Phase = "open" if number < 7 and seconds == 2 else "closed"
            receive([Said("orders", f"web-{number}", phase, later(seconds))], "shop", later(2))

    at_once(12, report)
    assert selectors.circuit("orders", later(2)).fleet.words == "7 of 12 open"
    assert selectors.health(later(2))[0].status == "warn"
