"""The board on the wall: the overview for a room, without anything to press."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboards.access import reader
from dashboards.presenters.overview import overview
from dashboards.views.pages import Shared, now, respond

_shared = Shared()


@require_safe
@reader
def wallboard(request: HttpRequest) -> HttpResponse:
    at = now()
    return _shared(request, lambda: respond(request, "wallboard", "Wallboard", at, page=overview(at), bare=True))
