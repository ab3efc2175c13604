"""What a post-mortem is written from: everything that was recorded about an alert."""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from alerts import selectors as alerts
from alerts import selectors_runbooks as reads
from alerts.models import Alert, RunbookRun
from alerts.rules.filling import said
from alerts.rules.markdown import render
from alerts.rules.postmortem import Entry, Incident, RunDone, StepDone, Told, draft
from dashboards.presenters.timeline import change
from degradation import selectors as degradation
from degradation.models import FlagChange


def post_mortem(pk: int, at: datetime) -> str:
    """The draft in Markdown. Raises NotFoundError."""
    return draft(incident(alerts.alert(pk), at))


def post_mortem_html(text: str) -> SafeString:
    """The draft as pages show it."""
    return mark_safe(render(text))  # noqa: S308 (render sanitises)


def incident(alert: Alert, at: datetime) -> Incident:
    """The facts of an alert, as of `at` while it is open."""
    changes = degradation.changes_for(alert)
    return Incident(
        title=alert.title or alert.subject,
        number=alert.pk,
        severity=alert.severity,
        service=alert.service.name if alert.service else "",
        objective=alert.objective.name if alert.objective else "",
        began=alert.opened_at,
        fired=alert.fired_at,
        ended=alert.ended_at,
        acknowledged=alert.acknowledged_at,
        acknowledged_by=str(alert.acknowledged_by or alert.acknowledged_via or ""),
        as_of=at,
        spent=alert.spent,
        left=alert.figures.get("remaining"),
        timeline=tuple(sorted(_timeline(alert), key=lambda entry: entry.at)),
        sheds=tuple(_shed(change) for change in changes),
        told=tuple(_told(alert)),
        runs=tuple(_run(run) for run in reversed(reads.runs(alert=alert.pk))),
        url=settings.BASE_URL + reverse("alert", args=[alert.pk]),
    )


def _timeline(alert: Alert) -> Iterator[Entry]:
    for row in alerts.transitions(alert):
        told = change(row, alert.severity)
        yield Entry(told.at, told.title, told.detail, told.by)
    for event in reads.run_events(alert):
        yield Entry(event.at, event.what, event.note, event.by)


def _shed(row: FlagChange) -> Entry:
    value = ("on" if row.after else "off") if row.after_share in (0, 100) else f"at {row.after_share} %"
    key = row.key or (row.flag.key if row.flag else "a flag that is gone")
    return Entry(row.at, f"{row.cause} {key}, now {value}", row.reason, str(row.actor or ""))


def _told(alert: Alert) -> Iterator[Told]:
    for row in alerts.deliveries(alert):
        yield Told(row.channel.name, row.told, row.state, row.tries, row.answer)


def _run(run: RunbookRun) -> RunDone:
    known = reads.values(run.alert) if run.alert else {}
    steps = [
        StepDone(
            said(state.step.text, known),
            state.done,
            state.last.by if state.last else "",
            [tick.note for tick in state.notes],
        )
        for state in reads.states(run)
    ]
    return RunDone(run.title, run.number, steps, run.outcome)
