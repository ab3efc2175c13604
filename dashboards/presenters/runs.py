"""Working through a runbook: its steps as a checklist, and what an alert's page shows of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts import selectors as alerts
from alerts import selectors_runbooks as reads
from alerts.models import Alert, Runbook, RunbookRun, StepTick
from alerts.rules.filling import said
from alerts.rules.runbook import Prose, Section, read
from alerts.selectors_runbooks import RunEvent, StepState
from dashboards.presenters.alert_rows import AlertRow, alert_rows
from dashboards.presenters.live import Filler, Piece
from dashboards.presenters.runbooks import open_run


@dataclass(frozen=True, slots=True)
class Block:
    """Prose of a runbook, or one of its steps (`state`) as it stands."""

    pieces: tuple[Piece, ...]
    state: StepState | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class SectionBlock:
    """A section to work through; one without steps is there to be read."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]
    steps: int
    done: int


@dataclass(frozen=True, slots=True)
class RunPage:
    run: RunbookRun
    alert: AlertRow | None
    sections: tuple[SectionBlock, ...]
    done: int
    steps: int
    notes: tuple[StepTick, ...]
    events: tuple[RunEvent, ...]
    newer: int | None
    """The number of the version there is by now, if it is a newer one."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A runbook beside an alert: to read, and the runs there were and are for that alert."""

    runbook: Runbook
    pieces: tuple[Piece, ...]
    steps: int
    run: RunbookRun | None
    runs: tuple[tuple[RunbookRun, int, int], ...]


def run_page(pk: int, at: datetime) -> RunPage:
    """A run with its steps. Raises NotFoundError."""
    run = reads.run(pk)
    states = {state.step.key: state for state in reads.states(run)}
    values = reads.values(run.alert) if run.alert else {}
    filler = Filler(values, at)
    latest = alerts.shelf().filter(pk=run.runbook_id).first() if run.runbook_id else None
    newest = latest.latest.number if latest and latest.latest else run.number
    return RunPage(
        run=run,
        alert=alert_rows([run.alert])[0] if run.alert else None,
        sections=tuple(_section(section, states, filler, values) for section in read(run.body).sections),
        done=sum(state.done for state in states.values()),
        steps=len(states),
        notes=tuple(tick for tick in run.ticks.all() if tick.note and not tick.step),
        events=tuple(reversed(reads.events(run))),
        newer=newest if newest > run.number else None,
    )


def _section(
    section: Section, states: Mapping[str, StepState], filler: Filler, values: Mapping[str, str]
) -> SectionBlock:
    own = [states[step.key] for step in section.steps]
    return SectionBlock(
        section.title,
        section.anchor,
        tuple(_blocks(section, states, filler, values)),
        len(own),
        sum(state.done for state in own),
    )


def _blocks(
    section: Section, states: Mapping[str, StepState], filler: Filler, values: Mapping[str, str]
) -> Iterator[Block]:
    for part in section.parts:
        if isinstance(part, Prose):
            yield Block(filler(part.body))
        else:
            yield Block(filler(part.body), states[part.key], said(part.text, values))


def beside(alert: Alert, at: datetime) -> Beside | None:
    """The runbook of an alert, filled in from it; None if there is none."""
    book = alerts.runbook_for(alert)
    if book is None or book.latest is None:
        return None
    runs = reads.runs(alert=alert.pk)
    done = reads.progress(runs)
    return Beside(
        runbook=book,
        pieces=Filler(reads.values(alert), at)(book.latest.body),
        steps=len(read(book.latest.body).steps),
        run=open_run(alert, book.name),
        runs=tuple((run, *done[run.pk]) for run in runs),
    )
