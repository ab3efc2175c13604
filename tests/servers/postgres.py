"""A real PostgreSQL."""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from tests.servers.process import MORTAL, MissingServerError, Server, ServerError, find


class Postgres(Server):
    """A cluster of its own, without durability. `url` is its first database; `database()` makes another, empty one."""

    program = "postgres"
    package = "postgresql"
    stop_signal = signal.SIGINT  # "fast": do not wait for clients

    def __init__(self) -> None:
        super().__init__()
        self.data = self.folder / "data"
        # PostgreSQL refuses to run as root.
        self.user = next(_ordinary_users(), None) if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user)
        self._initialise()

    @classmethod
    def find(cls) -> str:
        return find(cls.program, cls.package, _folders())

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": 200,
        }
        return [self.binary, "-D", str(self.data), *(f"--{name}={value}" for name, value in settings.items())]

    def ready(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def url(self) -> str:
        return self._url("postgres")

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"brownout_{uuid4().hex[:12]}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self._url(name)

    def _url(self, database: str) -> str:
        return f"postgres://brownout@127.0.0.1:{self.port}/{database}"

    def _initialise(self) -> None:
        program = find("initdb", self.package, _folders())
        options = ["--username=brownout", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        made = subprocess.run(
            [program, "-D", str(self.data), *options], capture_output=True, text=True, check=False, **self._identity()
        )
        if made.returncode:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise ServerError(f"initdb: {made.stdout}{made.stderr}")

    def _identity(self) -> dict[str, Any]:
        if self.user is None:
            return {"cwd": self.folder}
        return {"cwd": self.folder, "user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []}

    def _spawn(self, log: int) -> "subprocess.Popen[bytes]":
        command = [*MORTAL, *self.command()]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._identity())


def _folders() -> list[Path]:
    """Where Debian keeps the programs, newest version first."""
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)


def _ordinary_users() -> Iterator[str]:
    for name in ("postgres", "nobody"):
        try:
            yield pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise MissingServerError("needs a user postgres or nobody, since PostgreSQL does not run as root")
