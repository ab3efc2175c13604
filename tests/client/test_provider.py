"""The client against servers that are slow, lie, refuse or are gone: what was heard last holds, and nothing waits."""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import FlagNotFoundError, OpenFeatureError, ProviderNotReadyError, TypeMismatchError

from brownout import BrownoutProvider, Settings, TroubleError, keep, report_circuits
from brownout.http import LARGEST
from tests.servers import Receiver, until

FLAGS: list[dict[str, Any]] = [
    {"key": "nudges", "value": True, "reason": "STATIC", "variant": "on", "metadata": {"tier": 3, "safe": False}},
    {"key": "colour", "value": "blue", "reason": "STATIC"},
    {"key": "share", "value": 35.0, "reason": "STATIC"},
    {"key": "circuit.orders", "value": {"state": "auto"}, "reason": "STATIC"},
]
NOBODY = "http://127.0.0.1:9"


def _answer(server: Receiver, flags: list[dict[str, Any]] = FLAGS, times: int = 1) -> None:
    server.answer(200, json.dumps({"flags": flags}), {"ETag": '"1"', "Content-Type": "application/json"}, times=times)


@pytest.fixture
def made() -> Iterator[Callable[..., BrownoutProvider]]:
    """Make providers that ask only when told to (`flags.refresh()`), unless started."""
    with ExitStack() as stack:

        def make(url: str, **options: Any) -> BrownoutProvider:
            provider = BrownoutProvider(url, "token", **{"timeout": 1.0, **options})
            stack.callback(provider.shutdown)
            return provider

        yield make


@pytest.fixture
def provider(made: Callable[..., BrownoutProvider], receiver: Receiver) -> BrownoutProvider:
    """One that has heard the flags once."""
    found = made(receiver.url)
    _answer(receiver)
    assert found.flags.refresh()
    return found


def _nudges(provider: BrownoutProvider) -> bool:
    return provider.resolve_boolean_details("nudges", default_value=False).value


def test_values_of_every_type(provider: BrownoutProvider) -> None:
    details = provider.resolve_boolean_details("nudges", default_value=False)
    assert (details.value, details.reason, details.variant, details.flag_metadata["tier"]) == (True, "STATIC", "on", 3)
    assert provider.resolve_string_details("colour", "red").value == "blue"
    assert provider.resolve_float_details("share", 0.0).value == 35.0
    assert provider.resolve_object_details("circuit.orders", {}).value == {"state": "auto"}


def test_a_wrong_type_or_key_is_an_error_of_openfeature(provider: BrownoutProvider) -> None:
    with pytest.raises(TypeMismatchError):
        provider.resolve_string_details("nudges", "x")
    with pytest.raises(TypeMismatchError):
        provider.resolve_integer_details("nudges", 0)
    with pytest.raises(FlagNotFoundError):
        provider.resolve_boolean_details("unknown", default_value=False)


def test_it_asks_in_bulk_with_its_token_and_the_last_tag(provider: BrownoutProvider, receiver: Receiver) -> None:
    receiver.answer(304)
    heard = provider.flags.snapshot
    assert heard is not None
    assert provider.flags.refresh()
    first, second = receiver.requests
    assert (first.method, first.path) == ("POST", "/ofrep/v1/evaluate/flags")
    assert first.headers["authorization"] == "Bearer token"
    assert "if-none-match" not in first.headers
    assert second.headers["if-none-match"] == '"1"'
    assert provider.flags.snapshot is not None
    assert provider.flags.snapshot.flags == heard.flags
    assert provider.flags.snapshot.heard_at > heard.heard_at


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, "boom"),
        (503, ""),
        (401, '{"errorDetails": "no"}'),
        (302, ""),
        (204, ""),
        (200, "<html>It works!</html>"),
        (200, "garbage"),
        (200, '{"flags": [{"key": "nudges", "value": null}]}'),
        (200, '{"flags": "none"}'),
        (200, "x" * (LARGEST + 1)),
        (304, ""),
    ],
    ids=lambda part: str(part)[:30],
)
def test_a_server_that_lies_changes_nothing(
    provider: BrownoutProvider, receiver: Receiver, status: int, body: str
) -> None:
    before = provider.flags.snapshot
    receiver.answer(status, body, {"Location": "http://elsewhere.example"})
    heard = provider.flags.refresh()
    assert heard is (status == 304)
    assert provider.flags.snapshot is not None
    assert before is not None
    assert provider.flags.snapshot.flags == before.flags
    assert _nudges(provider) is True


def test_the_first_answer_being_unchanged_is_a_lie(made: Callable[..., BrownoutProvider], receiver: Receiver) -> None:
    receiver.answer(304)
    assert made(receiver.url).flags.refresh() is False


