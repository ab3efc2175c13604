"""Banners: put up and taken down, by people, by a step of the loop or for a capability."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from degradation.errors import OverrideError
from degradation.models import Banner, Capability
from degradation.rules.value import check_reason
from slo.errors import NotFoundError

LONGEST_TEXT = 500


def put_up(
    text: str,
    *,
    reason: str,
    at: datetime,
    by: str,
    user: User | None = None,
    capability: Capability | None = None,
    cause: str = "",
    until: datetime | None = None,
) -> Banner:
    """Put up a banner; one that stands for the same `cause` is left as it is, and returned.

    Raises OverrideError for an empty or endless text, a missing reason, or an end in the past.
    """
    words, reason = text.strip(), check_reason(reason)
    if not words or len(words) > LONGEST_TEXT:
        raise OverrideError(f"A banner says something in at most {LONGEST_TEXT} characters")
    if until is not None and until <= at:
        raise OverrideError("The banner would be gone already: choose an end in the future")
    try:
        with transaction.atomic():
            return Banner.objects.create(
                text=words,
                reason=reason,
                since=at,
                put_up_by=by,
                user=user,
                capability=capability,
                cause=cause,
                until=until,
            )
    except IntegrityError:
        standing = Banner.objects.filter(cause=cause, ended_at=None).first()
        if not cause or standing is None:
            raise
        return standing


def take_down(pk: int, *, reason: str, at: datetime) -> bool:
    """Take a banner down. Returns whether it stood until now. Raises NotFoundError."""
    if not Banner.objects.filter(pk=pk).exists():
        raise NotFoundError(f"There is no banner {pk}")
    return bool(Banner.objects.filter(pk=pk, ended_at=None).update(ended_at=at, ended_reason=check_reason(reason)))


def take_down_of(cause: str, *, reason: str, at: datetime) -> bool:
    """Take down the banner that stands for a cause, if one does."""
    return bool(Banner.objects.filter(cause=cause, ended_at=None).update(ended_at=at, ended_reason=reason))
