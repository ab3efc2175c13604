"""Judge every objective and every source, and note what changed together with whom to tell."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from django.db import DatabaseError, transaction

from alerts.models import Alert, Evaluation, about
from alerts.rules import figures, words
from alerts.rules.lack import LENGTHS
from alerts.rules.machine import condition, decide
from alerts.rules.policy import timing
from alerts.selectors import alerts
from alerts.services import budget, lack
from alerts.services.cases import Case, Key, patient, present_of, standing
from alerts.services.cost import costed
from alerts.services.follow_up import follow_up
from alerts.services.settle import settle
from slo import selectors
from slo.maths.burn import SEVERITIES
from slo.maths.status import Status
from slo.models import Objective
from slo.services import standing as standings

log = logging.getLogger(__name__)

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def evaluate(at: datetime) -> int:
    """Judge every objective and every source at `at`. Returns the number of changes of state, escalations and such.

    Repeating an instant, or going back to one before the last, does nothing. An objective that cannot be judged
    is logged and leaves the others alone; its alerts stay as they are.
    """
    judged = _judge(at, list(selectors.objectives()))
    with transaction.atomic():
        if not _claim(at):
            log.warning("Nothing was judged at %s: that instant, or a later one, has been judged already", at)
            return 0
        book = standing(alerts().filter(state__in=Alert.OPEN))
        changes = settle(_cases(judged, book, at), at) + _followed_up(at)
    standings.keep(judged)
    return changes


def _followed_up(at: datetime) -> int:
    """What becomes of open alerts; where that fails, what was judged stays."""
    try:
        return follow_up(at)
    except DatabaseError:
        raise
    except Exception:
        log.exception("Silences, escalations and reminders could not be looked at; the next evaluation tries again")
        return 0


def _judge(at: datetime, chosen: Sequence[Objective]) -> list[tuple[Objective, Status]]:
    """The statuses of all that can be judged: in one go, or else in halves, down to the one that is at fault."""
    try:
        return list(zip(chosen, selectors.statuses(at, chosen, lengths=LENGTHS), strict=True))
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


def _cases(judged: Sequence[tuple[Objective, Status]], book: Mapping[Key, Alert], at: datetime) -> list[list[Case]]:
    """The cases of each objective, then those of the sources; what cannot be judged is logged and left out."""
    steps = budget.steps(judged, at)
    groups = [
        _guarded(partial(_objective, *pair, steps.get(pair[0].pk), book, at), f"objective {pair[0].name}")
        for pair in judged
    ]
    return [*costed(groups, judged), _guarded(partial(lack.sources, book, at), "sources")]


def _guarded(judge: Callable[[], list[Case]], name: str) -> list[Case]:
    try:
        return judge()
    except DatabaseError:
        raise
    except Exception:
        log.exception("The alerts of the %s could not be judged; the others go on", name)
        return []


def _objective(
    objective: Objective, status: Status, step: budget.Standing | None, book: Mapping[Key, Alert], at: datetime
) -> list[Case]:
    return [
        *_burns(objective, status, book, at),
        *lack.objective(objective, status, book, at),
        *budget.cases(objective, step, book, at),
    ]


def _burns(objective: Objective, status: Status, book: Mapping[Key, Alert], at: datetime) -> Iterator[Case]:
    policy = status.facts.policy
    stated = objective.burn_policy.timing if objective.burn_policy else {}
    for severity in SEVERITIES:
        key = (Alert.Kind.BURN, objective.name, severity)
        alert = book.get(key)
        if alert is None and all(window.severity != severity for window in policy):
            continue
        present, patience = present_of(alert), patient(alert, timing(policy, severity, stated))
        known = condition(status, severity)
        decision = decide(present, known, at, patience)
        # While nothing is known, the last figures that were known stay.
        numbers = figures.restore(alert.figures) if alert and known is None else figures.measure(status, severity)
        cause = words.cause(present, decision, numbers, severity, patience)
        yield Case(key, about(objective), alert, present, decision, cause, numbers.as_json())
