"""Flags by hand: forced for a while, released, everything put back."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from degradation.errors import ConflictError, OverrideError
from degradation.models import Flag, FlagChange, Shedding
from degradation.rules.shedding import Policy, State, released
from degradation.rules.value import NONE, check_expiry, check_reason, check_share
from degradation.services.changes import change, conflict, keep
from slo.errors import NotFoundError
from slo.maths.windows import to_epoch

log = logging.getLogger(__name__)
Cause = FlagChange.Cause
RELEASED = {
    "override": "",
    "override_to": NONE,
    "override_at": None,
    "override_until": None,
    "override_reason": "",
    "override_by": None,
}
RESTORED = {"shed_at": None, "shed_by_id": None, "shed_reason": "", "shed_to": NONE}
DRY = {"dry_at": None, "dry_reason": ""}


def force(
    key: str,
    value: bool | int,  # noqa: FBT001 the value is what the sentence is about: force("x", False)
    *,
    user: User | None,
    reason: str,
    until: datetime,
    at: datetime,
    version: int | None = None,
) -> None:
    """Hold a flag on, off, or at a share (0 to 100, percent) of normal service until an instant at most a day away.

    A standing override is replaced.

    `version` is that of the flag the person saw. Raises NotFoundError, OverrideError, or ConflictError when
    somebody was faster.
    """
    reason = check_reason(reason)
    check_expiry(until, at)
    with transaction.atomic():
        flag = _seen(key, version)
        if not isinstance(value, bool):
            check_share(value, splits=flag.splits)
        _note_expiry(flag, at)
        forced = {
            **_wanted(value),
            "override_at": at,
            "override_until": until,
            "override_reason": reason,
            "override_by": user,
        }
        change(flag, at, Cause.FORCED, reason, forced, actor=user, until=until)


def release(key: str, *, user: User | None, reason: str, at: datetime, version: int | None = None) -> None:
    """End an override before its time: the flag is automatic again. Errors as for `force`."""
    reason = check_reason(reason)
    with transaction.atomic():
        flag = _seen(key, version)
        if not flag.marks().forced(at):
            raise OverrideError(f"{key} is not forced by anybody, so there is nothing to release")
        change(flag, at, Cause.RELEASED, reason, RELEASED, actor=user)


def restore_everything(*, user: User | None, reason: str, at: datetime) -> int:
    """Release every override and bring back everything that is shed. Returns the number of flags concerned.

    The loop may shed again for what still burns, after its dwell. Raises OverrideError without a reason.
    """
    reason = check_reason(reason)
    with transaction.atomic():
        for row in Shedding.objects.select_for_update(of=("self",)).select_related("policy", "service"):
            _calm(row, at, reason)
        concerned = Flag.objects.exclude(override="", shed_at=None, dry_at=None)
        changed = [flag for flag in concerned.select_for_update() if _restore(flag, user, reason, at)]
    return len(changed)


def expire(at: datetime) -> int:
    """Note the overrides whose time is up. Returns how many. They had stopped to hold at their own instant."""
    ended = 0
    for flag in Flag.objects.exclude(override="").filter(override_until__lte=at):
        try:
            with transaction.atomic():
                _note_expiry(flag, at)
            ended += 1
        except ConflictError:
            log.info("The override of %s was changed while it expired; it is looked at again next time", flag.key)
    return ended


def _wanted(value: bool | int) -> dict[str, Any]:  # noqa: FBT001 on, off, or a share between
    if isinstance(value, bool):
        return {"override": Flag.Override.ON if value else Flag.Override.OFF, "override_to": NONE}
    return {"override": Flag.Override.DIM, "override_to": value}


def _seen(key: str, version: int | None) -> Flag:
    flag = Flag.objects.filter(key=key).first()
    if flag is None:
        raise NotFoundError(f"There is no flag with the key {key!r}")
    if version is not None and version != flag.version:
        raise conflict(key)
    return flag


def _note_expiry(flag: Flag, at: datetime) -> None:
    until = flag.override_until
    if flag.override and until is not None and until <= at:
        # From its own instant on it held no longer, however late that is noticed.
        held = flag.marks()
        just_before = until - timedelta(microseconds=1)
        change(
            flag,
            until,
            Cause.EXPIRED,
            f"its time was up ({flag.override_reason})",
            RELEASED,
            before=held.value(just_before),
            before_share=held.share(just_before),
        )


def _restore(flag: Flag, user: User | None, reason: str, at: datetime) -> bool:
    _note_expiry(flag, at)
    forced, shed = bool(flag.override), flag.shed_at is not None
    if forced:
        change(flag, at, Cause.RELEASED, reason, RELEASED, actor=user)
    if shed:
        change(flag, at, Cause.RESTORED, reason, RESTORED, actor=user)
    if flag.dry_at is not None:
        change(flag, at, Cause.WOULD_RESTORE, reason, DRY, actor=user)
    return forced or shed


def _calm(row: Shedding, at: datetime, reason: str) -> None:
    policy = Policy.of(row.policy.spec) if row.policy else Policy()
    keep(row, released(State.of(row.state), policy, to_epoch(at)), at, f"everything was restored by hand: {reason}")
