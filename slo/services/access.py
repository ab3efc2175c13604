"""Roles of people and programs: a viewer reads, an operator acts, an admin changes what is watched.

Between them there is one for programs alone: a reporter reads, and tells what it counts and sees of itself.
"""

import hashlib
import secrets
from datetime import datetime
from typing import Any, Literal

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from slo.models import ApiToken

Role = Literal["viewer", "reporter", "operator", "admin"]
# Those of people, by what each includes; and those of programs.
RANKS: dict[str, int] = {"viewer": 1, "operator": 3, "admin": 4}
ALL_RANKS: dict[str, int] = {**RANKS, "reporter": 2}


class Somebody(AnonymousUser):
    """Anybody of a role, where nothing may depend on who it is; `known`: has logged in."""

    def __init__(self, role: Role | None, *, known: bool) -> None:
        self.role = role
        self.known = known

    @property
    def is_anonymous(self) -> Any:
        return not self.known

    @property
    def is_authenticated(self) -> Any:
        return self.known


def role_of(user: AbstractBaseUser | AnonymousUser) -> Role | None:
    """The highest role of a user's groups; None for a stranger. A superuser is an admin."""
    if isinstance(user, Somebody):
        return user.role
    if not user.is_authenticated:
        return None
    if getattr(user, "is_superuser", False):
        return "admin"
    names = set(user.groups.values_list("name", flat=True)) if hasattr(user, "groups") else set()
    roles: tuple[Role, ...] = ("admin", "operator", "viewer")
    return next((role for role in roles if role in names), None)


def may(user: AbstractBaseUser | AnonymousUser, role: Role) -> bool:
    """Does the user have the role or a higher one?"""
    return includes(role_of(user), role)


def includes(held: str | None, wanted: Role) -> bool:
    """Is the role held at least the one wanted?"""
    return held is not None and ALL_RANKS.get(held, 0) >= ALL_RANKS[wanted]


def issue_token(name: str, role: Role, at: datetime) -> str:
    """Make a token for a program and return it: the only time it can be seen. A token of that name is replaced."""
    raw = f"bro_{secrets.token_urlsafe(32)}"
    ApiToken.objects.update_or_create(
        name=name, defaults={"digest": digest(raw), "role": role, "created_at": at, "revoked_at": None}
    )
    return raw


def valid_token(raw: str) -> ApiToken | None:
    """The token that a program shows, None for any other text."""
    return ApiToken.objects.filter(digest=digest(raw), revoked_at=None).first()


def roles() -> dict[str, str]:
    """The role of every token that is not revoked, by its digest."""
    return dict(ApiToken.objects.filter(revoked_at=None).values_list("digest", "role"))


def digest(raw: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(raw.encode()).hexdigest()
