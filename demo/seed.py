"""Fill an empty ledger with the demo's history, and let the real loop live through its incidents again.

Measurements are written straight as running sums; alerts, deliveries and shed flags come from the pipeline's own
steps, replayed minute by minute, so that the next tick finds nothing it would have done otherwise.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.contrib.auth.models import User
from django.db import connection, transaction
from rich.progress import Progress

from alerts.models import Delivery
from alerts.selectors import firing
from alerts.services.acknowledge import acknowledge
from alerts.services.evaluate import evaluate
from degradation.services import flags
from degradation.tasks import react
from demo import history, past, scenario
from demo.scenario import Forced
from demo.world.model import Counts
from slo.maths.windows import floor_to, from_epoch, to_epoch
from slo.models import Exclusion, Measurement, Objective, Service, Watermark
from slo.selectors import objectives
from slo.services.heartbeat import beat
from slo.services.thin import NAME

BATCH = 20_000
COARSE = history.RESOLUTIONS[0][1]
_COMPONENT = re.compile(r'component="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Subject:
    """What an objective counts in the world: a part's requests, or its answers within `limit` seconds."""

    objective: int
    part: str
    limit: float | None

    def good_and_total(self, counts: Mapping[str, Counts]) -> tuple[int, int]:
        counted = counts[self.part]
        if self.limit is None:
            return counted.answered, counted.answered + counted.failed
        return counted.within[self.limit], counted.answered


def seed(at: datetime, progress: Progress) -> None:
    """Everything up to `at`, in one transaction. The catalog and the users must be there, measurements must not."""
    end = to_epoch(at)
    with transaction.atomic():
        _measure([_subject(item) for item in objectives()], end, progress)
        _exclude(end)
        _replay(end, progress)
        past.remember(end)
        _thin(end)
        beat(NAME, at)


def _subject(item: Objective) -> Subject:
    found = _COMPONENT.search(item.sli["total"])
    if found is None:
        raise ValueError(f"{item.name} does not say which component it counts")
    return Subject(item.pk, found[1], item.sli.get("threshold"))


def _measure(subjects: Sequence[Subject], end: int, progress: Progress) -> None:
    table = Measurement._meta.db_table
    insert = f"INSERT INTO {table} (objective_id, at, good, total, observed) VALUES (%s, %s, %s, %s, %s)"  # noqa: S608
    start = history.grid(end)[0]
    rows = _rows(subjects, end, start)
    task = progress.add_task("35 days of measurements", total=len(history.grid(end)) * len(subjects))
    with connection.cursor() as cursor:
        while some := list(islice(rows, BATCH)):
            cursor.executemany(insert, some)
            progress.advance(task, len(some))
    progress.update(task, completed=progress.tasks[task].total)
    Watermark.objects.bulk_create(Watermark(objective_id=s.objective, started=start, at=end) for s in subjects)


def _rows(subjects: Sequence[Subject], end: int, start: int) -> Iterator[tuple[int, int, int, int, int]]:
    """Ledger rows of every subject: objective, instant, and the running sums."""
    sums = {subject: [0, 0, 0] for subject in subjects}
    limits = {s.part: (s.limit,) for s in subjects if s.limit is not None}
    yield from ((subject.objective, start, 0, 0, 0) for subject in subjects)
    for step in history.steps(end, limits):
        for subject, running in sums.items():
            good, total = subject.good_and_total(step.counts)
            running[0] += good
            running[1] += total
            running[2] += step.at - step.start
            yield subject.objective, step.at, running[0], running[1], running[2]


def _exclude(end: int) -> None:
    span = scenario.MAINTENANCE
    Exclusion.objects.create(
        service=Service.objects.get(name=span.service),
        start=from_epoch(end + span.start),
        end=from_epoch(end + span.end),
        reason=span.reason,
        created_by=User.objects.filter(username="admin").first(),
        created_at=from_epoch(end + span.start - 2 * scenario.DAY),
    )


def _replay(end: int, progress: Progress) -> None:
    """Judge and react at every instant that mattered, as the pipeline would have, with what people did between."""
    acknowledged = {floor_to(end + at, scenario.MINUTE): note for at, note in scenario.ACKNOWLEDGED.items()}
    forced = {floor_to(end + item.start, COARSE): item for item in scenario.FORCED}
    instants = sorted({*history.replayed(end), *acknowledged, *forced})
    operator = User.objects.filter(username="operator").first()
    for instant in progress.track(instants, description="What the loop did about it"):
        at = from_epoch(instant)
        evaluate(at)
        react(at)
        if note := acknowledged.get(instant):
            for alert in firing():
                if alert.severity == "page":
                    acknowledge(alert, operator, note, at)
        _mark_delivered(at)
        if item := forced.get(instant):
            _force(item, operator, at)


def _force(item: Forced, operator: User | None, at: datetime) -> None:
    until = at + timedelta(seconds=item.length)
    flags.force(item.flag, item.value, user=operator, reason=item.reason, until=until, at=at)


def _mark_delivered(at: datetime) -> None:
    """What is due by now has been sent; what waits for company is sent later."""
    due = list(Delivery.objects.filter(state=Delivery.State.DUE, due_at__lte=at))
    for delivery in due:
        delivery.state, delivery.sends = Delivery.State.SENT, 1
        delivery.sent_at, delivery.answer = delivery.due_at + timedelta(seconds=2), "202 Accepted"
    Delivery.objects.bulk_update(due, ["state", "sends", "sent_at", "answer"])


def _thin(end: int) -> None:
    Measurement.objects.filter(at__in=history.thinned(end)).delete()
