"""Taking spans out of the figures, and letting them count again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from dashboards.access import operator
from dashboards.forms import ExclusionForm, ReasonForm
from dashboards.views.acting import first_error, person
from dashboards.views.pages import now
from slo import selectors
from slo.errors import BrownoutError, NotFoundError
from slo.services import exclusions


@require_POST
@operator
def exclude(request: HttpRequest, name: str) -> HttpResponse:
    """Exclude a span from an objective, or from all of its service."""
    item, form = selectors.objective(name), ExclusionForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"Nothing was excluded. {first_error(form)}")
        return _back(name)
    whole = form.cleaned_data["whole_service"]
    of = {"service": item.service.name} if whole else {"objective": item.name}
    try:
        exclusions.exclude({**form.wanted(), **of}, now(), user=person(request))
        messages.success(request, f"Excluded from {item.service if whole else item}.")
    except BrownoutError as error:
        messages.error(request, f"Nothing was excluded. {error}")
    return _back(name)


@require_POST
@operator
def include(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    """Let an excluded span count again."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"It stays excluded. {first_error(form)}")
        return _back(name)
    try:
        exclusions.include(pk, now(), reason=form.cleaned_data["reason"], user=person(request))
        messages.success(request, "It counts again.")
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, str(error))
    return _back(name)


def _back(name: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse('objective', args=[name])}#h-excluded")
