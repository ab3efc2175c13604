"""The world's one web server: `/metrics/<group>` for every group of services, `/inbox`, and a page for people."""

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST

from demo.world.inbox import LONGEST, Inbox
from demo.world.state import World

TEXT, JSON = "text/plain; charset=utf-8", "application/json"


class Server(ThreadingHTTPServer):
    """Serves a world and its inbox."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], world: World, inbox: Inbox) -> None:
        self.world, self.inbox = world, inbox
        super().__init__(address, Handler)


class Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = 10

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer(HTTPStatus.OK, TEXT, self.server.world.report().encode())
        elif self.path == "/inbox":
            self._answer(HTTPStatus.OK, JSON, self.server.inbox.as_json())
        elif self.path.startswith("/metrics/"):
            self._metrics(self.path.removeprefix("/metrics/"))
        else:
            self._answer(HTTPStatus.NOT_FOUND, TEXT, b"Nothing here; try /, /inbox or /metrics/assistant\n")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != "/inbox":
            self._answer(HTTPStatus.NOT_FOUND, TEXT, b"Post JSON to /inbox\n")
            return
        if length > LONGEST:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TEXT, b"That is longer than any message\n")
            return
        try:
            self.server.inbox.receive(self.rfile.read(length))
        except ValueError as error:
            self._answer(HTTPStatus.BAD_REQUEST, TEXT, f"{error}\n".encode())
        else:
            self._answer(HTTPStatus.ACCEPTED, TEXT, b"Thank you\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """One line a request would drown everything else."""

    def _metrics(self, group: str) -> None:
        try:
            body = self.server.world.exposition(group)
        except KeyError:
            self._answer(HTTPStatus.NOT_FOUND, TEXT, f"No services are called {group}\n".encode())
        else:
            self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, body)

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
