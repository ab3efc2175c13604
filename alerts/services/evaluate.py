"""Judge every objective, and note what changed together with whom to tell."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import DatabaseError, transaction

from alerts.models import Alert, Evaluation, Transition, about
from alerts.rules import figures, words
from alerts.rules.machine import Decision, Present, condition, decide
from alerts.rules.policy import timing
from alerts.services.budget import note_steps
from alerts.services.tell import announce
from slo import selectors
from slo.maths.burn import SEVERITIES
from slo.maths.status import Status
from slo.models import Objective

log = logging.getLogger(__name__)

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def evaluate(at: datetime) -> int:
    """Judge every objective at `at`. Returns the number of changes of state and of budget steps, each with its
    deliveries.

    Repeating an instant, or going back to one before the last, does nothing. An objective that cannot be judged
    is logged and leaves the others alone; its alerts stay as they are.
    """
    judged = _judge(at, list(selectors.objectives()))
    with transaction.atomic():
        if not _claim(at):
            log.warning("Nothing was judged at %s: that instant, or a later one, has been judged already", at)
            return 0
        return _Round(at).run(judged) + note_steps(at, judged)


def _judge(at: datetime, chosen: Sequence[Objective]) -> list[tuple[Objective, Status]]:
    """The statuses of all that can be judged: in one go, or else in halves, down to the one that is at fault."""
    try:
        return list(zip(chosen, selectors.statuses(at, chosen), strict=True))
    except DatabaseError:
        raise
    except Exception:
        if len(chosen) <= 1:
            log.exception("The objective %s cannot be judged; the others go on", *(o.name for o in chosen))
            return []
    middle = len(chosen) // 2
    return _judge(at, chosen[:middle]) + _judge(at, chosen[middle:])


def _claim(at: datetime) -> bool:
    """Move the mark forward; only one evaluation of an instant can."""
    Evaluation.objects.get_or_create(pk=1, defaults={"at": LONG_AGO})
    return bool(Evaluation.objects.filter(pk=1, at__lt=at).update(at=at))


@dataclass(frozen=True, slots=True)
class _Case:
    """One severity of one objective: the open alert, if there is one, and what the rules say of it."""

    objective: Objective
    severity: str
    alert: Alert | None
    present: Present
    decision: Decision
    figures: figures.Figures
    cause: str

    @property
    def changes(self) -> bool:
        return self.decision.state != self.present.state


class _Round:
    """One evaluation, inside its transaction."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.open: dict[int, dict[str, Alert]] = defaultdict(dict)
        for alert in Alert.objects.filter(state__in=Alert.OPEN, kind=Alert.Kind.BURN, objective__isnull=False):
            self.open[alert.objective_id or 0][alert.severity] = alert
        self.unchanged: list[Alert] = []

    def run(self, judged: Iterable[tuple[Objective, Status]]) -> int:
        changes = sum(self._objective(objective, status) for objective, status in judged)
        # States of these did not change, so nothing here can overtake a transition.
        Alert.objects.bulk_update(self.unchanged, ["figures", "quiet_since"], batch_size=200)
        return changes

    def _objective(self, objective: Objective, status: Status) -> int:
        found = self.open.get(objective.pk, {})
        concerned = {w.severity for w in status.facts.policy} | set(found)
        try:
            cases = [self._case(objective, status, s, found.get(s)) for s in SEVERITIES if s in concerned]
            changed = [case for case in cases if case.changes]
            self.unchanged += [_refreshed(case.alert, case) for case in cases if case.alert and not case.changes]
            return self._change(changed) if changed else 0
        except Exception:
            log.exception("The alerts of the objective %s could not be judged; the others go on", objective.name)
            return 0

    def _case(self, objective: Objective, status: Status, severity: str, alert: Alert | None) -> _Case:
        stated = objective.burn_policy.timing if objective.burn_policy else {}
        patience = timing(status.facts.policy, severity, stated)
        present = _present(alert)
        known = condition(status, severity)
        decision = decide(present, known, self.at, patience)
        # While nothing is known, the last figures that were known stay.
        numbers = figures.restore(alert.figures) if alert and known is None else figures.measure(status, severity)
        cause = words.cause(present, decision, numbers, severity, patience)
        return _Case(objective, severity, alert, present, decision, numbers, cause)

    @transaction.atomic
    def _change(self, cases: list[_Case]) -> int:
        """Write the changes of one objective, all or nothing. Returns their number."""
        written = 0
        for case in cases:
            alert = self._move(case.alert, case) if case.alert else self._open(case)
            if alert is not None:
                self._record(alert, case)
                written += 1
        return written

    def _open(self, case: _Case) -> Alert | None:
        # The objective may have been deleted since it was judged; locked, it stays until this is committed.
        if not list(Objective.objects.select_for_update().filter(pk=case.objective.pk).values_list("pk")):
            return None
        return Alert.objects.create(
            **about(case.objective), severity=case.severity, opened_at=self.at, **self._fields(case)
        )

    def _move(self, alert: Alert, case: _Case) -> Alert | None:
        """Change the state if it still is what was judged."""
        same = Alert.objects.filter(pk=alert.pk, state=case.present.state)
        return alert if same.update(**self._fields(case)) else None

    def _fields(self, case: _Case) -> dict[str, object]:
        state = case.decision.state
        fields: dict[str, object] = {
            "state": state,
            "figures": case.figures.as_json(),
            "quiet_since": case.decision.quiet_since,
        }
        if state == "firing":
            fields["fired_at"] = self.at
        if state in ("resolved", "inactive"):
            fields["ended_at"] = self.at
        return fields

    def _record(self, alert: Alert, case: _Case) -> None:
        change = Transition.objects.create(
            alert=alert, at=self.at, before=case.present.state, after=case.decision.state, cause=case.cause
        )
        if change.after in ("firing", "resolved"):
            announce([change], self.at)


def _refreshed(alert: Alert, case: _Case) -> Alert:
    """The alert with the figures and the quiet of an evaluation that leaves its state as it is."""
    alert.figures = case.figures.as_json()
    alert.quiet_since = case.decision.quiet_since
    return alert


def _present(alert: Alert | None) -> Present:
    if alert is None:
        return Present()
    return Present(alert.state, alert.opened_at, alert.quiet_since)  # type: ignore[arg-type]
