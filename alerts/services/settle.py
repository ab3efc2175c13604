"""From cases to what people hear: the one way on which an alert of any kind changes."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from alerts.models import Alert, Evaluation, Transition
from alerts.services import flapping, moves
from alerts.services.cases import Case
from alerts.services.inhibit import inhibit
from alerts.services.silencing import hush
from alerts.services.tell import announce


def lock() -> None:
    """Keep other judgements waiting until this transaction ends: alerts hold each other back, so one at a time."""
    list(Evaluation.objects.select_for_update().filter(pk=1).values_list("pk"))


def settle(groups: Sequence[Sequence[Case]], at: datetime) -> int:
    """Write what becomes of the alerts, and announce what people should hear. Returns the number of changes of state.

    Call it in a transaction, after `lock`. The cases of a group are written all or none.
    """
    changes = moves.write(groups, at)
    moves.refresh(case for group in groups for case in group)
    flapping.notice(changes, at)
    freed = inhibit(at)
    hush([change.alert for change in changes if change.after == Alert.State.FIRING], at)
    announce(_heard(changes, freed), at)
    return len(changes)


def _heard(changes: Sequence[Transition], freed: Sequence[Transition]) -> list[Transition]:
    """What fires and is not kept quiet, and every end: that is only told where the beginning was."""
    ended = [change for change in changes if change.after == Alert.State.RESOLVED]
    fresh = [change for change in changes if change.after == Alert.State.FIRING]
    quiet = Q(inhibited_by__isnull=False) | Q(silence__isnull=False)
    held = Alert.objects.filter(quiet, pk__in=[change.alert_id for change in (*fresh, *freed)])
    kept = set(held.values_list("pk", flat=True)) | {change.alert_id for change in freed if change.alert.told_at}
    return [*ended, *(change for change in (*fresh, *freed) if change.alert_id not in kept)]
