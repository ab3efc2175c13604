"""Rendering a page whole, or only its region when htmx refreshes it."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails


def now() -> datetime:
    """The instant a request is answered for."""
    return datetime.now(UTC)


def respond(request: HttpRequest, name: str, title: str, at: datetime, **context: Any) -> HttpResponse:
    """`dashboards/<name>/page.html`, or for htmx its region with title and strip."""
    partial = is_partial(request)
    context |= {"title": title, "at": at, "region": f"dashboards/{name}/_region.html"}
    response = render(request, "dashboards/fragment.html" if partial else f"dashboards/{name}/page.html", context)
    return _private(response)


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    # One address, two bodies: caches and the back button must not mix them up.
    response["Vary"] = "HX-Request, Cookie"
    return response


def is_partial(request: HttpRequest) -> bool:
    """Does htmx ask for the region alone?"""
    htmx = HtmxDetails(request)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


class Shared:
    """The region of a page that is the same for all readers: drawn once in SHARED_SECONDS for however many look at it.

    Only for views whose region depends on nothing of the request, neither on who asks nor on the address. Whether
    somebody may read it is asked each time, before.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._drawn = 0.0
        self._body = b""

    def __call__(self, request: HttpRequest, draw: Callable[[], HttpResponse]) -> HttpResponse:
        if not settings.SHARED_SECONDS or not is_partial(request):
            return draw()
        with self._lock:
            if not self._body or monotonic() - self._drawn > settings.SHARED_SECONDS:
                drawn = draw()
                self._drawn, self._body = monotonic(), drawn.content
        return _private(HttpResponse(self._body))
