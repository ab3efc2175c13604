"""Event streams: bounded, told of the newest only, ended in order; and the way in front of Django."""

import json
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from degradation.ofrep import streams as module
from degradation.ofrep import wsgi
from degradation.ofrep.streams import Streams, streams
from degradation.ofrep.wsgi import FlagServer
from slo.models import ApiToken
from slo.services.access import issue_token
from tests.degradation import rows
from tests.factories import NOW
from tests.servers import until


def _always() -> bool:
    return True


def _events(stream: Iterable[bytes]) -> Iterator[str]:
    """The versions told, without signs of life."""
    for chunk in stream:
        if chunk.startswith(b"id: "):
            told = json.loads(chunk.decode().split("data: ")[1])
            assert told["type"] == "refetchEvaluation"
            assert abs(told["lastModified"] - time.time()) < 60
            yield told["etag"]


@pytest.fixture
def opened() -> Streams:
    made = Streams()
    made.open(2)
    made.tell("one")
    return made


def test_a_listener_is_told_the_newest_version_only(opened: Streams) -> None:
    told = _events(opened.listen("", _always))
    assert next(told) == "one"
    for version in ("two", "three", "four"):
        opened.tell(version)
    assert next(told) == "four"


def test_a_listener_that_returns_is_told_only_what_it_does_not_know(
    opened: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HEARTBEAT", 0.01)
    stream = opened.listen("one", _always)
    assert next(stream) == b"retry: 1000\n\n"
    assert next(stream) == b": nothing new\n\n"
    opened.tell("two")
    assert next(_events(stream)) == "two"
    assert next(_events(opened.listen("long ago", _always))) == "two"


def test_there_are_only_so_many_places(opened: Streams) -> None:
    assert [opened.take() for _ in range(3)] == [True, True, False]
    opened.leave()
    assert opened.take()
    assert opened.tell("one") is True


def test_streams_end_when_the_server_does(opened: Streams) -> None:
    serving = [True]
    opened.open(2, lambda: serving[0])
    told = opened.listen("one", _always)
    assert next(told)
    rest: list[bytes] = []
    thread = threading.Thread(target=lambda: rest.extend(told))
    thread.start()
    serving[0] = False
    opened.tell("one")
    thread.join(5)
    assert not thread.is_alive()
    assert not [chunk for chunk in rest if chunk.startswith(b"id:")]


def test_a_stream_ends_with_its_token_or_its_time(opened: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(list(opened.listen("", lambda: False))) == 1
    monkeypatch.setattr(module, "LONGEST", 0.0)
    assert len(list(opened.listen("", _always))) == 1


class Front:
    """The WSGI application in front of one that says `django`."""

    def __init__(self) -> None:
        self.status, self.headers = "", dict[str, str]()
        self.server = FlagServer(self._django)

    def ask(self, path: str, method: str = "POST", **environ: Any) -> Any:
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "HTTP_HOST": "localhost:8000",
            "wsgi.url_scheme": "http",
            "wsgi.input": None,
            "CONTENT_LENGTH": "",
            **environ,
        }
        return self.server(environ, self._start)

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status, self.headers = status, dict(headers)

    @staticmethod
    def _django(environ: dict[str, Any], start: Any) -> list[bytes]:
        return [b"django"]


@pytest.fixture
def front(monkeypatch: pytest.MonkeyPatch) -> Front:
    monkeypatch.setattr(streams, "limit", 1)
    monkeypatch.setattr(streams, "_version", "")
    return Front()


class Body:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, most: int) -> bytes:
        return self.content[:most]


@pytest.mark.django_db
def test_flags_are_answered_in_front_of_django(front: Front) -> None:
    rows.flag("nudges")
    token = issue_token("shop", "viewer", NOW)
    body = b'{"context": {"targetingKey": "u"}}'
    asked: dict[str, Any] = {
        "HTTP_X_API_KEY": token,
        "wsgi.input": Body(body),
        "CONTENT_LENGTH": str(len(body)),
    }
    (answer,) = front.ask("/ofrep/v1/evaluate/flags/nudges", **asked)
    assert json.loads(answer)["value"] is True
    assert (front.status, front.headers["Content-Length"]) == ("200 OK", str(len(answer)))
    assert front.headers["X-Content-Type-Options"] == "nosniff"
    (answer,) = front.ask("/ofrep/v1/evaluate/flags", **asked)
    assert json.loads(answer)["eventStreams"] == [{"type": "sse", "endpoint": {"requestUri": "/ofrep/v1/events"}}]
    etag = front.headers["ETag"]
    assert front.ask("/ofrep/v1/evaluate/flags", **asked, HTTP_IF_NONE_MATCH=etag) == [b""]
    assert (front.status, "Content-Length" in front.headers) == ("304 Not Modified", False)


