"""Rendering a page whole, or only its region when htmx refreshes it."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails


def now() -> datetime:
    """The instant a request is answered for."""
    return datetime.now(UTC)


def respond(request: HttpRequest, name: str, title: str, at: datetime, **context: Any) -> HttpResponse:
    """`dashboards/<name>/page.html`, or for htmx its region with title and strip."""
    htmx = HtmxDetails(request)
    partial = bool(htmx) and not htmx.boosted and not htmx.history_restore_request
    context |= {"title": title, "at": at, "region": f"dashboards/{name}/_region.html"}
    response = render(request, "dashboards/fragment.html" if partial else f"dashboards/{name}/page.html", context)
    response["Cache-Control"] = "private, no-store"
    # One address, two bodies: caches and the back button must not mix them up.
    response["Vary"] = "HX-Request, Cookie"
    return response
