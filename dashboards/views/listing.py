"""The list of objectives, and the views of it that people keep."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dashboards.access import operator, reader
from dashboards.presenters.objective_query import Query
from dashboards.presenters.objective_views import address
from dashboards.presenters.objectives import objectives_page
from dashboards.views.pages import now, respond
from dashboards.views.sharing import shared
from slo.errors import BrownoutError
from slo.services import views


@require_safe
@reader
@shared
def objectives(request: HttpRequest) -> HttpResponse:
    at = now()
    page = objectives_page(at, Query.read(request.GET))
    return respond(request, "objectives", "Objectives", at, page=page, heads=page.heads)


@require_POST
@operator
def keep_view(request: HttpRequest) -> HttpResponse:
    """Keep a list under a name; of what the form says only what the list understands is kept."""
    query = address(Query.of(request.POST.get("query", "")))
    try:
        view = views.keep(request.POST.get("name", ""), query, now(), actor=request.user.get_username())
        messages.success(request, f"The view {view} is kept for everybody.")
    except BrownoutError as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('objectives')}?{query}")


@require_POST
@operator
def forget_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a kept view; the list it asked for stays where it was."""
    view = views.forget(pk, now(), actor=request.user.get_username())
    messages.success(request, f"The view {view} is forgotten.")
    return redirect(f"{reverse('objectives')}?{view.query}")
