"""Pages of channels: how they stand, testing them, switching them, and sending again what they never got."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from alerts import selectors as alert_selectors
from alerts import selectors_channels as selectors
from alerts.models import Channel, Delivery
from alerts.services import channels as service
from alerts.services.deliver import send_again as owe_again
from alerts.services.try_channel import try_channel
from dashboards import formats
from dashboards.access import operator, reader
from dashboards.presenters.channels import channel_page, channel_rows
from dashboards.views.acting import person
from dashboards.views.pages import now, respond
from dashboards.views.sharing import shared
from slo.errors import BrownoutError, NotFoundError
from slo.services.access import may


class LetterForm(forms.Form):
    """Which message is to be sent again; none for all of them."""

    delivery = forms.IntegerField(required=False, min_value=1, max_value=2**62)


@require_safe
@reader
@shared
def channels(request: HttpRequest) -> HttpResponse:
    at = now()
    return respond(request, "channels", "Channels", at, rows=channel_rows(at), writes=may(request.user, "admin"))


@require_safe
@reader
@shared
def channel(request: HttpRequest, name: str) -> HttpResponse:
    at = now()
    page, writes = channel_page(name, at), may(request.user, "admin")
    return respond(request, "channel", f"{name} · channel", at, page=page, writes=writes)


@require_POST
@operator
def test(request: HttpRequest, name: str) -> HttpResponse:
    """Send a test message, and show the answer on the page it was asked for on."""
    try:
        trial = try_channel(selectors.channel(name), str(person(request)), now())
        took = f" after {formats.latency(trial.seconds)}"
        tell = messages.success if trial.outcome == "accepted" else messages.error
        tell(request, f"{name} was tested: {trial.outcome}{took}. {trial.answer}")
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, str(error))
    return redirect("channel", name)


@require_POST
@operator
def switch(request: HttpRequest, name: str) -> HttpResponse:
    enabled = request.POST.get("enabled") == "1"
    if service.switch(selectors.channel(name), str(person(request)), enabled=enabled):
        messages.success(request, f"{name} is {'enabled' if enabled else 'disabled'}, until its document is applied.")
    return redirect("channel", name)


@require_POST
@operator
def send_again(request: HttpRequest, name: str) -> HttpResponse:
    """Owe one message again, or everything the channel never got."""
    found, form = selectors.channel(name), LetterForm(request.POST)
    wanted = form.cleaned_data["delivery"] if form.is_valid() else None
    try:
        if wanted:
            owe_again(_letter(found, wanted), now())
        sent = 1 if wanted else service.send_all_again(found, now())
        messages.success(request, f"{formats.plural(sent, 'message')} will be sent again.")
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, str(error))
    return redirect("channel", name)


def _letter(of: Channel, pk: int) -> Delivery:
    """A message of this channel. Raises NotFoundError."""
    letter = alert_selectors.delivery(pk)
    if letter.channel_id != of.pk:
        raise NotFoundError(f"The channel {of.name} has no message {pk}")
    return letter