@pytest.mark.django_db
def test_a_body_of_unknown_length_is_read_to_the_limit(front: Front) -> None:
    token = issue_token("shop", "viewer", NOW)
    asked: dict[str, Any] = {"HTTP_X_API_KEY": token, "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": Body(b"{}")}
    front.ask("/ofrep/v1/evaluate/flags", **asked)
    assert front.status == "200 OK"
    front.ask("/ofrep/v1/evaluate/flags", **{**asked, "wsgi.input": Body(b" " * 70_000)})
    assert front.status.startswith("413")


@pytest.mark.parametrize("path", ["/", "/api/v1/flags", "/ofrep", "/ofrep/v2/evaluate/flags"])
def test_all_else_goes_to_django(front: Front, path: str) -> None:
    assert front.ask(path) == [b"django"]


def test_a_host_that_is_not_ours_goes_to_django(front: Front) -> None:
    assert front.ask("/ofrep/v1/evaluate/flags", HTTP_HOST="evil.example") == [b"django"]


@pytest.mark.parametrize(
    ("environ", "taken"),
    [
        ({}, False),
        ({"wsgi.url_scheme": "https"}, True),
        ({"HTTP_X_FORWARDED_PROTO": "https"}, True),
        ({"HTTP_X_FORWARDED_PROTO": "http"}, False),
    ],
)
@pytest.mark.django_db
def test_without_tls_django_redirects(front: Front, settings: Settings, environ: dict[str, str], taken: bool) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert (front.ask("/ofrep/v1/evaluate/flags", **environ) != [b"django"]) is taken


@pytest.mark.django_db
def test_a_stream_wants_a_token_a_get_and_a_place(front: Front) -> None:
    token = issue_token("shop", "viewer", NOW)
    front.ask("/ofrep/v1/events", "GET")
    assert front.status == "401 Unauthorized"
    front.ask("/ofrep/v1/events", "POST", HTTP_X_API_KEY=token)
    assert (front.status, front.headers["Allow"]) == ("405 Method Not Allowed", "GET")
    first = front.ask("/ofrep/v1/events", "GET", HTTP_X_API_KEY=token)
    assert (front.status, front.headers["Content-Type"]) == ("200 OK", "text/event-stream")
    front.ask("/ofrep/v1/events", "GET", HTTP_X_API_KEY=token)
    assert (front.status, front.headers["Retry-After"]) == ("503 Service Unavailable", "60")
    first.close()
    again = front.ask("/ofrep/v1/events", "GET", HTTP_AUTHORIZATION=f"Bearer {token}")
    assert front.status == "200 OK"
    again.close()
    assert streams.count == 0


@pytest.mark.django_db
def test_a_revoked_token_ends_its_stream(front: Front) -> None:
    token = issue_token("shop", "viewer", NOW)
    stream = front.ask("/ofrep/v1/events", "GET", HTTP_X_API_KEY=token)
    events = iter(stream)
    streams.tell("one")
    assert [next(events)[:5] for _ in range(2)] == [b"retry", b"id: o"]
    ApiToken.objects.update(revoked_at=NOW)
    assert list(events) == []
    stream.close()


def test_a_listener_is_given_up_when_it_takes_nothing_or_has_gone() -> None:
    import socket

    ours, theirs = socket.socketpair()
    with ours, theirs:
        wsgi._impatient(ours)
        assert ours.gettimeout() == wsgi.SEND_SECONDS
        assert wsgi._gone(ours) is False
        theirs.close()
        assert wsgi._gone(ours) is True
    wsgi._impatient(None)


def test_streams_are_closed_unless_a_server_opens_them() -> None:
    assert Streams().take() is False
    until(lambda: streams.count == 0, 1)
