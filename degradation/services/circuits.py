"""Circuits: judged by what was measured, forced by people, released."""

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from degradation.errors import ConflictError, OverrideError
from degradation.models import Circuit, CircuitChange
from degradation.rules.circuit import Calls, Forced, State, counted_from, decide
from degradation.rules.circuit import force as force_state
from degradation.rules.circuit import release as release_state
from degradation.rules.value import check_expiry, check_reason
from degradation.services.changes import conflict
from slo import selectors as slo_selectors
from slo.errors import NotFoundError
from slo.maths.ledger import Window
from slo.maths.windows import from_epoch, to_epoch
from slo.models import Component, Objective

log = logging.getLogger(__name__)
Cause = CircuitChange.Cause
# For how long changes are kept that no person made: a component that is gone for good is tried out all the time.
KEPT = timedelta(days=90)


def judge(at: datetime) -> None:
    """Feed every circuit the calls its component's objectives have counted, and write down what changes.

    A circuit that fails does not hold up the others. Raises ExceptionGroup at the end with what failed.
    """
    rows = _rows()
    calls = _calls(rows, at)
    failures: list[Exception] = []
    for row in rows:
        try:
            _judge(row, calls.get(row.pk), at)
        except ConflictError:
            log.info("%s was changed meanwhile; it is judged again at the next tick", row)
        except Exception as error:
            log.exception("%s cannot be judged", row)
            failures.append(error)
    if failures:
        raise ExceptionGroup("judging circuits failed in part", failures)


def force(
    name: str,
    phase: Forced,
    *,
    user: User | None,
    reason: str,
    until: datetime,
    at: datetime,
    version: int | None = None,
) -> None:
    """Hold a component's circuit open or closed until an instant, at most 24 hours away; a standing force is replaced.

    `version` is that of the circuit the person saw. Raises NotFoundError, OverrideError, or ConflictError when
    somebody was faster.
    """
    reason = check_reason(reason)
    check_expiry(until, at)
    with transaction.atomic():
        row = _seen(name, version)
        state = force_state(_present(row, at), phase, to_epoch(at), to_epoch(until))
        _change(row, state, Cause.FORCED, reason, actor=user)


def release(name: str, *, user: User | None, reason: str, at: datetime, version: int | None = None) -> None:
    """End a force before its time: the circuit follows the traffic again. Errors as for `force`."""
    reason = check_reason(reason)
    with transaction.atomic():
        row = _seen(name, version)
        state = _present(row, at)
        if not state.forced:
            raise OverrideError(f"The circuit of {name} is not forced by anybody, so there is nothing to release")
        _change(row, release_state(state, to_epoch(at)), Cause.RELEASED, reason, actor=user)


def thin(at: datetime) -> int:
    """Forget what traffic and time changed long ago; what people did stays. Returns how many."""
    return CircuitChange.objects.filter(cause__in=(Cause.TRAFFIC, Cause.TIME), at__lt=at - KEPT).delete()[0]


def _rows() -> list[Circuit]:
    """The circuit of every component; those of new components are made."""
    bare = Component.objects.filter(circuit=None)
    if bare:
        Circuit.objects.bulk_create([Circuit(component=item) for item in bare], ignore_conflicts=True)
    return list(Circuit.objects.select_related("component__circuit_settings"))


def _calls(rows: Iterable[Circuit], at: datetime) -> Mapping[int, Calls]:
    """What was counted of each component since the instant its circuit asks from; nothing where nothing was seen."""
    starts = {row.pk: counted_from(row.standing(), to_epoch(at), row.settings()) for row in rows}
    by_component: dict[int, list[Objective]] = defaultdict(list)
    # An objective made of labels counts again what its parent counts.
    for item in Objective.objects.filter(component__in=starts, parent=None):
        if item.component_id is not None and item.unit() == "events":
            by_component[item.component_id].append(item)
    asked = {item.pk: starts[pk] for pk, items in by_component.items() for item in items}
    windows = slo_selectors.since(asked, at)
    found = {
        pk: _added([(item, windows[item.pk]) for item in items if item.pk in windows])
        for pk, items in by_component.items()
    }
    return {pk: calls for pk, calls in found.items() if calls is not None}


def _added(counted: Sequence[tuple[Objective, Window]]) -> Calls | None:
    """The calls of a component: those of its latency objectives tell how many were slow, the others how many failed."""
    known = [(item.indicator == "latency", window) for item, window in counted if window.known]
    if not known:
        return None
    outcomes = [window for latency, window in known if not latency]
    times = [window for latency, window in known if latency]
    return Calls(
        sum(max(0.0, window.sums.total) for window in outcomes),
        sum(window.bad or 0.0 for window in outcomes),
        sum(max(0.0, window.sums.total) for window in times),
        sum(window.bad or 0.0 for window in times),
    )


def _judge(row: Circuit, calls: Calls | None, at: datetime) -> None:
    state, now = row.standing(), to_epoch(at)
    decision = decide(state, calls, now, row.settings(), _luck(row, now))
    if decision.reason:
        timed = state.until is not None
        cause = (Cause.EXPIRED if state.forced else Cause.TIME) if timed else Cause.TRAFFIC
        with transaction.atomic():
            _change(row, decision.state, cause, decision.reason)


def _luck(row: Circuit, now: int) -> float:
    """A number from 0 to 1 that is another for each circuit and instant, and the same for whoever judges it then."""
    digest = hashlib.sha256(f"{row.pk}:{now}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32


def _change(row: Circuit, state: State, cause: Cause, reason: str, *, actor: User | None = None) -> None:
    """Move the circuit and write down why. Call inside a transaction. Raises ConflictError when it has moved since."""
    before = row.standing()
    fields = {"state": state.as_json(), "reason": reason, "actor": actor}
    if not Circuit.objects.filter(pk=row.pk, version=row.version).update(version=row.version + 1, **fields):
        raise conflict(str(row))
    row.state, row.version = fields["state"], row.version + 1
    until = None if state.until is None else from_epoch(state.until)
    CircuitChange.objects.create(
        circuit=row,
        at=from_epoch(state.since),
        cause=cause,
        before=before.phase,
        after=state.phase,
        reason=reason,
        actor=actor,
        until=until,
    )


def _seen(name: str, version: int | None) -> Circuit:
    component = Component.objects.filter(name=name).first()
    if component is None:
        raise NotFoundError(f"There is no component named {name!r}")
    Circuit.objects.bulk_create([Circuit(component=component)], ignore_conflicts=True)
    row = Circuit.objects.select_for_update().get(component=component)
    if version is not None and row.version != version:
        raise conflict(f"the circuit of {name}")
    return row


def _present(row: Circuit, at: datetime) -> State:
    """Where it stands at `at`, a force whose time is up noted first."""
    state = row.standing()
    if state.forced and state.until is not None and state.until <= to_epoch(at):
        ended = release_state(state, state.until)
        _change(row, ended, Cause.EXPIRED, "the time it was forced for is up")
        return ended
    return state
