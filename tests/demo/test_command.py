"""`manage.py demo` as a newcomer meets it: it comes up, shows something, keeps its data, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.servers.process import free_port, until

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


class Demo:
    """A demo in a process of its own, with its own data and port."""

    def __init__(self, data: Path, *options: str) -> None:
        self.port, self.data = free_port(), data
        self.url = f"http://127.0.0.1:{self.port}"
        command = [sys.executable, "manage.py", "demo", "--port", str(self.port), "--data", str(data), *options]
        # A newcomer's environment: none of the tests' settings.
        clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        self.log = data.parent / f"{self.port}.log"
        self._file = self.log.open("w")
        self.process = subprocess.Popen(command, cwd=ROOT, env=clean, stdout=self._file, stderr=subprocess.STDOUT)

    def wait(self, seconds: float) -> float:
        """Seconds until the pages answer."""
        began = time.monotonic()
        until(lambda: _answers(f"{self.url}/") or self.process.poll() is not None, seconds)
        assert self.process.poll() is None, self.log.read_text()
        return time.monotonic() - began

    def children(self) -> list[int]:
        """The processes it started, and those that they started."""
        return _descendants(self.process.pid)

    def stop(self, number: int = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(20)
        finally:
            self.process.kill()
            self._file.close()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def _descendants(pid: int) -> list[int]:
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *_descendants(int(child))]
    return found


def _alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists() and "\nState:\tZ" not in _status(pid)]


def _status(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return "\nState:\tZ"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def start(data: Path) -> Iterator[Callable[..., Demo]]:
    started: list[Demo] = []

    def begin(*options: str) -> Demo:
        started.append(Demo(data, *options))
        return started[-1]

    yield begin
    for demo in started:
        demo.stop()


def test_it_comes_up_measures_tells_sheds_and_stops_without_a_trace(start: Callable[..., Demo]) -> None:
    demo = start()
    demo.wait(120)
    objectives = requests.get(f"{demo.url}/api/v1/objectives", timeout=5).json()["objectives"]
    orders = next(item for item in objectives if item["name"] == "orders-availability")
    assert orders["state"] == "critical"
    before = orders["sli"]["total"]
    address = f"{demo.url}/api/v1/objectives/orders-availability"
    until(lambda: requests.get(address, timeout=5).json()["sli"]["total"] != before, 30)
    until(lambda: "Flags off: order-updates, parcel-map, return-photos" in demo.log.read_text(), 30)
    until(lambda: f"Brownout is at {demo.url}" in demo.log.read_text(), 10)

    processes = demo.children()
    assert len(processes) >= 4
    began = time.monotonic()
    assert demo.stop(signal.SIGINT) == 0
    assert time.monotonic() - began < 10
    until(lambda: not _alive(processes), 2)
    text = demo.log.read_text()
    assert "Traceback" not in text
    assert "ERROR" not in text


def test_a_second_start_is_quick_and_keeps_the_data(start: Callable[..., Demo]) -> None:
    demo = start()
    # Under 5 s on an idle machine; this one is testing.
    assert demo.wait(60) < 15
    alerts = requests.get(f"{demo.url}/alerts/", timeout=5).text
    assert "Search answers" in alerts
    assert demo.stop(signal.SIGTERM) == 0


def test_two_demos_do_not_share_their_data(start: Callable[..., Demo]) -> None:
    first = start()
    first.wait(60)
    second = start()
    assert second.process.wait(30) == 1
    assert "is running already" in second.log.read_text()
    assert len(second.log.read_text().strip().splitlines()) == 1


def test_the_death_of_one_process_ends_all_and_is_told(start: Callable[..., Demo]) -> None:
    demo = start()
    demo.wait(60)
    processes = demo.children()
    world = next(pid for pid in processes if b"demo.world" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(world, signal.SIGKILL)
    assert demo.process.wait(30) != 0
    assert "The demo ended, because world stopped" in demo.log.read_text()
    until(lambda: not _alive(processes), 2)


def test_a_busy_port_is_told_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        command = [sys.executable, "manage.py", "demo", "--port", str(port), "--data", str(tmp_path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"Port {port} is used by another program" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_missing_prometheus_is_told_in_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "demo", "--prometheus", "--port", str(free_port()), "--data", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, env={"PATH": "/nowhere"}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "There is no `prometheus` here" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_it_does_not_run_in_an_environment_that_is_not_its_own(tmp_path: Path) -> None:
    """So that --reset can never reach data that is not the demo's."""
    settings = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'mine.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    command = [sys.executable, "-m", "django", "demo", "--reset"]
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "The demo needs its own environment" in done.stderr
