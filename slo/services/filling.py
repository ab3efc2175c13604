"""Fills in the history of objectives made on a page: in small pieces, beside the ticks, from where it left off."""

import logging
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.db.models import Q

from slo.errors import BackfillError, BrownoutError
from slo.maths.windows import floor_to, from_epoch, to_epoch
from slo.models import Filling, Objective, Watermark
from slo.services import thin
from slo.services.backfill import backfill
from slo.sources import registry

log = logging.getLogger(__name__)

# Seconds a run may take, those of history asked for at a time, and how long a run that died holds up the next.
PATIENCE, PIECE, LEASE = 5.0, 6 * 3_600, timedelta(minutes=2)


def remembers(item: Objective) -> bool:
    """Does the objective's source know the past?"""
    try:
        return registry.build(item.source.kind, item.source.spec).replays
    except BrownoutError:
        return False


def order(item: Objective, at: datetime, *, actor: str) -> Filling:
    """Have the history of the objective's period filled in; again where that failed. Raises BackfillError."""
    if not remembers(item):
        raise BackfillError(f"the source {item.source.name} knows only the present ({item.source.kind})")
    now = to_epoch(at)
    mark = Watermark.objects.filter(objective=item).first()
    began = mark.started if mark else floor_to(now, settings.TICK_SECONDS)
    since = max(now - item.span().seconds, now - thin.POLICY[-1].age + 3_600)
    fields = {"state": Filling.State.DUE, "note": "", "asked_by": actor[:200], "asked_at": at, "leased_until": None}
    new = {"since": since, "began": now, "reached": began}
    row, _ = Filling.objects.update_or_create(objective=item, defaults=fields, create_defaults={**fields, **new})
    return row


def fill(at: datetime, patience: float = PATIENCE) -> int:
    """Go on with what is due, for a few seconds at most. Returns how many pieces were filled in."""
    free, until, pieces = Q(leased_until=None) | Q(leased_until__lt=at), monotonic() + patience, 0
    for pk in list(
        Filling.objects.filter(free, state=Filling.State.DUE).order_by("asked_at").values_list("pk", flat=True)
    ):
        if pieces and monotonic() >= until:
            break
        if not Filling.objects.filter(free, pk=pk).update(leased_until=at + LEASE):
            continue
        row = Filling.objects.select_related("objective__source", "objective__service").get(pk=pk)
        try:
            going = True
            while going:
                _piece(row, at)
                pieces += 1
                going = row.state == Filling.State.DUE and monotonic() < until
        finally:
            Filling.objects.filter(pk=pk).update(leased_until=None)
    return pieces


def _piece(row: Filling, at: datetime) -> None:
    """The hours before the ledger's first row."""
    mark = Watermark.objects.filter(objective=row.objective_id).first()
    first = mark.started if mark else to_epoch(at)
    since = max(row.since, first - PIECE)
    if first - since < settings.TICK_SECONDS:
        row.state = Filling.State.DONE
    else:
        _fill(row, since, first, at)
    row.save(update_fields=["state", "note", "reached"])


def _fill(row: Filling, since: int, first: int, at: datetime) -> None:
    try:
        [outcome] = backfill([row.objective], from_epoch(since), from_epoch(first), at)
    except BrownoutError as error:
        row.state, row.note = Filling.State.FAILED, str(error)
        return
    stuck = outcome.start >= first
    row.reached = outcome.start
    if outcome.failed:
        row.state, row.note = Filling.State.FAILED, outcome.note
    elif stuck:
        row.state, row.note = Filling.State.DONE, outcome.note
