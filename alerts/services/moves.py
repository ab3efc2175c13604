"""Write what becomes of alerts, each change of state as a Transition with its cause."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from alerts.models import Alert, Transition
from alerts.rules.verdicts import NAMES
from alerts.services.cases import Case
from slo.models import Objective

log = logging.getLogger(__name__)

BATCH = 200
_ABOUT = ("title", "runbook", "service")
_REFRESHED = (*_ABOUT, "figures", "quiet_since")
_MOVED = (*_REFRESHED, "state", "fired_at", "ended_at", "spent", "inhibited_by", "silence")


def write(groups: Sequence[Sequence[Case]], at: datetime) -> list[Transition]:
    """Write the cases that change a state, in one go; those of a group all or none.

    Where that fails, in halves, down to the group that is at fault: it is logged, and leaves the others alone.
    """
    changing = [found for group in groups if (found := [case for case in group if case.changes])]
    return _halves(changing, at) if changing else []


def refresh(cases: Iterable[Case]) -> None:
    """Keep the latest figures of alerts whose state stays as it is, so that nothing here can overtake a change."""
    staying = [(case.alert, case) for case in cases if case.alert and not case.changes]
    for alert, case in staying:
        _assign(alert, {**_about(case), "figures": case.figures, "quiet_since": case.decision.quiet_since})
    Alert.objects.bulk_update([alert for alert, _ in staying], _REFRESHED, batch_size=BATCH)


def note(found: Iterable[Alert], kind: str, at: datetime, causes: Mapping[int, str]) -> list[Transition]:
    """Record something that changes no state of these alerts, each with its cause by primary key."""
    return Transition.objects.bulk_create(
        [
            Transition(alert=alert, kind=kind, at=at, before=alert.state, after=alert.state, cause=causes[alert.pk])
            for alert in found
        ],
        batch_size=BATCH,
    )


def _halves(groups: Sequence[Sequence[Case]], at: datetime) -> list[Transition]:
    try:
        with transaction.atomic():
            return _write([case for group in groups for case in group], at)
    except Exception:
        if len(groups) <= 1:
            kind, subject, _ = groups[0][0].key
            log.exception("The alerts %s of %s could not be judged; the others go on", NAMES.get(kind, kind), subject)
            return []
    middle = len(groups) // 2
    return _halves(groups[:middle], at) + _halves(groups[middle:], at)


def _write(cases: Sequence[Case], at: datetime) -> list[Transition]:
    # What ends goes before what begins: of a kind, subject and severity only one is open.
    moved = _move([case for case in cases if case.alert], at)
    opened = _open([case for case in cases if not case.alert], at)
    changes = [_transition(alert, case, at) for alert, case in (*moved, *opened)]
    return Transition.objects.bulk_create(changes, batch_size=BATCH)


def _move(cases: Sequence[Case], at: datetime) -> list[tuple[Alert, Case]]:
    """Change the states that still are what was judged."""
    locked = Alert.objects.select_for_update().filter(pk__in=[case.alert.pk for case in cases if case.alert])
    states = dict(locked.order_by("pk").values_list("pk", "state")) if cases else {}
    moved = [(c.alert, c) for c in cases if c.alert and states.get(c.alert.pk) == c.present.state]
    for alert, case in moved:
        _assign(alert, {**_about(case), **_fields(case, at)})
    Alert.objects.bulk_update([alert for alert, _ in moved], _MOVED, batch_size=BATCH)
    return moved


def _open(cases: Sequence[Case], at: datetime) -> list[tuple[Alert, Case]]:
    # An objective may have been deleted since it was judged; locked, it stays until this is committed.
    wanted = {item.pk for case in cases if (item := case.about.get("objective"))}
    there = set(Objective.objects.select_for_update().filter(pk__in=wanted).values_list("pk", flat=True))
    opened = [
        (_new(case, at), case)
        for case in cases
        if not (item := case.about.get("objective")) or (item.pk is not None and item.pk in there)
    ]
    Alert.objects.bulk_create([alert for alert, _ in opened], batch_size=BATCH)
    return opened


def _new(case: Case, at: datetime) -> Alert:
    kind, subject, severity = case.key
    named = {**case.about, "kind": kind, "subject": subject, "severity": severity}
    return Alert(**named, opened_at=at, **_fields(case, at))


def _transition(alert: Alert, case: Case, at: datetime) -> Transition:
    # An end is told to whoever was told of the beginning.
    channels = list(case.channels) if case.decision.state == "firing" else []
    return Transition(
        alert=alert,
        at=at,
        before=case.present.state,
        after=case.decision.state,
        cause=case.cause,
        channels=channels,
    )


def _about(case: Case) -> dict[str, Any]:
    return {name: case.about[name] for name in _ABOUT if name in case.about}


def _fields(case: Case, at: datetime) -> dict[str, Any]:
    state: str = case.decision.state
    fields: dict[str, Any] = {
        "state": state,
        "figures": case.figures,
        "quiet_since": case.decision.quiet_since,
    }
    if state == Alert.State.FIRING:
        fields["fired_at"] = at
    if state in (Alert.State.RESOLVED, Alert.State.INACTIVE):
        # What is over is kept quiet by nothing any more.
        fields |= {"ended_at": at, "spent": case.cost, "inhibited_by": None, "silence": None}
    return fields


def _assign(alert: Alert, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(alert, name, value)
