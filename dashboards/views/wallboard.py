"""The board on the wall: the overview for a room, without anything to press."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboards.access import reader
from dashboards.presenters.overview import overview
from dashboards.views.pages import now, respond
from dashboards.views.sharing import shared


@require_safe
@reader
@shared
def wallboard(request: HttpRequest) -> HttpResponse:
    at = now()
    return respond(request, "wallboard", "Wallboard", at, page=overview(at), bare=True)
