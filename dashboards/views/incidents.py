"""Telling the public: incidents and webhooks, for operators. Also done from the page of an alert.

Not on the status page itself: that one is the same for everybody, so that caches may keep it.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from alerts import selectors as alerts
from dashboards.access import operator, reader
from dashboards.forms_status import IMPACTS, STATES, IncidentForm, UpdateForm
from dashboards.presenters.incidents import manage_page
from dashboards.views.acting import first_error, person
from dashboards.views.pages import now, respond
from degradation.services import incidents, subscribers
from slo.errors import BrownoutError, NotFoundError


@require_safe
@reader
def manage(request: HttpRequest) -> HttpResponse:
    at = now()
    choices = {"impacts": IMPACTS, "states": STATES}
    return respond(request, "status_manage", "Status page", at, page=manage_page(), **choices)


@require_POST
@operator
def open_incident(request: HttpRequest) -> HttpResponse:
    form, user = IncidentForm(request.POST), person(request)
    if not form.is_valid():
        messages.error(request, f"Nothing was told. {first_error(form)}")
        return _back(form.cleaned_data.get("alert"))
    data = form.cleaned_data
    try:
        incidents.open_incident(
            data["title"],
            data["text"],
            impact=data["impact"],
            state=data["state"],
            capabilities=request.POST.getlist("capabilities"),
            alert=alerts.alert(data["alert"]) if data["alert"] else None,
            at=now(),
            by=user.get_username(),
            user=user,
        )
        messages.success(request, "The incident is on the status page; subscribers are being told.")
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, str(error))
    return _back(data["alert"])


@require_POST
@operator
def update(request: HttpRequest, pk: int) -> HttpResponse:
    form, user = UpdateForm(request.POST), person(request)
    if not form.is_valid():
        messages.error(request, f"Nothing was told. {first_error(form)}")
        return _back(form.cleaned_data.get("alert"))
    data = form.cleaned_data
    try:
        incidents.update_incident(pk, data["text"], state=data["state"], at=now(), by=user.get_username(), user=user)
        messages.success(request, "The update is on the status page; subscribers are being told.")
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, str(error))
    return _back(data["alert"])


@require_POST
@operator
def add_webhook(request: HttpRequest) -> HttpResponse:
    try:
        subscribers.add_webhook(request.POST.get("url", "")[:1_000], at=now(), by=person(request).get_username())
        messages.success(request, "The webhook hears of incidents.")
    except BrownoutError as error:
        messages.error(request, str(error))
    return redirect("manage-status")


@require_POST
@operator
def remove_webhook(request: HttpRequest, pk: int) -> HttpResponse:
    subscribers.remove_webhook(pk)
    messages.success(request, "The webhook is removed.")
    return redirect("manage-status")


def _back(alert: int | None) -> HttpResponse:
    """The alert it was done from, or the page for all of it."""
    return HttpResponseRedirect(f"{reverse('alert', args=[alert])}#incidents") if alert else redirect("manage-status")
