"""People and their roles, and tokens for programs, as administrators keep them on pages. Every act is kept."""

from datetime import datetime

from django.contrib.auth.models import Group, User
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from slo.errors import ChangedMeanwhileError, DefinitionError, NotFoundError
from slo.models import ApiToken
from slo.services.access import RANKS, Role, issue_token
from slo.services.edits import note


def invite(name: str, email: str, role: str, at: datetime, *, actor: User) -> User:
    """A person without a password; they choose one by their link. Raises DefinitionError."""
    _check_role(role)
    user = User(username=name, email=email)
    user.set_unusable_password()
    try:
        user.full_clean(exclude=["password"])
        with transaction.atomic():
            user.save()
            user.groups.add(Group.objects.get_or_create(name=role)[0])
            note("User", name, "created", actor.get_username(), at, f"as {role}")
    except ValidationError as error:
        raise DefinitionError(" ".join(error.messages)) from None
    except IntegrityError:
        raise DefinitionError(f"there is somebody named {name} already") from None
    return user


def key(user: User) -> tuple[str, str]:
    """What proves, once and for three days, that somebody may choose the password of this person."""
    return urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)


def person(pk: int) -> User:
    """Raises NotFoundError."""
    found = User.objects.filter(pk=pk).first()
    if found is None:
        raise NotFoundError(f"There is nobody with the number {pk}")
    return found


def change(user: User, role: str, at: datetime, *, active: bool, actor: User) -> None:
    """Give somebody another role, let them out or in again. Raises DefinitionError."""
    _check_role(role)
    if user.pk == actor.pk:
        raise DefinitionError("nobody takes their own rights away: ask another administrator")
    if user.is_superuser:
        raise DefinitionError("a superuser is changed by manage.py alone")
    with transaction.atomic():
        user.groups.remove(*Group.objects.filter(name__in=RANKS))
        user.groups.add(Group.objects.get_or_create(name=role)[0])
        user.is_active = active
        user.save(update_fields=["is_active"])
        said = f"as {role}" if active else f"as {role}, deactivated"
        note("User", user.get_username(), "changed", actor.get_username(), at, said)


def new_token(name: str, role: Role, at: datetime, *, actor: User) -> str:
    """A token for a program: the only time it can be seen. Raises ChangedMeanwhileError for a name that is in use."""
    with transaction.atomic():
        if ApiToken.objects.filter(name=name, revoked_at=None).exists():
            raise ChangedMeanwhileError(f"There is a token named {name} already: revoke it first")
        raw = issue_token(name, role, at)
        note("ApiToken", name, "created", actor.get_username(), at, f"as {role}")
    return raw


def revoke(name: str, at: datetime, *, actor: User) -> None:
    """Let a token be of no use from now on. Raises NotFoundError."""
    with transaction.atomic():
        if not ApiToken.objects.filter(name=name, revoked_at=None).update(revoked_at=at):
            raise NotFoundError(f"There is no valid token named {name!r}")
        note("ApiToken", name, "revoked", actor.get_username(), at)


def _check_role(role: str) -> None:
    if role not in RANKS:
        raise DefinitionError(f"there is no role {role[:40]!r}; there are {', '.join(RANKS)}")
