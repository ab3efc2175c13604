"""Pages that show what was measured and promised."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboards.access import reader
from dashboards.forms import EXPIRIES, REPEATS
from dashboards.presenters.capabilities import capabilities_page
from dashboards.presenters.charts import charts
from dashboards.presenters.components import SORTS, STATES, components_page
from dashboards.presenters.narrowing import Asked
from dashboards.presenters.noted import noted
from dashboards.presenters.objective import definition_of, is_paging, objective_page
from dashboards.presenters.objectives import heads
from dashboards.presenters.overview import overview as overview_page
from dashboards.presenters.ranges import RANGES, asked
from dashboards.presenters.reports import reports_page
from dashboards.tabular import as_csv
from dashboards.views.pages import is_partial, now, private, respond
from dashboards.views.sharing import shared
from slo import selectors
from slo.models import Objective


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
    """The page of an objective; a range that makes no sense is said, with a status of 400."""
    at = now()
    page = objective_page(name, at)
    context: dict[str, Any] = {"page": page, "more": "dashboards/objective/_judgement.html"}
    if is_partial(request):
        return respond(request, "objective", str(page.item), at, **context)
    context |= _charts(request, page.item, at) | {"definition": definition_of(page.item)}
    context |= {"noted": noted(page.item, at), "repeats": REPEATS}
    response = respond(request, "objective", str(page.item), at, **context)
    response.status_code = 400 if context["problem"] else 200
    return response


@require_safe
@reader
def figures(request: HttpRequest, name: str) -> HttpResponse:
    """The part of an objective's page with the charts, for a script that shows another range or a later instant."""
    at = now()
    item = selectors.objective(name)
    context = _charts(request, item, at) | {"item": item, "at": at}
    return private(
        render(request, "dashboards/objective/_charts.html", context, status=400 if context["problem"] else 200)
    )


@require_safe
@reader
def figures_file(request: HttpRequest, name: str, chart: str) -> HttpResponse:
    """The figures of one chart as CSV, exact and all of them; a range that makes no sense is refused."""
    at = now()
    item = selectors.objective(name)
    found = asked(item, at, request.GET.dict(), paging=is_paging(name))
    if found.problem:
        return private(HttpResponse(found.problem, status=400, content_type="text/plain; charset=utf-8"))
    drawn = next((drawn for drawn in charts(item, at, found.shown).charts if drawn.name == chart), None)
    if drawn is None:
        raise Http404(f"There is no chart {chart}")
    response = HttpResponse(as_csv(drawn.exact.head, drawn.exact.rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{drawn.file}.csv"'
    return private(response)


def _charts(request: HttpRequest, item: Objective, at: datetime) -> dict[str, Any]:
    """What the part with the charts needs."""
    found = asked(item, at, request.GET.dict(), paging=is_paging(item.name))
    context = {"drawn": charts(item, at, found.shown), "shown": found.shown, "problem": found.problem}
    return context | {"ranges": RANGES, "chosen": next((r for r in RANGES if r.name == found.shown.name), None)}


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
