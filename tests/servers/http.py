"""Small HTTP servers in a thread: what all of them share, and one that writes down what it receives."""

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.servers.process import free_port, until


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came in; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: datetime

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer, `delay` seconds later."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0


class _Patient(ThreadingHTTPServer):
    """A client that does not wait for its answer is no error worth a traceback."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class LocalHTTP:
    """An HTTP server in a thread of the test, on a port it keeps: it can go away and come back."""

    def __init__(self) -> None:
        self.port = free_port()
        self._server: _Patient | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer_to(self, request: Request) -> Answer:
        """What to answer; runs in the thread of the request."""
        raise NotImplementedError

    def start(self) -> Self:
        """Open the port (again)."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 5

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = outer.answer_to(Request(self.command, self.path, headers, body, datetime.now(UTC)))
                time.sleep(answer.delay)
                # One connection a request: a server that went away must not linger in a kept connection.
                self.close_connection = True
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 (the names http.server looks for)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = _Patient(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the port: connections are refused until the next `start`."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Receiver(LocalHTTP):
    """Writes down every request in `requests` and answers 200, unless told otherwise.

    `answer(500, times=2)` queues answers for the next requests; `fallback` is the answer when none is queued.
    """

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.fallback = Answer()
        self._queue: deque[Answer] = deque()

    def answer(
        self,
        status: int = 200,
        body: bytes | str = b"",
        headers: Mapping[str, str] | None = None,
        *,
        delay: float = 0,
        times: int = 1,
    ) -> None:
        """Queue an answer for the next `times` requests; delay in seconds."""
        raw = body.encode() if isinstance(body, str) else body
        self._queue.extend([Answer(status, raw, headers or {}, delay)] * times)

    def wait(self, count: int, timeout: float = 15) -> list[Request]:
        """The requests, once there are at least `count`."""
        until(
            lambda: len(self.requests) >= count,
            timeout,
            what=lambda: f"{count} requests at the receiver, got {len(self.requests)}",
        )
        return list(self.requests)

    def answer_to(self, request: Request) -> Answer:
        self.requests.append(request)
        return self._queue.popleft() if self._queue else self.fallback
