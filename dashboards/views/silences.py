"""Silences: the list, making one with a look at what it would hold, and ending one."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from alerts import selectors
from alerts.rules.matchers import LONGEST_TEXT
from alerts.services import silences as services
from dashboards import formats
from dashboards.access import operator, reader
from dashboards.forms import REPEATS, EndForm, SilenceForm
from dashboards.presenters.silences import label_names, preview, silences_page, suggested
from dashboards.views.acting import first_error, person
from dashboards.views.pages import now, respond
from dashboards.views.sharing import shared
from slo.errors import BrownoutError, NotFoundError
from slo.services.access import may


@reader
@shared
def silences(request: HttpRequest) -> HttpResponse:
    """The list; `?alert=12` or `?matchers=…` opens the form with them. A POST makes a silence."""
    if request.method == "POST":
        return _make(request)
    at = now()
    matchers, alert = request.GET.get("matchers", "")[:LONGEST_TEXT], request.GET.get("alert", "")
    if alert.isascii() and alert.isdecimal() and len(alert) < 19:
        matchers = suggested(selectors.alert(int(alert)))
    return _page(request, at, SilenceForm(initial={"matchers": matchers}))


@require_safe
@reader
def look(request: HttpRequest) -> HttpResponse:
    """What matchers would silence, while they are written."""
    text = request.GET.get("matchers", "")[:LONGEST_TEXT]
    context = {"preview": preview(text.replace("\0", "")), "at": now()}
    response = render(request, "dashboards/silences/_preview.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@operator
def _make(request: HttpRequest) -> HttpResponse:
    """Make a silence; with the button Preview only show what it would hold."""
    form, at = SilenceForm(request.POST), now()
    valid = form.is_valid()
    if "preview" in request.POST or not valid:
        fault = "" if "preview" in request.POST else first_error(form)
        return _page(request, at, form, fault)
    try:
        made = services.create(form.wanted(at), at, user=person(request))
    except BrownoutError as error:
        return _page(request, at, form, str(error))
    held = len([alert for alert in selectors.open_alerts() if alert.silence_id == made.pk])
    messages.success(request, f"Silenced: {formats.plural(held, 'open alert')} held now.")
    return _back(made.pk)


@require_POST
@operator
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a silence before its time."""
    form = EndForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"The silence goes on. {first_error(form)}")
        return _back(pk)
    try:
        whole = form.cleaned_data["whole"]
        services.end(pk, now(), reason=form.cleaned_data["reason"], user=person(request), whole=whole)
        messages.success(request, "The silence has ended; whoever should hear of what still fires is told.")
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, str(error))
    return redirect("silences")


def _page(request: HttpRequest, at: datetime, form: SilenceForm, fault: str = "") -> HttpResponse:
    data: dict[str, Any] = request.POST.dict() if form.is_bound else dict(form.initial)
    context = {
        "page": silences_page(at),
        "form": form,
        "values": data,
        "fault": fault,
        "writing": may(request.user, "operator")
        and (form.is_bound or "new" in request.GET or bool(data.get("matchers"))),
        "preview": preview(str(data.get("matchers", "")).replace("\0", "")[:LONGEST_TEXT]),
        "labels": label_names(),
        "repeats": REPEATS,
        "lengths": SilenceForm.LENGTHS,
    }
    response = respond(request, "silences", "Silences", at, **context)
    if fault:
        response.status_code = 422
    return response


def _back(pk: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse('silences')}#silence-{pk}")
