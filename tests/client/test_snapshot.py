"""What a server says is believed only if it is what a Brownout says; who is served is decided as the server does."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brownout.snapshot import Known, UnbelievableError, believed
from brownout.split import position
from degradation.rules import value as server

GOOD = {"key": "nudges", "value": True, "reason": "STATIC", "variant": "on", "metadata": {"tier": 3}}


def _bulk(*flags: Any, **more: Any) -> bytes:
    return json.dumps({"flags": list(flags), **more}).encode()


def test_an_answer_is_flags_by_their_key() -> None:
    error = {"key": "suggestions", "errorCode": "TARGETING_KEY_MISSING", "errorDetails": "a dimmer"}
    found = believed(_bulk(GOOD, error), 5.0, '"tag"')
    assert found.flags == {"nudges": Known(True, "STATIC", "on", {"tier": 3})}
    assert (found.heard_at, found.etag, found.stream) == (5.0, '"tag"', "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>502 Bad Gateway</body></html>",
        b"\xff\xfe",
        b"[" * 100_000,
        b"null",
        b'{"flags": {}}',
        b'{"flags": [1]}',
        _bulk({**GOOD, "key": ""}),
        _bulk({**GOOD, "key": 5}),
        _bulk({**GOOD, "key": "k" * 1_000}),
        _bulk({**GOOD, "value": None}),
        _bulk({**GOOD, "value": float("nan")}),
        _bulk({**GOOD, "value": float("inf")}),
        _bulk({"key": "nudges"}),
        _bulk({**GOOD, "variant": []}),
        _bulk({**GOOD, "metadata": []}),
        _bulk(*[GOOD] * 10_001),
    ],
    ids=lambda body: repr(body[:40]),
)
def test_an_answer_that_is_none_is_not_believed(body: bytes) -> None:
    with pytest.raises(UnbelievableError):
        believed(body, 0.0)


def test_what_is_odd_but_harmless_is_left_out() -> None:
    odd = {**GOOD, "reason": "BECAUSE", "metadata": {"tier": 3, "nested": {}, "none": None}}
    assert believed(_bulk(odd), 0.0).flags["nudges"] == Known(True, "UNKNOWN", "on", {"tier": 3})


@pytest.mark.parametrize(
    ("streams", "address"),
    [
        ([{"type": "sse", "endpoint": {"requestUri": "/ofrep/v1/events"}}], "/ofrep/v1/events"),
        ([{"type": "carrier-pigeon"}, {"type": "sse", "url": "https://push.example/x"}], "https://push.example/x"),
        ([{"type": "sse", "endpoint": {"origin": "https://a.example", "requestUri": "/e"}}], "https://a.example/e"),
        ([{"type": "sse", "endpoint": "nowhere"}, 5], ""),
        ({"type": "sse"}, ""),
        (None, ""),
    ],
)
def test_where_to_listen_is_taken_from_a_kind_that_is_known(streams: Any, address: str) -> None:
    assert believed(_bulk(eventStreams=streams), 0.0).stream == address


@settings(max_examples=60)
@given(salt=st.text(max_size=20), key=st.text(max_size=40))
def test_users_stand_where_the_server_sees_them(salt: str, key: str) -> None:
    assert position(salt, key) == server.position(salt, key)


def test_without_a_targeting_key_a_dimmed_flag_is_safe() -> None:
    dimmed = Known(True, "SPLIT", "on", {"share": 99, "salt": "nudges", "safe": False})
    assert dimmed.value_for("") == (False, "off")
    assert Known("blue", variant="b").value_for("") == ("blue", "b")
