"""What people do not want to hear of: made and ended by people, programs and documents, each act kept as a row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from alerts.errors import SilenceOverError
from alerts.models import Silence, SilenceChange
from alerts.selectors import open_alerts
from alerts.services.silence_spec import read
from alerts.services.silencing import hush
from alerts.services.standing import holding
from alerts.services.tell import announce
from slo.errors import DeclaredError, DefinitionError, NotFoundError

__all__ = ["create", "end", "holding", "note"]

Action = SilenceChange.Action

REASON_LENGTH = 2_000


@transaction.atomic
def create(wanted: Mapping[str, Any], at: datetime, *, user: User | None = None, by: str = "") -> Silence:
    """Silence what matches. `wanted` holds the fields of a Silence document.

    One that says the same already, and is not over, is given back as it is, so that asking twice is safe. Raises
    DefinitionError for what makes no sense.
    """
    fields = read(wanted).fields()
    same = Silence.objects.filter(ended_at=None, **fields).first()
    if same is not None:
        return same
    made = Silence(**fields, created_by=user, by=by, created_at=at)
    if made.as_rule().phase(at) == "ended":
        raise DefinitionError("this would be over already: let it end later", field="end")
    made.save()
    note(made, at, user=user, by=by)
    settle(at)
    return made


@transaction.atomic
def end(pk: int, at: datetime, *, reason: str, user: User | None = None, by: str = "", whole: bool = False) -> Silence:
    """End a silence before its time, for a reason. Of one that comes back only this occurrence, unless `whole`.

    Raises NotFoundError, SilenceOverError, DefinitionError without a reason, and DeclaredError for the whole of one
    that a document brings back.
    """
    reason = reason.strip()[:REASON_LENGTH]
    if not reason:
        raise DefinitionError("say why it ends: the reason is kept", field="reason")
    row = Silence.objects.select_for_update().filter(pk=pk).first()
    if row is None:
        raise NotFoundError(f"There is no silence {pk}")
    until = row.as_rule().until(at)
    if row.rule and not whole:
        if until is None:
            raise SilenceOverError("No occurrence of this silence is in force: end the whole of it instead")
        row.cut_until = until
    else:
        _end_for_good(row, at)
    row.ended_by, row.ended_via, row.ended_reason = user, by, reason
    row.save()
    note(row, at, action=Action.ENDED if row.ended_at else Action.CUT, user=user, by=by, reason=reason)
    settle(at)
    return row


def settle(at: datetime) -> None:
    """Put silences on open alerts and lift them now, without waiting for the next evaluation."""
    announce(hush(open_alerts(), at), at)


def _end_for_good(row: Silence, at: datetime) -> None:
    if row.as_rule().phase(at) == "ended":
        raise SilenceOverError("This silence is over already")
    if row.name and row.rule:
        raise DeclaredError(
            f"The silence {row.name!r} is declared in a document; remove it there and apply with --prune"
        )
    row.ended_at = at


def note(
    row: Silence,
    at: datetime,
    *,
    action: Action | None = None,
    user: User | None = None,
    by: str = "",
    reason: str = "",
) -> None:
    """Keep what was done to a silence. Without an action: that it was made or changed, unless that is known."""
    state = _state(row)
    if action is None:
        last = SilenceChange.objects.filter(silence=row.pk).first()
        if last is not None and last.state == state:
            return
        action = Action.CHANGED if last else Action.CREATED
    SilenceChange.objects.create(silence=row.pk, at=at, action=action, state=state, actor=user, by=by, reason=reason)


def _state(row: Silence) -> dict[str, Any]:
    return {
        "name": row.name,
        "matchers": row.matchers,
        "start": row.start.isoformat(),
        "end": row.end.isoformat(),
        "rule": row.rule,
        "time_zone": row.zone,
        "reason": row.reason,
    }
