"""The elements of the pages, for those who build them."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboards.presenters.styleguide import styleguide as styleguide_page
from dashboards.views.pages import now, respond


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every element there is. Only in developer mode."""
    if not settings.DEBUG:
        raise Http404("The styleguide is there in developer mode only")
    at = now()
    return respond(request, "styleguide", "Styleguide", at, page=styleguide_page(at))
