"""A TLS-terminating reverse proxy that asks for credentials, with a certificate it signs itself."""

import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import requests

from tests.servers.http import Answer, LocalHTTP, Request
from tests.servers.process import MissingServerError

HOP = {"host", "content-length", "connection", "authorization", "accept-encoding"}


class Certificate:
    """A self-signed certificate for 127.0.0.1 and localhost in `folder`: `.file` and `.key`."""

    def __init__(self, folder: Path, name: str = "server", days: int = 30) -> None:
        self.file, self.key = folder / f"{name}.crt", folder / f"{name}.key"
        names = ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
        where = ["-keyout", str(self.key), "-out", str(self.file)]
        try:
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), *names, *where],
                check=True,
                capture_output=True,
            )
        except FileNotFoundError:
            raise MissingServerError("openssl is not installed: apt-get install openssl") from None


class Proxy(LocalHTTP):
    """HTTPS in front of `target`; answers 401 unless `wanted` headers (names in lower case) are sent.

    `requests` are those that came in; with `client` only callers that show this certificate are let in.
    """

    def __init__(self, target: str = "", *, days: int = 30, client: Certificate | None = None) -> None:
        super().__init__()
        self.target = target
        self.wanted: dict[str, str] = {}
        self.refusal = b"no"
        self.requests: list[Request] = []
        self._folder = TemporaryDirectory(prefix="brownout-tls-")
        self.certificate = Certificate(Path(self._folder.name), days=days)
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(self.certificate.file, self.certificate.key)
        if client is not None:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(client.file)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def start(self) -> Self:
        super().start()
        assert self._server is not None
        self._server.socket = self._context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        return self

    def answer_to(self, request: Request) -> Answer:
        self.requests.append(request)
        if not self.wanted.items() <= request.headers.items():
            return Answer(401, self.refusal)
        if not self.target:
            return Answer(200, b"hello")
        headers: Mapping[str, str] = {name: value for name, value in request.headers.items() if name not in HOP}
        found = requests.request(
            request.method, self.target + request.path, data=request.body, headers=headers, timeout=10
        )
        return Answer(found.status_code, found.content, {"Content-Type": found.headers.get("Content-Type", "")})

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._folder.cleanup()
