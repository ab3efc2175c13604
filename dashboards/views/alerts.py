"""The list of alerts, one alert, and taking it on."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from alerts import selectors
from alerts.services.acknowledge import acknowledge as acknowledge_alert
from dashboards.access import operator, reader
from dashboards.forms import AcknowledgeForm
from dashboards.presenters.alert_list import Asked, alerts_page
from dashboards.presenters.alerts import alert_page
from dashboards.views.acting import person
from dashboards.views.pages import now, respond
from dashboards.views.sharing import shared
from slo.errors import BrownoutError, NotFoundError


@require_safe
@reader
@shared
def alerts(request: HttpRequest) -> HttpResponse:
    at = now()
    return respond(request, "alerts", "Alerts", at, page=alerts_page(at, Asked.read(request.GET.dict())))


@require_safe
@reader
@shared
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    at = now()
    page = alert_page(pk, at)
    return respond(request, "alert", f"{page.row.title} · alert {pk}", at, page=page)


@require_POST
@operator
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    form = AcknowledgeForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        acknowledge_alert(selectors.alert(pk), person(request), note, now())
        messages.success(request, "Acknowledged.")
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, str(error))
    return redirect("alert", pk)
