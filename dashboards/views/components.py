"""The page of a component, and what operators do with its circuit."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dashboards import formats
from dashboards.access import operator, reader
from dashboards.forms import EXPIRIES, CircuitForm
from dashboards.presenters.component import component_page
from dashboards.presenters.objectives import heads
from dashboards.views.acting import first_error, person
from dashboards.views.pages import now, respond
from dashboards.views.sharing import shared
from degradation.services import circuits
from slo.errors import BrownoutError, NotFoundError


@require_safe
@reader
@shared
def component(request: HttpRequest, name: str) -> HttpResponse:
    at = now()
    page = component_page(name, at)
    return respond(request, "component", page.row.title, at, page=page, heads=heads(), expiries=EXPIRIES)


@require_POST
@operator
def circuit(request: HttpRequest, name: str) -> HttpResponse:
    """Force a component's circuit, or hand it back to the traffic."""
    form, at = CircuitForm(request.POST), now()
    if not form.is_valid():
        messages.error(request, f"The circuit of {name}: {first_error(form)}")
        return _back(name)
    wanted, reason, user = form.cleaned_data["state"], form.cleaned_data["reason"], person(request)
    seen = form.cleaned_data["version"]
    try:
        if wanted == "auto":
            circuits.release(name, user=user, reason=reason, at=at, version=seen)
            messages.success(request, f"The circuit of {name} follows the traffic again.")
        else:
            until = form.until(at)
            phase = form.phase()
            circuits.force(name, phase, user=user, reason=reason, until=until, at=at, version=seen)
            lasting = formats.duration((until - at).total_seconds())
            messages.success(request, f"The circuit of {name} is {phase} for {lasting}.")
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, str(error))
    return _back(name)


def _back(name: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse('component', args=[name])}#circuit")
