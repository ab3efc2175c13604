"""Runbooks: the shelf, one of them, how it changed, and one that is being written."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from alerts import selectors as alerts
from alerts import selectors_runbooks as reads
from alerts.models import Alert, Runbook, RunbookRun, RunbookVersion
from alerts.rules import difference
from alerts.rules.lint import Finding
from alerts.rules.runbook import Section, read
from dashboards.presenters import shelf
from dashboards.presenters.alert_rows import AlertRow, alert_rows
from dashboards.presenters.live import Filler, Piece
from slo import selectors
from slo.models import Objective

LONGEST_LIST = 500


@dataclass(frozen=True, slots=True)
class RunbookRow:
    """A runbook in the list; `problems` are what the lint found in it, `exercised` when a run was finished last."""

    runbook: Runbook
    objectives: int
    services: tuple[str, ...]
    open_alerts: int
    steps: int
    exercised: datetime | None
    problems: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        return sum(problem.level == "error" for problem in self.problems)

    @property
    def served(self) -> str:
        """Its services as far as a line has room."""
        first, rest = self.services[:1], len(self.services) - 1
        return f"{first[0]} and {rest} more" if rest > 0 else "".join(first)


@dataclass(frozen=True, slots=True)
class ShelfPage:
    """The list; `missing` are findings about what has no runbook, `total` counts all there are."""

    rows: tuple[RunbookRow, ...]
    missing: tuple[Finding, ...]
    words: str
    total: int
    warnings: int
    errors: int


@dataclass(frozen=True, slots=True)
class RunbookPage:
    """A runbook to read, filled in for `alert` if there is one; `run` is the one in progress for it."""

    runbook: Runbook
    sections: tuple[Section, ...]
    pieces: tuple[Piece, ...]
    alert: AlertRow | None
    run: RunbookRun | None
    steps: int
    objectives: tuple[Objective, ...]
    covers: tuple[str, ...]
    open_alerts: tuple[AlertRow, ...]
    runs: tuple[tuple[RunbookRun, int, int], ...]
    exercised: datetime | None
    problems: tuple[Finding, ...]
    overwritten: bool
    """It comes from a file and was edited on the page since: the next apply undoes that."""

    @property
    def back(self) -> str:
        """Where it is read: people come back here after changing a flag."""
        own = reverse("runbook", args=[self.runbook.name])
        return f"{own}?alert={self.alert.pk}" if self.alert else own


@dataclass(frozen=True, slots=True)
class VersionsPage:
    """The versions, and what changed between two of them."""

    runbook: Runbook
    versions: tuple[RunbookVersion, ...]
    older: RunbookVersion
    newer: RunbookVersion
    fields: tuple[difference.Change, ...]
    lines: tuple[difference.Line, ...]


def shelf_page(query: str, at: datetime) -> ShelfPage:
    """The runbooks in which every word of the query is found; those an open alert calls for come first."""
    found, problems = reads.search(query), shelf.check(at)
    by_book: dict[str, list[Finding]] = defaultdict(list)
    for problem in problems:
        by_book[problem.runbook].append(problem)
    items: dict[str, list[Objective]] = defaultdict(list)
    for item in selectors.objectives().exclude(runbook=""):
        items[item.runbook].append(item)
    called, exercised = Counter(alert.runbook for alert in alerts.open_alerts()), reads.exercised()
    rows = [
        _row(book, items[book.name], called[book.name], exercised.get(book.name), by_book[book.name]) for book in found
    ]
    rows.sort(key=lambda row: (-row.open_alerts, row.runbook.title.casefold()))
    return ShelfPage(
        rows=tuple(rows[:LONGEST_LIST]),
        missing=tuple(by_book[""]),
        words=query,
        total=len(alerts.runbook_names()) if query else len(found),
        warnings=sum(problem.level == "warning" for problem in problems),
        errors=sum(problem.level == "error" for problem in problems),
    )


def _row(
    book: Runbook, items: Sequence[Objective], called: int, exercised: datetime | None, problems: Iterable[Finding]
) -> RunbookRow:
    return RunbookRow(
        runbook=book,
        objectives=len(items),
        services=tuple(sorted({str(item.service) for item in items})),
        open_alerts=called,
        steps=len(read(book.latest.body).steps) if book.latest else 0,
        exercised=exercised,
        problems=tuple(problems),
    )


def runbook_page(name: str, at: datetime, alert: Alert | None = None) -> RunbookPage:
    """One runbook, filled in for an alert. Raises NotFoundError."""
    book = alerts.runbook(name)
    body = book.latest.body if book.latest else ""
    text = read(body)
    runs = reads.runs(name, limit=10)
    done = reads.progress(runs)
    return RunbookPage(
        runbook=book,
        sections=tuple(section for section in text.sections if section.title),
        pieces=Filler(reads.values(alert) if alert else {}, at)(body),
        alert=alert_rows([alert])[0] if alert else None,
        run=open_run(alert, name) if alert else None,
        steps=len(text.steps),
        objectives=tuple(selectors.objectives().filter(runbook=name)),
        covers=tuple(book.covers),
        open_alerts=alert_rows([row for row in alerts.open_alerts() if row.runbook == name]),
        runs=tuple((run, *done[run.pk]) for run in runs),
        exercised=reads.exercised().get(name),
        problems=tuple(problem for problem in shelf.check(at) if problem.runbook == name),
        overwritten=bool(book.file and book.latest and not book.latest.file),
    )


def open_run(alert: Alert, name: str) -> RunbookRun | None:
    """The run of a runbook for an alert that is not finished."""
    return next((run for run in reads.runs(name, alert.pk) if run.finished_at is None), None)


def versions_page(name: str, wanted: Mapping[str, str]) -> VersionsPage:
    """What changed from version `from` to version `to`; by default with the newest. Raises NotFoundError."""
    book = alerts.runbook(name)
    newest = book.latest.number if book.latest else 0
    to = _number(wanted.get("to"), newest)
    start = _number(wanted.get("from"), max(1, to - 1))
    older, newer = (reads.version(book, number) for number in sorted((start, to)))
    return VersionsPage(
        runbook=book,
        versions=tuple(reads.versions(book)),
        older=older,
        newer=newer,
        fields=difference.fields(older.meta, newer.meta),
        lines=difference.lines(older.body, newer.body),
    )


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else default
