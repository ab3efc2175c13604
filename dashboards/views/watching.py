"""Pages that show what was measured and promised."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from dashboards.access import reader
from dashboards.forms import EXPIRIES, REPEATS
from dashboards.presenters.capabilities import capabilities_page
from dashboards.presenters.charts import charts, range_named
from dashboards.presenters.components import SORTS, STATES, components_page
from dashboards.presenters.narrowing import Asked
from dashboards.presenters.noted import noted
from dashboards.presenters.objective import definition_of, objective_page
from dashboards.presenters.objectives import heads
from dashboards.presenters.overview import overview as overview_page
from dashboards.presenters.reports import reports_page
from dashboards.views.pages import now, respond
from dashboards.views.sharing import shared
from slo import selectors


@require_safe
@reader
@shared
def overview(request: HttpRequest) -> HttpResponse:
    at = now()
    return respond(request, "overview", "Overview", at, page=overview_page(at), heads=heads())


@require_safe
@reader
@shared
def objective(request: HttpRequest, name: str) -> HttpResponse:
    at = now()
    page = objective_page(name, at, request.GET.get("range", ""))
    context: dict[str, Any] = {"page": page, "more": "dashboards/objective/_judgement.html"}
    if not request.headers.get("HX-Request"):
        drawn = charts(page.item, at, page.chosen)
        context |= {"definition": definition_of(page.item), "charts": drawn.charts, "bands": drawn.bands}
        context |= {"noted": noted(page.item, at), "repeats": REPEATS}
    return respond(request, "objective", str(page.item), at, **context)


@require_safe
@reader
def figures(request: HttpRequest, name: str) -> HttpResponse:
    """The charts of an objective as data, each with its sentence."""
    at = now()
    item = selectors.objective(name)
    chosen = range_named(request.GET.get("range", ""), item.span().seconds)
    drawn = charts(item, at, chosen).charts
    body = {chart.name: {"sentence": chart.sentence, "figure": chart.figure} for chart in drawn}
    return JsonResponse({"range": chosen.name, "charts": body}, headers={"Cache-Control": "private, no-store"})


@require_safe
@reader
@shared
def reports(request: HttpRequest) -> HttpResponse:
    """The report the address asks for; by default of this month. What cannot be made is said, with a status of 404."""
    at = now()
    asked = {name: request.GET.get(name, "")[:200] for name in ("period", "service", "owner")}
    page = reports_page(at, **asked)
    response = respond(request, "reports", "Reports", at, page=page)
    if page.problem:
        response.status_code = 404
    return response


@require_safe
@reader
@shared
def capabilities(request: HttpRequest) -> HttpResponse:
    at = now()
    page = capabilities_page(at, request.GET.getlist("down"))
    return respond(request, "capabilities", "Capabilities", at, page=page, expiries=EXPIRIES)


@require_safe
@reader
@shared
def components(request: HttpRequest) -> HttpResponse:
    at = now()
    page = components_page(at, Asked.read(request.GET.dict(), STATES, SORTS))
    return respond(request, "components", "Components", at, page=page)
