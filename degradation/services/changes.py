"""One way to change a flag or the loop's state: by compare-and-set on its version; for flags with an audit row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from degradation.errors import ConflictError
from degradation.models import Flag, FlagChange, Shedding
from degradation.rules.shedding import State


def change(
    flag: Flag,
    at: datetime,
    cause: FlagChange.Cause,
    reason: str,
    fields: Mapping[str, Any],
    *,
    actor: User | None = None,
    alert: int | None = None,
    until: datetime | None = None,
    before: bool | None = None,
    before_share: int | None = None,
) -> None:
    """Set the fields on the row and the instance, and note what it did to the value. Call inside a transaction.

    `before` is the value until now, `before_share` the share, where it is not what the flag's marks give at `at`.
    Raises ConflictError when the row is no longer the one that was read.
    """
    marks = flag.marks()
    before = marks.value(at) if before is None else before
    before_share = marks.share(at) if before_share is None else before_share
    if not Flag.objects.filter(pk=flag.pk, version=flag.version).update(version=flag.version + 1, **fields):
        raise conflict(flag.key)
    for name, value in fields.items():
        setattr(flag, name, value)
    flag.version += 1
    marks = flag.marks()
    FlagChange.objects.create(
        flag=flag,
        at=at,
        cause=cause,
        before=before,
        after=marks.value(at),
        before_share=before_share,
        after_share=marks.share(at),
        reason=reason,
        actor=actor,
        alert_id=alert,
        until=until,
    )


def keep(row: Shedding, state: State, at: datetime, reason: str) -> None:
    """Keep where the loop stands and its decision in words. Raises ConflictError when another worker was faster."""
    fields = {"state": state.as_json(), "decided_at": at, "reason": reason}
    if not Shedding.objects.filter(pk=row.pk, version=row.version).update(version=row.version + 1, **fields):
        raise conflict(f"what is shed of {row.service}")


def conflict(what: str) -> ConflictError:
    """The error to raise when two changed the same thing at once."""
    return ConflictError(f"Somebody else changed {what} a moment ago: look at it again, then try once more")
