"""Rendering a page whole, or only its region when htmx refreshes it."""

import secrets
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django_htmx.middleware import HtmxDetails

# Stands in what is drawn for anybody where the token of somebody's forms belongs. Nobody can guess it.
TOKEN = secrets.token_hex(32)


class Anybody(HttpRequest):
    """A request as anybody of a role would make it."""


class Region(HttpResponse):
    """A region, and the instant that it shows."""

    def __init__(self, body: str, at: datetime) -> None:
        super().__init__(body)
        self.at = at


def now() -> datetime:
    """The instant a request is answered for."""
    return datetime.now(UTC)


def respond(request: HttpRequest, name: str, title: str, at: datetime, **context: Any) -> HttpResponse:
    """`dashboards/<name>/page.html`, or for htmx its region with title and strip."""
    partial = is_partial(request)
    context |= {"title": title, "at": at, "region": f"dashboards/{name}/_region.html"}
    if isinstance(request, Anybody):
        context["csrf_token"] = TOKEN
    template = "dashboards/fragment.html" if partial else f"dashboards/{name}/page.html"
    body = render_to_string(template, context, request)
    return private(Region(body, at) if partial else HttpResponse(body))


def private(response: HttpResponse) -> HttpResponse:
    """Keep an answer of ours out of caches."""
    response["Cache-Control"] = "private, no-store"
    # One address, two bodies: caches and the back button must not mix them up.
    response["Vary"] = "HX-Request, Cookie"
    return response


def is_partial(request: HttpRequest) -> bool:
    """Does htmx ask for the region alone?"""
    htmx = HtmxDetails(request)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request
