"""A service that exposes a native histogram, as protobuf, the only format that holds one."""

import math
import struct
import threading
from collections import Counter

from tests.servers.http import Answer, LocalHTTP, Request

CONTENT_TYPE = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
GAUGE, HISTOGRAM = 1, 4


class NativeService(LocalHTTP):
    """Exposes /metrics with the native histogram `latency_seconds{code="200"}` and `process_start_time_seconds`.

    A bucket ends at every 2^(k / 2^`schema`).
    """

    def __init__(self, schema: int = 3, started: float = 0) -> None:
        super().__init__()
        self.schema = schema
        self.scrapes = 0
        self._lock = threading.Lock()
        self.restart(started)

    def restart(self, started: float) -> None:
        """Begin again with an empty histogram."""
        with self._lock:
            self.started = started
            self._counts: Counter[int] = Counter()
            self._sum = 0.0

    def observe(self, seconds: float, times: int = 1) -> None:
        """Count so many events that took so long (above 0)."""
        with self._lock:
            self._counts[math.ceil(math.log2(seconds) * 2**self.schema)] += times
            self._sum += seconds * times

    def answer_to(self, request: Request) -> Answer:
        if request.path.split("?")[0] != "/metrics":
            return Answer(404)
        with self._lock:
            start = _message(2, _double(1, self.started))
            body = _family("process_start_time_seconds", GAUGE, start) + _family(
                "latency_seconds", HISTOGRAM, _label("code", "200") + _message(7, self._histogram())
            )
            self.scrapes += 1
        return Answer(200, body, {"Content-Type": CONTENT_TYPE})

    def _histogram(self) -> bytes:
        keys = range(min(self._counts), max(self._counts) + 1) if self._counts else range(0)
        counts = [self._counts[key] for key in keys]
        deltas = [now - before for now, before in zip(counts, [0, *counts], strict=False)]
        span = _number(1, _signed(keys.start)) + _number(2, len(keys))
        return (
            _number(1, sum(counts))
            + _double(2, self._sum)
            + _number(5, _signed(self.schema))
            + _double(6, 2.0**-128)
            + _number(7, 0)
            + _message(12, span)
            + _message(13, b"".join(_varint(_signed(delta)) for delta in deltas))
        )


def _family(name: str, kind: int, metric: bytes) -> bytes:
    body = _message(1, name.encode()) + _message(2, b"Help.") + _number(3, kind) + _message(4, metric)
    return _varint(len(body)) + body


def _label(name: str, value: str) -> bytes:
    return _message(1, _message(1, name.encode()) + _message(2, value.encode()))


def _varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def _signed(value: int) -> int:
    """Zigzag: small for small magnitudes."""
    return value * 2 if value >= 0 else -value * 2 - 1


def _number(place: int, value: int) -> bytes:
    return _varint(place << 3) + _varint(value)


def _double(place: int, value: float) -> bytes:
    return _varint(place << 3 | 1) + struct.pack("<d", value)


def _message(place: int, body: bytes) -> bytes:
    return _varint(place << 3 | 2) + _varint(len(body)) + body
