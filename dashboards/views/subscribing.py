"""Subscribing to the status page, by people who are no users here.

These forms carry no CSRF token: they stand on a page that caches keep, act for no session, and whatever they ask for
happens only after the owner of the address has agreed.
"""

from django.conf import settings
from django.core.cache import cache
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from dashboards.views.pages import now
from dashboards.views.status import may_subscribe
from degradation.errors import SubscriptionError
from degradation.services import subscribers

# So often one client may ask, in so many seconds, at each web process.
MOST_ASKED, ASKED_SECONDS = 10, 600
AWAY = "Nothing can be changed at the moment. Try again in a few minutes."


@csrf_exempt
@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """Ask an address for its consent. The answer is the same whoever has subscribed already."""
    if not settings.PUBLIC_STATUS or not may_subscribe():
        raise Http404("Nobody can subscribe here")
    if _too_often(request):
        response = _said("Too many requests", "Try again in ten minutes.", status=429)
        response["Retry-After"] = str(ASKED_SECONDS)
        return response
    try:
        subscribers.subscribe(request.POST.get("email", "")[:500], now())
    except SubscriptionError as error:
        return _said("Not subscribed", str(error), status=422, again=True)
    except Error:
        return _said("Not subscribed", AWAY, status=503, again=True)
    return _said(
        "Look into your mail",
        "If that address is not subscribed yet, a link to confirm is on its way to it. The link is good for 24 hours.",
    )


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscription(request: HttpRequest, key: str) -> HttpResponse:
    """The link of a mail. Looking at it changes nothing, since mail programs follow links; its button does.

    A POST without a word is an unsubscription by one click, as mail programs send it (RFC 8058).
    """
    try:
        found = subscribers.subscription(key)
        if request.method == "POST":
            return _act(request, key)
    except Error:
        return _said("Not done", AWAY, status=503)
    if found is None:
        return _said(
            "Not subscribed", "This link is not, or no longer, good. Nothing is sent because of it.", status=404
        )
    if found.confirmed_at:
        text = "This address hears of incidents. Unsubscribing forgets it."
        return _said("Subscribed", text, action="unsubscribe", button="Unsubscribe")
    return _said("Confirm", "Shall this address hear of incidents?", action="confirm", button="Yes, subscribe")


def _act(request: HttpRequest, key: str) -> HttpResponse:
    if request.POST.get("do") != "confirm":
        subscribers.unsubscribe(key)
        return _said("Unsubscribed", "Nothing more is sent, and the address is forgotten.")
    if subscribers.confirm(key, now()):
        return _said("Subscribed", "You will hear of incidents. Each mail has a link to unsubscribe.")
    return _said("Not subscribed", "This link is too old. Subscribe again for a new one.", status=404)


def _too_often(request: HttpRequest) -> bool:
    key = f"subscribe:{_client(request)}"
    cache.add(key, 0, ASKED_SECONDS)
    try:
        return cache.incr(key) > MOST_ASKED
    except ValueError:
        # It ran out between the two.
        return False


def _client(request: HttpRequest) -> str:
    """Where a request comes from; behind a proxy we trust, what that one says."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.TRUST_PROXY else ""
    return forwarded.rpartition(",")[2].strip()[:64] or request.META.get("REMOTE_ADDR", "")


def _said(heading: str, text: str, *, status: int = 200, **more: object) -> HttpResponse:
    context = {"heading": heading, "text": text, "name": settings.STATUS_NAME, **more}
    response = HttpResponse(render_to_string("dashboards/status/said.html", context), status=status)
    # The address holds a key: it is to be kept nowhere and told to nobody.
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
