"""The page for everybody."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboards.access import may_read
from dashboards.presenters.status import status_page
from dashboards.views.pages import now


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """The status page; the same for everybody, so that caches may keep it for a moment."""
    if not settings.PUBLIC_STATUS and not may_read(request):
        raise Http404("There is no public status page here")
    at = now()
    response = render(request, "dashboards/status/page.html", {"page": status_page(at), "at": at})
    response["Cache-Control"] = f"{'public' if settings.PUBLIC_STATUS else 'private'}, max-age=15"
    return response
