"""Shedding as people see and steer it: the switch, steps, drills."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from dashboards.access import operator, reader
from dashboards.forms import DrillForm, ReasonForm, SwitchForm
from dashboards.presenters.shedding import shedding_page
from dashboards.views.acting import first_error, person
from dashboards.views.pages import now, respond
from dashboards.views.sharing import shared
from degradation.services import automation, drills
from slo.errors import BrownoutError, NotFoundError


@require_safe
@reader
@shared
def shedding(request: HttpRequest) -> HttpResponse:
    at = now()
    return respond(request, "shedding", "Shedding", at, page=shedding_page(at))


@require_POST
@operator
def switch(request: HttpRequest) -> HttpResponse:
    """Turn automatic shedding or the dry run on or off."""
    form = SwitchForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"Nothing was switched. {first_error(form)}")
        return redirect("shedding")
    automatic, dry_run = form.wanted()
    try:
        automation.switch(
            automatic=automatic,
            dry_run=dry_run,
            user=person(request),
            reason=form.cleaned_data["reason"],
            at=now(),
            version=form.cleaned_data["version"],
        )
        messages.success(request, f"Automatic shedding: {form.cleaned_data['mode'].replace('-', ' ')}.")
    except BrownoutError as error:
        messages.error(request, str(error))
    return redirect("shedding")


@require_POST
@operator
def drill(request: HttpRequest) -> HttpResponse:
    """Begin a drill of a tier."""
    form = DrillForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"No drill began. {first_error(form)}")
        return redirect("shedding")
    said = form.cleaned_data
    try:
        drills.start(
            said["service"],
            said["tier"],
            share=said["share"],
            seconds=said["minutes"] * 60,
            user=person(request),
            reason=said["reason"],
            at=now(),
        )
        messages.success(request, f"Tier {said['tier']} of {said['service']} is dimmed for {said['share']} % of users.")
    except BrownoutError as error:
        messages.error(request, f"No drill began. {error}")
    return redirect("shedding")


@require_POST
@operator
def abort(request: HttpRequest, pk: int) -> HttpResponse:
    """End a drill early."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"The drill goes on. {first_error(form)}")
        return redirect("shedding")
    try:
        drills.abort(pk, user=person(request), reason=form.cleaned_data["reason"], at=now())
        messages.success(request, "The drill is over.")
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, str(error))
    return redirect("shedding")
