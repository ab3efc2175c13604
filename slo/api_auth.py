"""Who calls the JSON API: a logged-in person, a program with a token, or, where allowed, anybody who reads."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from ninja.errors import AuthorizationError
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from slo.services.access import Role, includes, role_of, valid_token


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a role, and the person or the token behind it if there is one."""

    role: str
    user: User | None = None
    token: str = ""

    def signed(self, text: str) -> str:
        """A person's words as they are; those of a program with its name, since its rows have no person."""
        return f"{text} (by the token {self.token})" if self.token and text.strip() else text


def caller_of(request: HttpRequest) -> Caller:
    """Who calls a route that asks for a role."""
    caller: Caller = request.auth  # type: ignore[attr-defined]  # set by ninja from `Access`
    return caller


def token_of(request: HttpRequest) -> str:
    """The token a request carries as `Authorization: Bearer …` or `X-API-Key`, or an empty text."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    return bearer.strip() if scheme.lower() == "bearer" else request.headers.get("X-API-Key", "")


class Access(AuthBase):
    """Lets callers of at least `role` in; with `open_to_all`, anybody while PUBLIC_READ is on."""

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, role: Role, *, open_to_all: bool = False) -> None:
        self.role: Role = role
        self.open_to_all = open_to_all
        super().__init__()

    def __call__(self, request: HttpRequest) -> Caller | None:
        caller = self._caller(request)
        if caller is None:
            return Caller("") if self.open_to_all and settings.PUBLIC_READ else None
        if not includes(caller.role, self.role):
            raise AuthorizationError(message=f"This needs the role {self.role}; yours is {caller.role or 'none'}")
        return caller

    def _caller(self, request: HttpRequest) -> Caller | None:
        token = token_of(request)
        if token:
            held = valid_token(token)
            return Caller(held.role, token=held.name) if held else None
        if not isinstance(request.user, User):
            return None
        if request.method not in ("GET", "HEAD") and check_csrf(request) is not None:
            raise AuthorizationError(message="The CSRF token is missing or wrong")
        return Caller(role_of(request.user) or "", request.user)


reader = Access("viewer", open_to_all=True)
reporter = Access("reporter")
operator = Access("operator")
