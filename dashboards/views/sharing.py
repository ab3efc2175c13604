"""Regions drawn once for however many look at them: two hundred open pages in an incident cost what a few do.

A drawing is made for anybody of a role, not for who asks first: it cannot contain what it never got. What is a
person's own in it, the token of its forms, is put in when it is handed out. Whether somebody may read it is asked each
time, before. Each process has its own drawings, for a few seconds.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from threading import Lock
from time import monotonic
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token

from dashboards.access import View, role
from dashboards.views.pages import TOKEN, Anybody, Region, is_partial, now, private
from slo.services.access import Role, Somebody

# All drawings of a process together; the oldest go first.
MOST_BYTES = 16_000_000
# Drawing one region takes at most one of so many seconds.
SLOW = 4
# Whatever else there is to a drawing than its body.
BESIDE_BYTES = 1_000
# A page says with this header which instant it shows, so that it is never given an older one.
SEEN = "Brownout-Seen"


@dataclass(frozen=True, slots=True)
class Key:
    """Who may see the same: those of a role, at one address with all that was asked for."""

    address: str
    known: bool
    role: Role | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """A region as it was at `at`; `since` on the clock that nobody sets, and how many seconds it `took`."""

    body: bytes
    status: int
    at: datetime
    since: float
    took: float = 0.0

    @property
    def fresh(self) -> bool:
        """May it be shown still? What takes long is drawn less often, so that no page can occupy a whole core."""
        return monotonic() - self.since <= max(settings.SHARED_SECONDS, SLOW * self.took)


class Drawings:
    """The drawings of this process: one at a time of each, for SHARED_SECONDS."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._lock = Lock()
        self.forget()

    def forget(self) -> None:
        """Forget everything, as a new process would."""
        self._kept: dict[Key, Drawing] = {}
        self._begun: dict[Key, tuple[datetime, Future[Drawing]]] = {}

    @property
    def size(self) -> int:
        """Bytes kept."""
        return sum(len(drawing.body) + len(key.address) + BESIDE_BYTES for key, drawing in self._kept.items())

    def get(self, key: Key, seen: datetime | None, at: datetime, draw: Callable[[], Drawing]) -> Drawing:
        """The drawing of `key`, no older than what the reader has `seen`. Who comes while it is made waits for it.

        What fails, or is no answer of 200, is not kept; those who waited fail alike.
        """
        with self._lock:
            kept = self._kept.get(key)
            if kept and kept.fresh and (seen is None or seen <= kept.at):
                return kept
            begun = self._begun.get(key)
            if begun and (seen is None or seen <= begun[0]):
                waiting = begun[1]
            else:
                waiting, begun = Future(), None
                self._begun[key] = at, waiting
        return waiting.result() if begun else self._make(key, waiting, draw)

    def _make(self, key: Key, waiting: Future[Drawing], draw: Callable[[], Drawing]) -> Drawing:
        try:
            drawing = draw()
        except BaseException as error:
            self._end(key, waiting, None)
            waiting.set_exception(error)
            raise
        self._end(key, waiting, drawing)
        waiting.set_result(drawing)
        return drawing

    def _end(self, key: Key, waiting: Future[Drawing], drawing: Drawing | None) -> None:
        with self._lock:
            if self._begun.get(key, (None, None))[1] is waiting:
                del self._begun[key]
            self._kept = {other: kept for other, kept in self._kept.items() if kept.fresh}
            if drawing and drawing.status == 200 and not self._has_newer(key, drawing):
                self._kept.pop(key, None)
                self._kept[key] = drawing
            while self.size > self._most:
                del self._kept[next(iter(self._kept))]

    def _has_newer(self, key: Key, drawing: Drawing) -> bool:
        return key in self._kept and self._kept[key].at > drawing.at


drawings = Drawings()


def shared(view: View) -> View:
    """Lets all readers of a role have one drawing of the region of a page. Below `reader`."""

    @wraps(view)
    def sharing(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.SHARED_SECONDS or request.method != "GET" or not is_partial(request):
            return view(request, *args, **kwargs)
        key = Key(request.get_full_path(), request.user.is_authenticated, role(request))
        at = now()
        drawing = drawings.get(
            key, _seen(request, at), at, lambda: _draw(view, _anybody(request, key), *args, **kwargs)
        )
        return _handed_out(request, drawing)

    return sharing


def _seen(request: HttpRequest, at: datetime) -> datetime | None:
    """What the page says it shows; None if it says nothing that can be."""
    try:
        seen = datetime.fromisoformat(request.headers.get(SEEN, ""))
    except ValueError:
        return None
    return seen if seen.tzinfo and seen <= at else None


def _draw(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> Drawing:
    since, at = monotonic(), now()
    response = view(request, *args, **kwargs)
    shows = response.at if isinstance(response, Region) else at
    return Drawing(response.content, response.status_code, shows, since, monotonic() - since)


def _anybody(request: HttpRequest, key: Key) -> Anybody:
    """The request without name, session, cookies, messages and headers."""
    plain = Anybody()
    plain.method, plain.path, plain.path_info = "GET", request.path, request.path_info
    plain.GET, plain.resolver_match = request.GET, request.resolver_match
    plain.META = {"HTTP_HX_REQUEST": "true", "QUERY_STRING": request.META.get("QUERY_STRING", "")}
    plain.user = Somebody(key.role, known=key.known)
    return plain


def _handed_out(request: HttpRequest, drawing: Drawing) -> HttpResponse:
    body = drawing.body
    if (place := TOKEN.encode()) in body:
        body = body.replace(place, get_token(request).encode())
    return private(HttpResponse(body, status=drawing.status, headers={"Age": str(int(monotonic() - drawing.since))}))
