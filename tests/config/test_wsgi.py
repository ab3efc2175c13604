"""The web server's entry: pages that are stuck leave flags and the liveness check alone."""

import io
import threading
from contextlib import ExitStack
from typing import Any

import pytest

from config import wsgi


def _ask(path: str, method: str = "GET") -> tuple[str, bytes]:
    told: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "HTTP_HOST": "localhost",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }
    body = b"".join(wsgi.application(environ, lambda status, headers: told.append(status)))
    return told[0], body


@pytest.mark.django_db(transaction=True)
def test_pages_that_are_stuck_leave_flags_and_the_liveness_check_alone() -> None:
    with ExitStack() as stuck:
        for _ in range(8):
            assert wsgi.PLACES.acquire(blocking=False)
            stuck.callback(wsgi.PLACES.release)
        assert _ask("/health/live") == ("200 OK", b'{"status": "ok"}')
        assert _ask("/ofrep/v1/evaluate/flags", "POST")[0] == "401 Unauthorized"
        waiting = threading.Thread(target=_ask, args=("/api/nowhere",), daemon=True)
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive()
    waiting.join(10)
    assert not waiting.is_alive()
