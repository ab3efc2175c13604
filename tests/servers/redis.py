"""A real Redis."""

import socket

from tests.servers.process import Server


class Redis(Server):
    """Keeps nothing on disk."""

    program = "redis-server"
    package = "redis-server"

    def command(self) -> list[str]:
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self.folder, "save": "", "appendonly": "no"}
        return [self.binary, *(part for name, value in options.items() for part in (f"--{name}", str(value)))]

    def ready(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as line:
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"