def test_a_server_that_answers_one_byte_at_a_time_is_given_up(made: Callable[..., BrownoutProvider]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b" " * 100:
                        connection.sendall(bytes([byte]))
                        time.sleep(0.1)
                except OSError:
                    return

        threading.Thread(target=drip, daemon=True).start()
        slow = made(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=0.5)
        begun = time.monotonic()
        assert slow.flags.refresh() is False
        assert time.monotonic() - begun < 2


def test_an_evaluation_never_waits(made: Callable[..., BrownoutProvider], receiver: Receiver) -> None:
    _answer(receiver)
    receiver.fallback = receiver.fallback.__class__(delay=0.8)
    slow = made(receiver.url, interval=0.01, listen=False, first_wait=2.0)
    slow.initialize(EvaluationContext())
    until(lambda: len(receiver.requests) > 1, 5, every=0.01)
    longest = 0.0
    for _ in range(2_000):
        begun = time.perf_counter()
        assert _nudges(slow) is True
        longest = max(longest, time.perf_counter() - begun)
    assert longest < 0.25  # far below the answer that is under way; other threads may have had their turn


def test_nobody_there_is_no_reason_to_wait_at_the_start(made: Callable[..., BrownoutProvider]) -> None:
    alone = made(NOBODY, first_wait=0.2)
    begun = time.monotonic()
    alone.initialize(EvaluationContext())
    assert time.monotonic() - begun < 1
    with pytest.raises(ProviderNotReadyError):
        alone.resolve_boolean_details("nudges", default_value=False)


def test_a_server_that_comes_back_is_heard_again(made: Callable[..., BrownoutProvider], receiver: Receiver) -> None:
    off = [{**FLAGS[0], "value": False, "variant": "off"}]
    _answer(receiver)
    found = made(receiver.url, interval=0.05, listen=False)
    found.initialize(EvaluationContext())
    assert _nudges(found) is True
    receiver.stop()
    receiver.fallback = receiver.fallback.__class__(body=json.dumps({"flags": off}).encode())
    receiver.start()
    until(lambda: not _nudges(found), 5)


def test_told_to_wait_it_waits(made: Callable[..., BrownoutProvider], receiver: Receiver) -> None:
    receiver.answer(429, "", {"Retry-After": "1"})
    _answer(receiver, times=20)
    told = made(receiver.url, interval=0.05, listen=False, first_wait=0.1)
    told.initialize(EvaluationContext())
    first, second = receiver.wait(2)[:2]
    assert (second.at - first.at).total_seconds() >= 0.95


def test_questions_are_spread(made: Callable[..., BrownoutProvider]) -> None:
    flags = made(NOBODY, interval=10.0).flags
    pauses = [flags._backoff(failures) for failures in range(1, 8) for _ in range(20)]
    assert all(5 <= pause <= 60 for pause in pauses)
    assert len(set(pauses)) > 100


def test_what_is_too_old_is_safe(provider: BrownoutProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 400)
    details = provider.resolve_boolean_details("nudges", default_value=True)
    assert (details.value, details.reason, details.variant) == (False, "STALE", "off")
    assert details.flag_metadata["stale"] is True
    assert "not heard for 4" in str(details.flag_metadata["cause"])
    # Of the others no safe value is known: the application's own default is.
    with pytest.raises(OpenFeatureError):
        provider.resolve_string_details("colour", "red")


def test_a_clock_that_is_set_back_makes_nothing_old(
    provider: BrownoutProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert _nudges(provider) is True


def test_the_file_tells_what_was_true(
    made: Callable[..., BrownoutProvider], receiver: Receiver, tmp_path: Path
) -> None:
    file = tmp_path / "flags.json"
    _answer(receiver)
    assert made(receiver.url, file=file).flags.refresh()
    later = made(NOBODY, file=file, first_wait=0.0)
    later.initialize(EvaluationContext())
    assert _nudges(later) is True


def test_a_disk_that_is_full_harms_nobody(
    made: Callable[..., BrownoutProvider],
    receiver: Receiver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(keep, "save", full)
    _answer(receiver, times=2)
    found = made(receiver.url, file=tmp_path / "flags.json")
    assert found.flags.refresh()
    assert found.flags.refresh()
    assert _nudges(found) is True
    assert caplog.text.count("cannot be kept") == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_goes_on_asking(made: Callable[..., BrownoutProvider], receiver: Receiver) -> None:
    receiver.fallback = receiver.fallback.__class__(body=json.dumps({"flags": FLAGS}).encode())
    found = made(receiver.url, interval=0.1, listen=False)
    found.initialize(EvaluationContext())
    child = os.fork()
    if not child:
        snapshot = found.flags.snapshot
        deadline = time.monotonic() + 5
        while found.flags.snapshot is snapshot and time.monotonic() < deadline:
            time.sleep(0.01)
        os._exit(0 if found.flags.snapshot is not snapshot and _nudges(found) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("options", [{"interval": 0}, {"timeout": -1}, {"stale_after": float("nan")}, {"silence": 0}])
def test_options_without_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="seconds above 0"):
        Settings("http://brownout.example", "t", **options)  # type: ignore[arg-type]


def test_an_address_without_a_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="must begin with http"):
        BrownoutProvider("brownout.example", "t")


def test_a_token_is_not_carried_to_another_server(made: Callable[..., BrownoutProvider], receiver: Receiver) -> None:
    found = made("https://brownout.example")
    with pytest.raises(TroubleError, match="another server"):
        found.flags._follow(f"{receiver.url}/events", "")
    assert receiver.requests == []


def test_circuits_are_reported(receiver: Receiver) -> None:
    report = {"component": "orders", "client": "shop-1", "state": "open"}
    receiver.answer(202, '{"accepted": 1, "repeated": 0}')
    report_circuits(receiver.url, "token", [report])
    (request,) = receiver.requests
    assert (request.path, request.json) == ("/api/v1/circuits/report", [report])
    receiver.answer(422, '{"detail": "no such component"}')
    with pytest.raises(TroubleError, match=r"422: .*no such component"):
        report_circuits(receiver.url, "token", [report])
