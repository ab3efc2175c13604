"""Who may see and do what on the pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from slo.errors import NotFoundError
from slo.services.access import Role, includes, role_of

View = Callable[Concatenate[HttpRequest, ...], HttpResponse]


def role(request: HttpRequest) -> Role | None:
    """The role of whoever asks, looked up once a request."""
    known: dict[str, Any] = vars(request)
    if "brownout_role" not in known:
        known["brownout_role"] = role_of(request.user)
    found: Role | None = known["brownout_role"]
    return found


def may_read(request: HttpRequest) -> bool:
    """May whoever asks see the pages?"""
    return bool(settings.PUBLIC_READ) or includes(role(request), "viewer")


def reader(view: View) -> View:
    """Lets readers in; strangers go to the login page and come back after it."""
    return _guarded(view, may_read, "viewer")


def operator(view: View) -> View:
    """Lets operators act; strangers go to the login page, others are refused."""
    return _guarded(view, lambda request: includes(role(request), "operator"), "operator")


def admin(view: View) -> View:
    """Lets administrators change who may do what; others are refused."""
    return _guarded(view, lambda request: includes(role(request), "admin"), "admin")


def _guarded(view: View, allowed: Callable[[HttpRequest], bool], needed: Role) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if allowed(request):
            try:
                return view(request, *args, **kwargs)
            except NotFoundError as error:
                raise Http404(str(error)) from error
        if not request.user.is_authenticated and request.method in ("GET", "HEAD"):
            return _to_login(request)
        raise PermissionDenied(
            f"This needs the role {needed}. Ask an administrator for it, or log in as somebody who has it."
        )

    return guarded


def _to_login(request: HttpRequest) -> HttpResponse:
    # A region that refreshes must not swap the login page into itself, nor lose what somebody reads: the page says it.
    if getattr(request, "htmx", False):
        return HttpResponse(status=401)
    return redirect_to_login(request.get_full_path())
