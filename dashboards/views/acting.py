"""Pages on which people do something: flags, the theme."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from dashboards import formats
from dashboards.access import operator, reader
from dashboards.context import THEME_COOKIE, THEMES
from dashboards.forms import EXPIRIES, FlagForm, ReasonForm
from dashboards.presenters.flags import STATES, flags_page
from dashboards.presenters.narrowing import Asked
from dashboards.views.pages import now, respond
from dashboards.views.sharing import shared
from degradation.services import flags as flag_service
from slo.errors import BrownoutError, NotFoundError


@require_safe
@reader
@shared
def flags(request: HttpRequest) -> HttpResponse:
    at = now()
    page = flags_page(at, Asked.read(request.GET.dict(), STATES))
    return respond(request, "flags", "Flags", at, page=page, expiries=EXPIRIES)


@reader
def flag(request: HttpRequest, key: str) -> HttpResponse:
    """The place of a flag on the flags page; a POST changes it."""
    if request.method == "POST":
        return _change(request, key)
    return _to_flag(request, key)


@require_POST
@operator
def _change(request: HttpRequest, key: str) -> HttpResponse:
    form, at = FlagForm(request.POST), now()
    if not form.is_valid():
        messages.error(request, f"{key}: {first_error(form)}")
        return _to_flag(request, key)
    wanted, reason, user = form.wanted(), form.cleaned_data["reason"], person(request)
    seen = form.cleaned_data["version"]
    try:
        if wanted == "auto":
            flag_service.release(key, user=user, reason=reason, at=at, version=seen)
            messages.success(request, f"{key} is automatic again.")
        else:
            until = form.until(at)
            value, told = (wanted, f"to {wanted} %") if isinstance(wanted, int) else (wanted == "on", wanted)
            flag_service.force(key, value, user=user, reason=reason, until=until, at=at, version=seen)
            messages.success(request, f"{key} is forced {told} for {formats.duration((until - at).total_seconds())}.")
    except NotFoundError:
        raise
    except BrownoutError as error:
        messages.error(request, str(error))
    return _to_flag(request, key)


@require_POST
@operator
def restore(request: HttpRequest) -> HttpResponse:
    """Restore everything: every shed or forced flag becomes automatic and normal."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, f"Nothing was restored. {first_error(form)}")
        return redirect("flags")
    try:
        restored = flag_service.restore_everything(user=person(request), reason=form.cleaned_data["reason"], at=now())
        messages.success(request, f"{formats.plural(restored, 'flag')} restored.")
    except BrownoutError as error:
        messages.error(request, str(error))
    return redirect("flags")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie and go back to where it was chosen."""
    wanted, back = request.POST.get("theme", ""), request.POST.get("next", "")
    response = redirect(back if _safe(request, back) else reverse("overview"))
    if wanted in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            wanted,
            max_age=31_536_000,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
        )
    return response


def _to_flag(request: HttpRequest, key: str) -> HttpResponseRedirect:
    """The place of the flag, or the page of ours on which it was changed."""
    back = request.POST.get("next", "")
    if back.startswith("/") and _safe(request, back):
        return HttpResponseRedirect(back)
    return HttpResponseRedirect(f"{reverse('flags')}#flag-{key}")


def _safe(request: HttpRequest, address: str) -> bool:
    return url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())


def person(request: HttpRequest) -> User:
    """Who acts."""
    # `operator` lets nobody else through.
    assert isinstance(request.user, User)  # noqa: S101
    return request.user


def first_error(form: forms.Form) -> str:
    """What is wrong with a form, in one sentence."""
    return str(next(iter(form.errors.values()))[0])
