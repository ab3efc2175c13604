"""A server process: started, awaited, killed, removed."""

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import ClassVar, Self, TypeVar

import pytest
import requests

Made = TypeVar("Made")
Found = TypeVar("Found")

_random = random.SystemRandom()

# A server must not outlive the tests, however they end: killed, they have no chance to stop it.
MORTAL = ("setpriv", "--pdeathsig", "KILL", "--") if shutil.which("setpriv") else ()


class MissingServerError(Exception):
    """A program is not installed; the message names the package that has it."""


class ServerError(Exception):
    """A server did not start or did not do what was awaited; the message ends with its log."""


def find(program: str, package: str, folders: Sequence[Path] = ()) -> str:
    """The path of a program, on PATH or in one of the folders. Raises MissingServerError naming the package."""
    path = os.pathsep.join([*(str(folder) for folder in folders), os.environ.get("PATH", ""), "/usr/sbin"])
    found = shutil.which(program, path=path)
    if found is None:
        raise MissingServerError(f"needs {program}: apt-get install {package}")
    return found


def free_port() -> int:
    """A free loopback port outside the range of outgoing connections, so that a stopped server finds it free again."""
    for _ in range(200):
        port = _random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerError("no free loopback port between 20000 and 32000")


def until(
    look: Callable[[], Found], timeout: float = 30, every: float = 0.1, *, what: str | Callable[[], str] = ""
) -> Found:
    """Call `look` until it gives something true, and return that. Raises AssertionError after `timeout` seconds.

    `what` completes the sentence "waited 30 s for …"; a callable is asked only when the time is over.
    """
    deadline = time.monotonic() + timeout
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout:g} s for {(what() if callable(what) else what) or look}")
        time.sleep(every)
    return found


class Server(ABC):
    """One process on a port of its own, in a folder of its own. A context manager that starts and removes it."""

    program: str
    package: str
    stop_signal: ClassVar[int] = signal.SIGTERM

    def __init__(self) -> None:
        self.binary = self.find()
        self.port = free_port()
        self.folder = Path(mkdtemp(prefix=f"brownout-{self.program}-"))
        self.log_file = self.folder / "log.txt"
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def find(cls) -> str:
        """The program's path. Raises MissingServerError."""
        return find(cls.program, cls.package)

    @abstractmethod
    def command(self) -> list[str]:
        """What to run."""

    @abstractmethod
    def ready(self) -> bool:
        """Does it answer? May raise OSError (or what `requests` raises) instead of answering no."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, timeout: float = 30) -> Self:
        """Start (again) on the same port with the same data and wait until it answers."""
        with self.log_file.open("ab") as log:
            self._process = self._spawn(log.fileno())
        deadline = time.monotonic() + timeout
        while not self._answers():
            if not self.alive or time.monotonic() > deadline:
                raise ServerError(f"{self.program} did not start:\n{self.log()}")
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """Ask it to end and wait; its data stays for a later `start`."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """End it as a crash would (SIGKILL)."""
        self._end(signal.SIGKILL)

    def remove(self) -> None:
        """End it and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self, lines: int = 40) -> str:
        """The last lines it wrote."""
        if not self.log_file.exists():
            return ""
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-lines:])

    def environment(self) -> Mapping[str, str] | None:
        """The environment of the process; None for that of the tests."""
        return None

    def cpu_seconds(self) -> float:
        """User and system time the process has spent so far; where the system does not tell, ServerError."""
        if self._process is None:
            raise ServerError(f"{self.program} is not running")
        try:
            # The name of a process may hold spaces and brackets.
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            raise ServerError("the CPU time of a process is told by Linux only") from None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _spawn(self, log: int) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [*MORTAL, *self.command()],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

    def _answers(self) -> bool:
        try:
            return self.ready()
        except (OSError, requests.RequestException):
            return False

    def _end(self, number: int) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        self._process = None

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


@contextmanager
def running(make: Callable[[], AbstractContextManager[Made]]) -> Iterator[Made]:
    """Run what `make` makes; skip the test if it is not installed, or fail with REQUIRE_SERVERS=1."""
    with ExitStack() as stack:
        with installed():
            server = stack.enter_context(make())
        yield server


@contextmanager
def installed() -> Iterator[None]:
    """Turn a missing program into a skip, or into a failure where REQUIRE_SERVERS=1 promises it is there."""
    try:
        yield
    except MissingServerError as error:
        if os.environ.get("REQUIRE_SERVERS") == "1":
            pytest.fail(f"{error} (REQUIRE_SERVERS=1 allows no skip)", pytrace=False)
        pytest.skip(str(error))
