"""Event streams as they come: in pieces, with comments, from servers that say too much or something else."""

import io
import json
import time
from collections.abc import Callable

import pytest

from brownout.events import LONGEST_LINE, Event, events
from brownout.flags import Flags, Settings
from tests.servers import Receiver, until

REFETCH = '{"type": "refetchEvaluation", "etag": "1"}'


def _events(text: str) -> list[Event]:
    return list(events(io.BytesIO(text.encode())))


def test_an_event_has_its_data_and_its_id() -> None:
    told = _events(f"retry: 1500\n\nid: 7\nevent: message\ndata: {REFETCH}\n\n")
    assert told == [Event(retry=1.5), Event(REFETCH, "7")]
    assert told[1].refetch


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_of_data_are_one_and_comments_are_signs_of_life(end: str) -> None:
    assert _events(f": still here{end}data: a{end}data:b{end}{end}") == [Event(), Event("a\nb")]


@pytest.mark.parametrize("data", ["", "x", "[]", "5", '{"type": "other"}', "[" * 50_000])
def test_other_messages_are_for_others(data: str) -> None:
    assert not Event(data).refetch


@pytest.mark.parametrize("text", ["data: x", "id: 3\n\n", "retry: soon\n\n", "nonsense\n\n", ""])
def test_what_is_no_event_is_none(text: str) -> None:
    assert _events(text) == []


@pytest.mark.parametrize("text", ["x" * (LONGEST_LINE + 1), f"data: {'x' * 60_000}\n" * 3])
def test_an_event_without_end_is_given_up(text: str) -> None:
    with pytest.raises(ValueError, match="too long"):
        _events(text)


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (200, "text/html", "<html>events?</html>"),
        (500, "text/event-stream", ""),
        (200, "text/event-stream", "x" * 100_000),
        (200, "text/event-stream", f"retry: 100\n\ndata: {REFETCH}\n\n" * 1_000),
    ],
    ids=["html", "500", "endless", "chatter"],
)
def test_a_stream_that_lies_is_tried_again_with_pauses_and_polling_goes_on(
    receiver: Receiver, status: int, kind: str, body: str
) -> None:
    streams = [{"type": "sse", "endpoint": {"requestUri": "/events"}}]
    bulk = json.dumps({"flags": [], "eventStreams": streams}).encode()
    make = receiver.fallback.__class__
    answer: Callable[..., object] = receiver.answer_to
    receiver.answer_to = lambda request: (  # type: ignore[method-assign]
        (answer(request), make(status, body.encode(), {"Content-Type": kind}))[1]
        if request.path == "/events"
        else (answer(request), make(200, bulk))[1]
    )
    flags = Flags(Settings(receiver.url, "token", interval=0.2))
    flags.start(5.0)
    try:
        until(lambda: sum(request.method == "POST" for request in receiver.requests) >= 3, 10)
        time.sleep(0.5)
    finally:
        flags.stop()
    assert 1 <= sum(request.path == "/events" for request in receiver.requests) < 8
    assert sum(request.method == "POST" for request in receiver.requests) < 20
    assert not flags.stale
