"""Reads: runbooks as they were and are, who works through them, and what an alert puts into them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Max, Min, Q
from django.urls import reverse

from alerts import selectors
from alerts.models import Alert, Runbook, RunbookRun, RunbookVersion, StepTick
from alerts.rules import words
from alerts.rules.figures import restore
from alerts.rules.filling import said
from alerts.rules.runbook import Step, read
from slo.errors import NotFoundError
from slo.models import Objective

LONGEST_QUERY = 200
_SENTENCE = re.compile(r"(?<=[.!?])\s")
ABOUT = ("alert__service", "alert__objective__service", "alert__objective__component", "alert__objective__source")


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something in a run, for a timeline. `what` is a sentence, `note` what was said, `run` its number."""

    at: datetime
    run: int
    what: str
    note: str
    by: str


@dataclass(frozen=True, slots=True)
class StepState:
    """A step of a run as it stands, with everything that was done and said about it, in order."""

    step: Step
    done: bool
    last: StepTick | None
    ticks: tuple[StepTick, ...]

    @property
    def notes(self) -> tuple[StepTick, ...]:
        return tuple(tick for tick in self.ticks if tick.note)


def search(query: str = "") -> list[Runbook]:
    """The runbooks in which every word is found: in name, title, owner or text, or as a service they are for."""
    found = selectors.shelf()
    for word in query[:LONGEST_QUERY].casefold().split()[:10]:
        found = found.filter(Q(text__contains=word) | Q(name__in=_for_services(word)))
    return list(found)


def _for_services(word: str) -> set[str]:
    """Names of the runbooks of objectives whose service has the word in its name or title."""
    rows = Objective.objects.exclude(runbook="").values_list("runbook", "service__name", "service__title").distinct()
    return {book for book, name, title in rows.order_by() if word in f"{name} {title}".casefold()}


def versions(book: Runbook) -> list[RunbookVersion]:
    """Every version without its body, newest first."""
    return list(RunbookVersion.objects.filter(runbook=book).defer("body"))


def version(book: Runbook, number: int) -> RunbookVersion:
    """Raises NotFoundError."""
    found = RunbookVersion.objects.filter(runbook=book, number=number).first()
    if found is None:
        raise NotFoundError(f"{book.name} has no version {number}")
    return found


def exercised() -> dict[str, datetime]:
    """When a run of each runbook was finished last, by the runbook's name."""
    rows = RunbookRun.objects.exclude(finished_at=None).values_list("name").annotate(last=Max("finished_at"))
    return dict(rows.order_by())


def first_written() -> dict[str, datetime]:
    """When the first version of each runbook was written, by the runbook's name."""
    rows = RunbookVersion.objects.values_list("runbook__name").annotate(first=Min("created_at"))
    return dict(rows.order_by())


def run(pk: int) -> RunbookRun:
    """Raises NotFoundError."""
    found = RunbookRun.objects.select_related(*ABOUT, "runbook")
    one = found.filter(pk=pk).first()
    if one is None:
        raise NotFoundError(f"There is no run {pk}")
    return one


def runs(name: str = "", alert: int | None = None, limit: int = 50) -> list[RunbookRun]:
    """Runs, newest first: of a runbook, of an alert, or all."""
    found = RunbookRun.objects.select_related(*ABOUT)
    found = found.filter(name=name) if name else found
    return list((found.filter(alert=alert) if alert is not None else found)[:limit])


def states(of: RunbookRun) -> tuple[StepState, ...]:
    """How each step of the run stands."""
    ticks = list(of.ticks.all())
    return tuple(_state(step, ticks) for step in read(of.body).steps)


def _state(step: Step, ticks: Iterable[StepTick]) -> StepState:
    own = tuple(tick for tick in ticks if tick.step == step.key)
    last = next((tick for tick in reversed(own) if tick.done is not None), None)
    return StepState(step, bool(last and last.done), last, own)


def progress(of: Sequence[RunbookRun]) -> dict[int, tuple[int, int]]:
    """Steps done and steps there are, by the run's number."""
    stand: dict[tuple[int, str], bool] = {}
    for row in StepTick.objects.filter(run__in=of, done__isnull=False):
        stand[row.run_id, row.step] = bool(row.done)
    done = {pk: sum(flag for (own, _), flag in stand.items() if own == pk) for pk in {pk for pk, _ in stand}}
    return {item.pk: (done.get(item.pk, 0), len(read(item.body).steps)) for item in of}


def run_events(alert: Alert) -> list[RunEvent]:
    """What was done by runbooks for an alert, in order: for its timeline."""
    found = alert.runs.select_related(*ABOUT).prefetch_related("ticks")
    return sorted((event for item in found for event in events(item)), key=lambda event: event.at)


def events(of: RunbookRun) -> list[RunEvent]:
    """What was done in a run, in order."""
    known = values(of.alert) if of.alert else {}
    steps = {step.key: said(step.text, known) for step in read(of.body).steps}
    told = [RunEvent(of.started_at, of.pk, f"Started the runbook {of.title}", "", of.started_by)]
    told += [RunEvent(tick.at, of.pk, _told(tick, steps), tick.note, tick.by) for tick in of.ticks.all()]
    if of.finished_at:
        told.append(RunEvent(of.finished_at, of.pk, f"Finished the runbook {of.title}", of.outcome, of.finished_by))
    return told


def _told(tick: StepTick, steps: Mapping[str, str]) -> str:
    # A step says in its first sentence what to do.
    named = words.clip(_SENTENCE.split(steps.get(tick.step, tick.step), maxsplit=1)[0], 120)
    if tick.done is None:
        return f"Noted on “{named}”" if tick.step else "Noted"
    return f"Done: {named}" if tick.done else f"Not done after all: {named}"


def values(alert: Alert) -> dict[str, str]:
    """What an alert puts into the placeholders of a runbook, by their name; only what there is."""
    item, figures = alert.objective, restore(alert.figures)
    service = alert.service
    named = {
        "title": alert.title or alert.subject,
        "kind": alert.kind,
        "severity": alert.severity,
        "service": service.name if service else "",
        "team": (item.owner if item else "") or (service.owner if service else ""),
        "objective": item.name if item else "",
        "component": item.component.name if item and item.component else "",
        "burn": words.burning(figures),
        "budget_left": words.left(figures) if figures.remaining is not None else "",
        "since": words.instant(alert.fired_at or alert.opened_at),
        "alert_url": settings.BASE_URL + reverse("alert", args=[alert.pk]),
        "objective_url": settings.BASE_URL + reverse("objective", args=[item.name]) if item else "",
    }
    return {name: text for name, text in named.items() if text}
