"""OFREP in front of Django: an evaluation needs neither its middleware nor the database."""

import select
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from degradation.ofrep.memory import memory
from degradation.ofrep.protocol import PREFIX, Answer, Asked, RefusedError, answer, check_token, known
from degradation.ofrep.streams import STREAM, streams

Environ = dict[str, Any]
Start = Callable[..., Any]
Application = Callable[[Environ, Start], Iterable[bytes]]

HEADERS = {
    "HTTP_AUTHORIZATION": "authorization",
    "HTTP_X_API_KEY": "x-api-key",
    "HTTP_IF_NONE_MATCH": "if-none-match",
    "HTTP_LAST_EVENT_ID": "last-event-id",
}
# A listener that takes nothing for so many seconds, or whose machine does not acknowledge, is dropped.
SEND_SECONDS, SILENT_SECONDS = 5.0, 30


class FlagServer:
    """Answers what is under OFREP's prefix, and hands all else on."""

    def __init__(self, application: Application) -> None:
        self._application = application
        memory.after = lambda snapshot: streams.tell(snapshot.version(datetime.now(UTC)))

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(PREFIX) or not _acceptable(environ):
            return self._application(environ, start)
        asked = _asked(environ)
        return _stream(asked, environ, start) if asked.path == STREAM else _send(answer(asked), start)


def _acceptable(environ: Environ) -> bool:
    """Is it by TLS where it must be, and for a host of ours? If not, Django has the words for it."""
    if settings.SECURE_SSL_REDIRECT and environ["wsgi.url_scheme"] != "https":
        header, wanted = settings.SECURE_PROXY_SSL_HEADER or ("", "https")
        if environ.get(header, "").partition(",")[0].strip() != wanted:
            return False
    return _ours(environ.get("HTTP_HOST", ""))


@lru_cache(maxsize=128)
def _ours(host: str) -> bool:
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


def _asked(environ: Environ) -> Asked:
    path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    length = int(environ.get("CONTENT_LENGTH") or 0)
    # A body of unknown length ends by itself.
    chunked = "HTTP_TRANSFER_ENCODING" in environ
    return Asked(
        method=environ["REQUEST_METHOD"],
        path=path.removeprefix(PREFIX),
        headers={short: environ[name] for name, short in HEADERS.items() if name in environ},
        length=length,
        read=lambda most: environ["wsgi.input"].read(most if chunked else length),
    )


def _send(told: Answer, start: Start) -> list[bytes]:
    status = HTTPStatus(told.status)
    start(f"{status.value} {status.phrase}", [*told.headers.items(), *_always(len(told.body), status)])
    return [told.body]


def _always(length: int, status: HTTPStatus) -> Iterator[tuple[str, str]]:
    yield "X-Content-Type-Options", "nosniff"
    if status != HTTPStatus.NOT_MODIFIED:
        yield "Content-Length", str(length)
    if settings.SECURE_HSTS_SECONDS:
        yield "Strict-Transport-Security", f"max-age={settings.SECURE_HSTS_SECONDS}"


def _stream(asked: Asked, environ: Environ, start: Start) -> Iterable[bytes]:
    try:
        token = _listener(asked)
    except RefusedError as refused:
        return _send(refused.answer(), start)
    connection = environ.get("gunicorn.socket")
    _impatient(connection)
    # X-Accel-Buffering: nginx passes every event on at once.
    headers = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"), ("X-Accel-Buffering", "no")]
    start("200 OK", headers)
    known_version = asked.headers.get("last-event-id", "")
    return _Listened(streams.listen(known_version, lambda: _may(token) and not _gone(connection)))


def _listener(asked: Asked) -> str:
    """The digest of the token of somebody who may listen, with a place taken. Raises RefusedError."""
    if asked.method != "GET":
        raise RefusedError(405, "Events are listened to with GET", headers={"Allow": "GET"})
    token = check_token(asked, known())
    if not streams.take():
        words = f"No more than {streams.limit} listeners at once: ask for the flags now and then instead"
        raise RefusedError(503, words, headers={"Retry-After": "60"})
    return token


def _may(token: str) -> bool:
    try:
        return token in (known().roles or {})
    except RefusedError:
        return False


def _gone(connection: socket.socket | None) -> bool:
    """Has the listener closed the connection? Otherwise that is noticed only when something is sent to it."""
    if connection is None:
        return False
    looked = select.poll()
    looked.register(connection, select.POLLIN)
    try:
        # A connection of TLS of our own cannot be looked into.
        return bool(looked.poll(0)) and connection.recv(1, socket.MSG_PEEK) == b""
    except ValueError:
        return False
    except OSError:
        return True


def _impatient(connection: socket.socket | None) -> None:
    """Give up a listener that does not take what it is sent."""
    if connection is None:
        return
    with suppress(OSError):
        connection.settimeout(SEND_SECONDS)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_SECONDS * 1_000)


class _Listened:
    """A stream whose place is given back when the server closes it, listened to or not."""

    def __init__(self, events: Iterator[bytes]) -> None:
        self._events = events

    def __iter__(self) -> Iterator[bytes]:
        return self._events

    def close(self) -> None:
        """Called by the server once, at the end."""
        streams.leave()
