"""Reads: flags and who decides them, and what was done to them."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Window
from django.db.models.functions import RowNumber

from alerts.models import Alert
from degradation.models import Flag, FlagChange
from degradation.rules.value import State as FlagState
from slo.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class FlagView:
    """A flag's value at an instant and who decides it; `by` is a user's name, "loop" while shed, else empty.

    `share` is the percentage of targeting keys that are served normally, `value` that of applications without one.
    """

    flag: Flag
    value: bool
    share: int
    state: FlagState
    reason: str
    since: datetime | None
    until: datetime | None
    by: str


def flags(at: datetime) -> list[FlagView]:
    """Every flag, the least important tier first."""
    return [_view(item, at) for item in Flag.objects.select_related("service", "override_by")]


def flag(key: str, at: datetime) -> FlagView:
    """The flag of that key. Raises NotFoundError."""
    found = Flag.objects.select_related("service", "override_by").filter(key=key).first()
    if found is None:
        raise NotFoundError(f"There is no flag with the key {key!r}")
    return _view(found, at)


def flag_view(item: Flag, at: datetime) -> FlagView:
    """The flag as it was read, at an instant: perhaps a later one."""
    return _view(item, at)


def changes(item: Flag, limit: int = 20) -> list[FlagChange]:
    """The flag's latest changes, newest first."""
    return list(item.changes.select_related("actor", "alert__objective")[:limit])


def histories(limit: int, flags: Collection[int]) -> dict[int, list[FlagChange]]:
    """The latest changes of these flags, newest first, by the flag's number."""
    newest = Window(RowNumber(), partition_by="flag", order_by=("-at", "-id"))
    found: dict[int, list[FlagChange]] = defaultdict(list)
    rows = FlagChange.objects.filter(flag__in=flags).select_related("actor").annotate(number=newest)
    for row in rows.filter(number__lte=limit):
        if row.flag_id is not None:
            found[row.flag_id].append(row)
    return dict(found)


def changes_for(alert: Alert) -> list[FlagChange]:
    """What the loop did because of an alert, in order."""
    return list(alert.flag_changes.select_related("flag", "actor").order_by("at", "id"))


def _view(item: Flag, at: datetime) -> FlagView:
    marks = item.marks()
    shown = item, marks.value(at), marks.share(at), marks.state(at)
    if marks.forced(at):
        by = item.override_by.get_username() if item.override_by else "a program"
        return FlagView(*shown, item.override_reason, item.override_at, item.override_until, by)
    if marks.shed:
        return FlagView(*shown, item.shed_reason, item.shed_at, None, "loop")
    if marks.drilled(at):
        return FlagView(*shown, f"drill {item.drill} of tier {item.tier}", None, item.drill_until, "drill")
    if marks.dry:
        return FlagView(*shown, f"would have been shed: {item.dry_reason}", item.dry_at, None, "loop")
    return FlagView(*shown, "", None, None, "")
