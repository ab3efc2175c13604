"""One HTTP request with an end: a limit of time for all of it, and of bytes. No redirects, no surprises."""

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

LARGEST = 2 * 2**20
# A slow server must not hold a thread for ever, and a dead one not a stream.
CONNECT_SECONDS = 5.0


class TroubleError(Exception):
    """The server did not answer as a server does; the message says what happened."""


@dataclass(frozen=True)
class Answer:
    """Header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Request:
    """A request under way; a context manager that ends it whatever happens. `deadline` seconds, None without one."""

    def __init__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        silence: float,
        deadline: float | None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(url)
        self._method, self._headers, self._body = method, headers, body
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._silence = silence
        self._connection = _connection(parts.scheme, parts.hostname or "", parts.port, context)
        self._timer = threading.Timer(deadline, self.abort) if deadline else None
        self._socket: socket.socket | None = None
        self._late = False

    def send(self) -> http.client.HTTPResponse:
        """Send it and wait for the head of the answer. Raises TroubleError."""
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        try:
            self._connection.request(self._method, self._target, self._body, dict(self._headers))
            # The connection lets go of its socket when the server will close it.
            self._socket = self._connection.sock
            self._socket.settimeout(self._silence)
            return self._connection.getresponse()
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self.trouble(error) from error

    def trouble(self, error: Exception) -> TroubleError:
        """The error in words."""
        return TroubleError("it took too long" if self._late else f"{type(error).__name__}: {error}")

    def abort(self) -> None:
        """End it at once, from any thread."""
        self._late = True
        held = self._socket or self._connection.sock
        if held is not None:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._connection.close()


def ask(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    *,
    deadline: float,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """The whole answer, within `deadline` seconds and LARGEST bytes. Raises TroubleError."""
    with Request(method, url, headers, body, silence=deadline, deadline=deadline, context=context) as request:
        response = request.send()
        try:
            received = response.read(LARGEST + 1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise request.trouble(error) from error
        if len(received) > LARGEST:
            raise TroubleError(f"the answer is larger than {LARGEST} bytes")
        if response.length:
            raise TroubleError("the answer ended early")
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, received)


def _connection(scheme: str, host: str, port: int | None, context: ssl.SSLContext | None) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=CONNECT_SECONDS, context=context)
    return http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
