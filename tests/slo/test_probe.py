"""Looking at dependencies from outside: each attempt is one event, and what failed is told in words."""

import errno
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from slo.errors import SourceError
from slo.maths.windows import from_epoch, to_epoch
from slo.models import SourceState, Watermark
from slo.selectors import status
from slo.services.collect import collect
from slo.sources import attempt as attempts
from slo.sources import probe as probes
from slo.sources.base import Query, Reading, Sample
from slo.sources.connection import Connection
from slo.sources.probe import Probe, is_due
from tests import factories
from tests.factories import NOW
from tests.servers import Receiver, free_port, running
from tests.servers.tls import Proxy

AT = 1_700_000_040


def look(*, connection: Connection | None = None, **terms: Any) -> Reading:
    source = Probe(connection or Connection())
    (reading,) = source.collect([Query(1, terms={"timeout": 2, **terms})], AT - 30, AT, 30)
    return reading


def words(**terms: Any) -> str:
    """What the attempt found wrong; it must count as one event, good or bad accordingly."""
    reading = look(**terms)
    (sample,) = reading.samples
    assert (sample.total, sample.observed) == (1, 30)
    assert sample.good == (0 if reading.problem else 1)
    return reading.problem.removeprefix("the last check failed: ")


@contextmanager
def speaking(*parts: bytes, pause: float = 0, listen: bool = True) -> Iterator[str]:
    """A TCP server that says these bytes to whoever connects, whatever they ask; its host:port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    line, _ = server.accept()
                    with line:
                        if listen:
                            line.recv(65_536)
                        for part in parts:
                            line.sendall(part)
                            time.sleep(pause)
                except OSError:
                    if server.fileno() < 0:
                        return

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


# What is good and what is bad --------------------------------------------------------------------------------------


def test_a_target_that_answers_as_expected_is_one_good_event(receiver: Receiver) -> None:
    receiver.answer(204)
    assert words(url=f"{receiver.url}/health?deep=1#top") == ""
    (request,) = receiver.requests
    assert (request.method, request.path, request.headers["user-agent"]) == ("GET", "/health?deep=1", "Brownout")
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    ("status", "expected", "said"),
    [
        (503, [[200, 299]], "503 instead of 200–299"),
        (200, [[204, 204], [301, 302]], "200 instead of 204 or 301–302"),
        (404, [[404, 404]], ""),
    ],
)
def test_the_status_is_compared(receiver: Receiver, status: int, expected: list[list[int]], said: str) -> None:
    receiver.answer(status)
    assert words(url=receiver.url, expected_status=expected) == said


def test_the_body_is_matched_and_read_only_so_far(receiver: Receiver) -> None:
    receiver.answer(200, "all is wéll", times=2)
    assert words(url=receiver.url, body_match="is w.ll$") == ""
    assert words(url=receiver.url, body_match="broken") == "the body does not match broken"
    receiver.answer(200, b"x" * attempts.LARGEST + b"needle")
    assert words(url=receiver.url, body_match="needle") == "the body does not match needle"


def test_a_slow_answer_is_bad(receiver: Receiver) -> None:
    receiver.answer(200, delay=0.3)
    assert words(url=receiver.url, max_seconds=0.2).endswith(" s instead of at most 0.2 s")
    receiver.answer(200, delay=3)
    assert words(url=receiver.url, timeout=0.3) == "no full answer in time"


@pytest.mark.parametrize(
    "parts",
    [
        [b"HTTP/1.1 200 OK\r\n", *[b"A: b\r\n"] * 15],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", *[b"x"] * 15],
        [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", *[b"x"] * 15],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 15],
    ],
)
def test_an_answer_that_trickles_in_is_cut_at_the_deadline(parts: list[bytes]) -> None:
    begin = time.monotonic()
    with speaking(*parts, pause=0.2) as place:
        assert words(url=f"http://{place}", timeout=0.6) == "no full answer in time"
    assert time.monotonic() - begin < 1.5


def test_a_handshake_that_never_ends_is_cut_at_the_deadline() -> None:
    begin = time.monotonic()
    with speaking(*[b"\x16"] * 20, pause=0.2) as place:
        assert words(url=f"https://{place}", timeout=0.6) in {
            "no full answer in time",
            "TLS fails: wrong version number",
        }
    assert time.monotonic() - begin < 1.5


@pytest.mark.parametrize(
    ("said_by_it", "told"),
    [
        (b"", "the connection was closed without an answer"),
        (b"SSH-2.0-OpenSSH\r\n", "the answer is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "the answer ends early"),
        (b"HTTP/1.1 nonsense\r\n\r\n", "the answer is no HTTP"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "the answer is no HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "the answer is no HTTP"),
    ],
)
def test_what_is_no_http_is_bad(said_by_it: bytes, told: str) -> None:
    with speaking(said_by_it) as place:
        assert words(url=f"http://{place}") == told


def test_a_closed_port_is_the_targets_fault() -> None:
    port = free_port()
    assert words(url=f"http://127.0.0.1:{port}") == "connection refused"
    assert words(tcp=f"127.0.0.1:{port}") == "connection refused"


def test_a_port_that_accepts_is_good() -> None:
    with speaking(b"hello", listen=False) as place:
        assert words(tcp=place) == ""
        assert words(tcp=place.replace("127.0.0.1", "localhost")) == ""


def test_a_name_that_does_not_exist_is_the_targets_fault() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", _raising(socket.gaierror(socket.EAI_NONAME, "Name or service not known")))
        assert words(url="http://gone.test") == "there is no host named gone.test"


# Redirects -------------------------------------------------------------------------------------------------------


def test_redirects_are_followed_without_taking_secrets_along(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_TOKEN", "abc123")
    connection = Connection(bearer_token={"from_env": "PROBE_TOKEN"})
    headers = {"X-Mine": {"from_env": "PROBE_TOKEN"}}
    with Receiver() as other:
        receiver.answer(302, headers={"Location": "/second"})
        receiver.answer(307, headers={"Location": f"{other.url}/third"})
        assert look(url=receiver.url, headers=headers, connection=connection).problem == ""
        first, second = receiver.requests
        assert (second.path, second.headers["authorization"], second.headers["x-mine"]) == (
            "/second", "Bearer abc123", "abc123",
        )  # fmt: skip
        assert first.headers["x-mine"] == "abc123"
        assert {"authorization", "x-mine"} & other.requests[0].headers.keys() == set()


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://x/", "gopher://x"])
def test_redirects_to_anything_but_the_web_are_refused(receiver: Receiver, location: str) -> None:
    receiver.answer(302, headers={"Location": location})
    assert words(url=receiver.url).endswith("which is not followed")


def test_redirects_are_bounded_and_can_be_left_alone(receiver: Receiver) -> None:
    receiver.fallback = receiver.fallback.__class__(302, headers={"Location": "/again"})
    assert words(url=receiver.url) == "more than 5 redirects"
    assert len(receiver.requests) == 6
    assert words(url=receiver.url, follow_redirects=False) == "302 instead of 200–299"


# TLS -------------------------------------------------------------------------------------------------------------


def test_certificates_are_verified_and_their_end_is_seen_coming() -> None:
    with running(lambda: Proxy(days=3)) as server:
        assert words(url=server.url) == "the certificate is refused: self-signed certificate"
        trusting = Connection(tls={"ca_file": str(server.certificate.file)})
        assert look(url=server.url, connection=trusting).problem == ""
        soon = look(url=server.url, connection=trusting, tls_expiry_days=14)
        assert soon.problem == "the last check failed: certificate expires in 3 d"
        assert soon.samples[0].good == 0
        place = server.url.removeprefix("https://")
        assert look(tcp=place, connection=trusting, tls_expiry_days=14).problem == soon.problem
        assert look(tcp=place, connection=trusting, tls_expiry_days=2).problem == ""
        assert look(url=server.url, connection=Connection(tls={"insecure_skip_verify": True})).problem == ""


def test_files_that_are_no_certificates_are_a_gap_of_the_source(tmp_path: Any) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(SourceError, match="the TLS files cannot be used"):
        look(url="https://127.0.0.1", connection=Connection(tls={"ca_file": str(tmp_path / "ca.pem")}))
    with pytest.raises(SourceError, match="the TLS ca file /no/such/file cannot be read"):
        look(url="https://127.0.0.1", connection=Connection(tls={"ca_file": "/no/such/file"}))


# Whose fault it is -----------------------------------------------------------------------------------------------


def _raising(error: Exception) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("getaddrinfo", socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")),
        ("socket", OSError(errno.EMFILE, os.strerror(errno.EMFILE))),
        ("socket", OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))),
    ],
)
def test_what_is_wrong_here_is_no_event_and_not_observed(where: str, error: OSError) -> None:
    with pytest.MonkeyPatch.context() as patch:
        if where == "socket":
            patch.setattr(socket.socket, "connect", _raising(error))
        else:
            patch.setattr(socket, "getaddrinfo", _raising(error))
        reading = look(url="http://somewhere.test" if where == "getaddrinfo" else "http://127.0.0.1:1")
    assert reading.samples == ()
    assert reading.problem.startswith("the check could not be made: ")


def test_an_sli_made_by_hand_without_a_check_is_told() -> None:
    assert look(timeout=1).problem == "the check could not be made: it names neither a url nor a tcp address"


def test_a_missing_secret_of_a_check_is_our_fault() -> None:
    reading = look(url="http://127.0.0.1:1", headers={"X-Key": {"from_env": "NOT_THERE"}})
    assert reading.problem == (
        "the check could not be made: the environment variable NOT_THERE is not set; a secret is expected there"
    )


def test_checks_that_do_not_fit_into_a_tick_are_not_counted(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.setattr(probes, "AT_ONCE", 1)
    monkeypatch.setattr(probes, "PATIENCE", 0.1)
    receiver.fallback = receiver.fallback.__class__(200, delay=0.3)
    queries = [Query(pk, terms={"url": receiver.url}) for pk in (1, 2, 3)]
    first, *others = Probe().collect(queries, AT - 1, AT, 0)
    assert first.problem == ""
    assert {reading.problem for reading in others} == {
        "the check could not be made: the checks before it took all the time of the tick"
    }


# Intervals -------------------------------------------------------------------------------------------------------


@hypothesis_settings(max_examples=50)
@given(st.integers(1, 600), st.sampled_from([1, 10, 30, 60]), st.integers(0, 1000))
def test_a_check_is_made_once_an_interval_or_once_a_tick(interval: int, tick: int, first: int) -> None:
    cursor: dict[str, Any] = {}
    made = []
    for at in range(first * tick, first * tick + 3_600, tick):
        if is_due(interval, cursor, at):
            made.append(at)
            cursor = {"last": at}
    expected = 3_600 / max(interval, tick)
    assert expected - 1 <= len(made) <= expected + 2


@pytest.mark.django_db
def test_attempts_become_events_and_the_last_failure_the_doubt(settings: Settings, receiver: Receiver) -> None:
    settings.TICK_SECONDS = 30
    source = factories.source(kind="probe")
    item = factories.objective(source=source, sli={"probe": {"url": receiver.url, "interval": 60, "timeout": 2}})
    receiver.answer(200)
    receiver.answer(503)
    for tick in range(6):
        collect(NOW + timedelta(seconds=30 * tick))
    start = to_epoch(NOW)
    rows = [(at - start, good, total, observed) for at, good, total, observed in factories.sums(item)]
    assert rows == [(0, 0, 0, 0), (30, 1, 1, 30), (60, 1, 2, 60), (90, 1, 2, 90), (120, 2, 3, 120), (150, 2, 3, 150)]
    assert len(receiver.requests) == 3
    assert Watermark.objects.get().problem == ""
    receiver.fallback = receiver.fallback.__class__(500)
    for tick in (6, 7):
        at = NOW + timedelta(seconds=30 * tick)
        collect(at)
        assert status(item.name, at).problem == "the last check failed: 500 instead of 200–299"
    assert SourceState.objects.get().problem == ""


@pytest.mark.django_db
def test_after_an_outage_of_ours_only_what_was_looked_at_is_observed(settings: Settings, receiver: Receiver) -> None:
    settings.TICK_SECONDS = 30
    item = factories.objective(
        source=factories.source(kind="probe"), sli={"probe": {"url": receiver.url, "interval": 60, "timeout": 2}}
    )
    for seconds in (0, 30, 3_600):
        collect(from_epoch(to_epoch(NOW) + seconds))
    assert [(total, observed) for _, _, total, observed in factories.sums(item)] == [(0, 0), (1, 30), (2, 90)]


@pytest.mark.django_db
def test_attempts_are_judged_in_time_slices(settings: Settings, receiver: Receiver) -> None:
    settings.TICK_SECONDS = 30
    sli = {
        "probe": {"url": receiver.url, "interval": 30, "timeout": 2},
        "slice": {"method": "Timeslices", "window": 60, "target": 0.9},
    }
    item = factories.objective(source=factories.source(kind="probe"), sli=sli)
    for status_ in (200, 200, 200, 503):
        receiver.answer(status_)
    for tick in range(5):
        collect(NOW + timedelta(seconds=30 * tick))
    start = to_epoch(NOW)
    assert [(at - start, good, total) for at, good, total, _ in factories.sums(item)] == [
        (0, 0, 0),
        (60, 1, 1),
        (120, 1, 2),
    ]


def test_the_first_instant_of_an_objective_makes_no_attempt() -> None:
    assert Probe().collect([Query(1, terms={"url": "http://127.0.0.1:1"})], AT, AT, 30) == [Reading(1)]


def test_between_two_attempts_nothing_happens_and_the_doubt_stays() -> None:
    cursor = {"last": AT, "problem": "the last check failed: connection refused"}
    query = Query(1, terms={"url": "http://127.0.0.1:1", "interval": 3_600}, cursor=cursor)
    (reading,) = Probe().collect([query], AT, AT + 30, 30)
    assert reading == Reading(1, (Sample(AT + 30, 0, 0, 30),), cursor, str(cursor["problem"]))
