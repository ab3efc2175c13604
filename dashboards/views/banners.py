"""Putting up banners for users, and taking them down."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from dashboards.access import operator
from dashboards.forms import BannerForm, ReasonForm
from dashboards.views.acting import first_error, person
from dashboards.views.pages import now
from degradation.services import banners
from slo.errors import BrownoutError, NotFoundError


@require_POST
@operator
def put_up(request: HttpRequest) -> HttpResponse:
    """Put up a banner."""
    form, at, user = BannerForm(request.POST), now(), person(request)
    if not form.is_valid():
        messages.error(request, f"No banner went up. {first_error(form)}")
        return _back()
    said = form.cleaned_data
    try:
        until = form.until(at)
        banners.put_up(said["text"], reason=said["reason"], at=at, by=user.get_username(), user=user, until=until)
        messages.success(request, "The banner is up.")
    except BrownoutError as error:
        messages.error(request, f"No banner went up. {error}")
    return _back()


@require_POST
@operator
def take_down(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a banner down."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"The banner stays. {first_error(form)}")
        return _back()
    try:
        stood = banners.take_down(pk, reason=form.cleaned_data["reason"], at=now())
        messages.success(request, "The banner is down." if stood else "The banner was down already.")
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, f"The banner stays. {error}")
    return _back()


def _back() -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse('capabilities')}#banners")
