"""Flags through the real web server: flips are known within a second, and nothing that fails is felt."""

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.provider.no_op_provider import NoOpProvider

from brownout import BrownoutProvider
from tests.client.web import Web
from tests.servers import until

pytestmark = pytest.mark.integration


@pytest.fixture
def provider(web: Web, tmp_path: Path) -> Iterator[Callable[..., BrownoutProvider]]:
    """Make started providers of the real server."""
    with ExitStack() as stack:

        def start(**options: Any) -> BrownoutProvider:
            made = BrownoutProvider(web.url, web.token, **{"first_wait": 5.0, "interval": 0.5, **options})
            stack.callback(made.shutdown)
            made.initialize(EvaluationContext())
            return made

        yield start


def _value(provider: BrownoutProvider, key: str = "nudges") -> bool:
    return provider.resolve_boolean_details(key, default_value=True).value


def _seconds_until(look: Callable[[], bool]) -> float:
    begun = time.monotonic()
    until(look, 10, every=0.01)
    return time.monotonic() - begun


def test_a_listening_client_knows_of_a_flip_within_a_second(
    web: Web, provider: Callable[..., BrownoutProvider]
) -> None:
    # So rarely asked for that only the stream can tell.
    listening = provider(interval=60.0)
    until(lambda: listening.flags.listening, 10)
    assert _value(listening) is True
    web.shed("nudges")
    assert _seconds_until(lambda: not _value(listening)) < 1
    assert listening.resolve_boolean_details("nudges", default_value=True).flag_metadata["cause"] == "it burns"
    web.restore("nudges")
    assert _seconds_until(lambda: _value(listening)) < 1


def test_a_killed_server_is_not_felt_and_is_found_again(
    web: Web, provider: Callable[..., BrownoutProvider], tmp_path: Path
) -> None:
    file = tmp_path / "flags.json"
    web.shed("nudges")
    first = provider(file=file)
    # The server may have answered at first what it read before.
    until(lambda: first.flags.listening and not _value(first), 10)
    until(lambda: file.exists() and "it burns" in file.read_text(), 10)
    web.kill()
    until(lambda: not first.flags.listening, 10)
    assert (_value(first), _value(first, "photos")) == (False, True)
    # Another process, started while nobody answers, knows it from the file.
    second = provider(file=file, first_wait=0.0)
    assert _value(second) is False
    web.restore("nudges")
    web.start()
    assert _seconds_until(lambda: _value(first) and _value(second)) < 10


def test_a_dimmed_flag_is_split_by_the_client_as_by_the_server(
    web: Web, provider: Callable[..., BrownoutProvider]
) -> None:
    client = provider()
    web.write("UPDATE degradation_flag SET shed_at = '2026-03-02 12:00:00', shed_to = 40 WHERE key = 'suggestions'")
    until(lambda: client.flags.snapshot and "share" in client.flags.snapshot.flags["suggestions"].metadata, 5)
    for number in range(40):
        someone = f"user-{number}"
        here = client.resolve_boolean_details("suggestions", True, EvaluationContext(someone))
        there = web.evaluate("suggestions", targetingKey=someone)
        assert (here.value, here.variant, here.reason) == (there["value"], there["variant"], there["reason"])
    assert client.resolve_float_details("suggestions.share", 0.0).value == 40.0
    assert web.evaluate("suggestions")["errorCode"] == "TARGETING_KEY_MISSING"


def test_the_official_way_to_set_a_provider(web: Web) -> None:
    api.set_provider(BrownoutProvider(web.url, web.token), domain="shop")
    client = api.get_client(domain="shop")
    try:
        until(lambda: client.get_boolean_details("nudges", default_value=False).reason == "STATIC", 10)
        assert client.get_boolean_value("unknown", default_value=True) is True
    finally:
        api.set_provider(NoOpProvider(), domain="shop")


def test_two_hundred_listeners_are_told_at_once_and_no_more_are_taken(web: Web) -> None:
    with ExitStack() as stack:
        listeners = [_listening(web, stack) for _ in range(200)]
        assert _head(web, stack)[1].startswith(b"HTTP/1.1 503 ")
        begun = time.monotonic()
        web.shed("nudges")
        for listener in listeners:
            _until(listener, b"data: ")
        assert time.monotonic() - begun < 2
        # Those that listen leave the others alone.
        assert web.evaluate("nudges")["value"] is False
        assert requests.get(f"{web.url}/health/live", timeout=5).ok


def _listening(web: Web, stack: ExitStack) -> socket.socket:
    """A listener that has heard what is true. Places of those that are gone are free again in a moment."""

    def accepted() -> socket.socket | None:
        connection, head = _head(web, stack)
        return connection if head.startswith(b"HTTP/1.1 200 ") else None

    found = until(accepted, 10)
    assert found is not None
    return found


def _head(web: Web, stack: ExitStack) -> tuple[socket.socket, bytes]:
    connection = stack.enter_context(socket.create_connection(("127.0.0.1", web.port), 10))
    request = f"GET /ofrep/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {web.token}\r\n\r\n"
    connection.sendall(request.encode())
    return connection, _until(connection, b"data: ", b"Retry-After")


def _until(listener: socket.socket, *signs: bytes) -> bytes:
    received = b""
    while not any(sign in received for sign in signs):
        chunk = listener.recv(4_096)
        assert chunk, received
        received += chunk
    return received


def test_an_evaluation_costs_the_server_less_than_a_millisecond(web: Web) -> None:
    # CPU time, which does not depend on what else the machine does: a thousand a second on one core.
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=10)
    web.evaluate("nudges")
    before = web.work_seconds()
    for _ in range(1_000):
        connection.request("POST", "/ofrep/v1/evaluate/flags/nudges", b"{}", web.headers)
        assert connection.getresponse().read()
    connection.close()
    assert web.work_seconds() - before < 1


def test_a_database_that_breaks_is_said_and_so_is_its_return(web: Web) -> None:
    assert "stale" not in web.evaluate("nudges")["metadata"]
    web.write("ALTER TABLE degradation_flag RENAME TO lost")
    until(lambda: web.evaluate("nudges")["metadata"].get("stale"), 10)
    assert web.evaluate("nudges")["value"] is True
    web.write("ALTER TABLE lost RENAME TO degradation_flag")
    until(lambda: "stale" not in web.evaluate("nudges")["metadata"], 10)


def test_a_server_that_is_told_to_stop_does_not_wait_for_its_listeners(web: Web) -> None:
    with ExitStack() as stack:
        listener = _listening(web, stack)
        begun = time.monotonic()
        web.stop()
        assert time.monotonic() - begun < 10
        rest = b"".join(iter(lambda: listener.recv(4_096), b""))
        assert b"data:" not in rest
