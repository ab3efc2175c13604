"""Work through a runbook: who started it, who ticked what when, and how it ended. Nothing is ever overwritten."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction

from alerts.errors import RunOverError
from alerts.models import Alert, Runbook, RunbookRun, StepTick
from alerts.rules.runbook import read
from slo.errors import DefinitionError, NotFoundError

NOTE_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, or a program by the name of its token."""

    name: str
    user: AbstractBaseUser | None = None


def start(book: Runbook, alert: Alert | None, by: Actor, at: datetime) -> RunbookRun:
    """The run of a runbook for an alert that is not finished: a new one, or the one that somebody has begun already.

    Without an alert it is an exercise, and always a new one. Raises DefinitionError for a runbook without steps.
    """
    version = book.latest
    if version is None or not read(version.body).steps:
        raise DefinitionError(
            f"{book.name} has no steps: write them as a numbered list under Immediate action or Recovery", field="body"
        )
    kept = {
        "runbook": book,
        "title": book.title,
        "number": version.number,
        "body": version.body,
        "started_at": at,
        "started_by": by.name,
    }
    if alert is None:
        return RunbookRun.objects.create(name=book.name, **kept)
    try:
        with transaction.atomic():
            found, _ = RunbookRun.objects.get_or_create(alert=alert, name=book.name, finished_at=None, defaults=kept)
            return found
    except IntegrityError:
        return RunbookRun.objects.get(alert=alert, name=book.name, finished_at=None)


def tick(run: RunbookRun, step: str, by: Actor, at: datetime, *, done: bool | None, note: str = "") -> StepTick | None:
    """Tick a step (`done`), take the tick back, or (None) only note something; an empty `step` is the run as a whole.

    Returns what was added: nothing when the step stands so already and nothing is said. Raises NotFoundError for a
    step that the run's version does not have, and RunOverError.
    """
    note = note.replace("\0", "").strip()[:NOTE_LENGTH]
    known = {known.key for known in read(run.body).steps}
    if step not in (known if done is not None else {*known, ""}):
        raise NotFoundError(f"Version {run.number} of {run.name} has no step {step!r}")
    with transaction.atomic():
        # Taken for the time of this act, so that nothing is added to a run that ends at the same moment.
        held = RunbookRun.objects.select_for_update().get(pk=run.pk)
        if held.finished_at:
            raise _over(held)
        if not note and (done is None or done == _stands(run, step)):
            return None
        return StepTick.objects.create(
            run=run, step=step, done=done, at=at, by=by.name, user_id=by.user.pk if by.user else None, note=note
        )


def finish(run: RunbookRun, by: Actor, at: datetime, outcome: str = "") -> RunbookRun:
    """End a run, with what came of it in words. Raises RunOverError if somebody has ended it."""
    ended = RunbookRun.objects.filter(pk=run.pk, finished_at=None).update(
        finished_at=at, finished_by=by.name, outcome=outcome.replace("\0", "").strip()[:NOTE_LENGTH]
    )
    run.refresh_from_db()
    if not ended:
        raise _over(run)
    return run


def _stands(run: RunbookRun, step: str) -> bool:
    last = run.ticks.filter(step=step, done__isnull=False).last()
    return bool(last and last.done)


def _over(run: RunbookRun) -> RunOverError:
    who = f"{run.finished_by} has ended" if run.finished_by else "This is the end of"
    return RunOverError(f"{who} this run of {run.name}: start another one to go on")
