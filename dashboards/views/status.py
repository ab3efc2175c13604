"""What everybody may see: the status page, one incident, the feed, the JSON of common status pages, badges.

All of it is the same for everybody, made from one value that is kept when the database is away, and may be cached: no
session is looked at here, unless the page is not public.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.template.loader import render_to_string
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from dashboards.access import may_read
from dashboards.kept import Kept, NothingKnownError, keeper
from dashboards.presenters.status import incident_page, status_page
from dashboards.views.pages import now
from degradation.rules import public_formats

FRESH_SECONDS = 15
# What a cache may go on giving while Brownout itself is away.
AWAY_SECONDS = 86_400
Shown = Callable[Concatenate[HttpRequest, Kept, ...], HttpResponse]
JSONS: dict[str, Callable[..., dict[str, Any]]] = {
    "summary": public_formats.summary_json,
    "status": public_formats.status_json,
    "components": public_formats.components_json,
}


def _public(view: Shown) -> Callable[..., HttpResponse]:
    """Gives a view the public status, and its answer what caches need."""

    @require_safe
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.PUBLIC_STATUS and not may_read(request):
            raise Http404("There is no public status page here")
        try:
            kept = keeper.get(now())
        except NothingKnownError:
            return _nothing_known(request)
        return _cached(request, view(request, kept, *args, **kwargs))

    return shown


def _cached(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    scope = "public" if settings.PUBLIC_STATUS else "private"
    response["Cache-Control"] = (
        f"{scope}, max-age={FRESH_SECONDS}, stale-while-revalidate=60, stale-if-error={AWAY_SECONDS}"
    )
    if response.status_code == 200:
        # Weak, since what is compressed on the way is another body.
        tag = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
        response["ETag"] = tag
        answer = get_conditional_response(request, etag=tag, response=response)
        if isinstance(answer, HttpResponseNotModified):
            answer["Cache-Control"] = response["Cache-Control"]
        return answer or response
    return response


def _nothing_known(request: HttpRequest) -> HttpResponse:
    """The database is away and nothing was kept: said as such, and soon asked again."""
    if request.path.endswith(".svg"):
        response = _svg(public_formats.badge(settings.STATUS_NAME, "unknown"))
    elif request.path.endswith(".json"):
        response = JsonResponse({"error": "The status is not known at the moment"}, status=503)
        response["Retry-After"] = "10"
    else:
        body = render_to_string("dashboards/status/away.html", {"name": settings.STATUS_NAME})
        response = HttpResponse(body, status=503)
        response["Retry-After"] = "10"
    response["Cache-Control"] = "no-store"
    return response


@_public
def status(request: HttpRequest, kept: Kept) -> HttpResponse:
    """The status page."""
    context = {**_shared(kept), "page": status_page(kept.status), "subscribe": may_subscribe()}
    return HttpResponse(render_to_string("dashboards/status/page.html", context))


@_public
def incident(request: HttpRequest, kept: Kept, key: str) -> HttpResponse:
    """One incident, at the address that mails and feeds name."""
    found = next((item for item in kept.status.incidents if item.key == str(key)), None)
    if found is None:
        raise Http404("There is no such incident here; those that were resolved 90 days ago are no longer told")
    context = {**_shared(kept), "item": incident_page(found)}
    return HttpResponse(render_to_string("dashboards/status/incident.html", context))


@_public
def feed(request: HttpRequest, kept: Kept) -> HttpResponse:
    """Incidents as an Atom feed."""
    identity = f"{settings.BASE_URL}/status/feed.atom"
    body = public_formats.feed(kept.status, settings.BASE_URL, settings.STATUS_NAME, identity)
    return _open(HttpResponse(body, content_type="application/atom+xml; charset=utf-8"))


@_public
def as_json(request: HttpRequest, kept: Kept, which: str) -> HttpResponse:
    """`/api/v2/…json` in the common format."""
    found = JSONS[which](kept.status, settings.BASE_URL, settings.STATUS_NAME)
    return _open(HttpResponse(json.dumps(found), content_type="application/json"))


@_public
def badge(request: HttpRequest, kept: Kept) -> HttpResponse:
    """How it is as a whole. What cannot be known any more is not shown as a state."""
    word = "unknown" if kept.stale else public_formats.word_of(kept.status)
    return _svg(public_formats.badge(settings.STATUS_NAME, word))


@_public
def capability_badge(request: HttpRequest, kept: Kept, name: str) -> HttpResponse:
    """How one capability is."""
    item = next((item for item in kept.status.capabilities if item.name == name), None)
    if item is None:
        raise Http404("There is no such capability")
    return _svg(public_formats.badge(item.title, "unknown" if kept.stale else item.word))


def may_subscribe() -> bool:
    """Can people subscribe by e-mail?"""
    return bool(settings.STATUS_SUBSCRIBE and settings.EMAIL_HOST)


def _shared(kept: Kept) -> dict[str, Any]:
    at: datetime = kept.status.at
    return {"at": at, "stale": kept.stale, "name": settings.STATUS_NAME, "judged_at": kept.status.judged_at}


def _svg(body: bytes) -> HttpResponse:
    return _open(HttpResponse(body, content_type="image/svg+xml"))


def _open(response: HttpResponse) -> HttpResponse:
    """Other sites' pages may read it: it is public anyway."""
    if settings.PUBLIC_STATUS:
        response["Access-Control-Allow-Origin"] = "*"
    return response
