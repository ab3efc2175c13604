"""Keep what runbooks said: each wording is a version, whoever wrote it and wherever."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction

from alerts.errors import RunbookChangedError
from alerts.models import Runbook, RunbookVersion
from alerts.rules.runbook import LONGEST
from slo.errors import DeclaredError, DefinitionError, NotFoundError


@dataclass(frozen=True, slots=True)
class Wording:
    """What a person writes: the Markdown of a runbook, and what is said about it."""

    title: str
    body: str
    severity: str = ""
    owner: str = ""
    origin: str = ""
    covers: list[str] = field(default_factory=list)


def record(
    runbook: Runbook, body: str, at: datetime, author: str = "", comment: str = "", file: str = ""
) -> RunbookVersion:
    """The newest version: a new one if the body, title, severity or owner differ from the last, else the last."""
    meta = {"title": runbook.title, "severity": runbook.severity, "owner": runbook.owner}
    if runbook.covers:
        meta["covers"] = runbook.covers
    text = searched(runbook, body)
    if text != runbook.text:
        runbook.text = text
        Runbook.objects.filter(pk=runbook.pk).update(text=text)
    last = RunbookVersion.objects.filter(runbook=runbook).first()
    if last and (last.body, last.meta) == (body, meta):
        return last
    number = last.number + 1 if last else 1
    return runbook.versions.create(
        number=number, body=body, meta=meta, author=author[:200], comment=comment, file=file[:500], created_at=at
    )


def searched(runbook: Runbook, body: str) -> str:
    """What a search looks through."""
    return f"{runbook.name}\n{runbook.title}\n{runbook.owner}\n{body}".casefold()


def write(
    name: str, wording: Wording, at: datetime, *, seen: int, author: str, comment: str, despite_file: bool = False
) -> RunbookVersion:
    """A new version, written by a person who had version `seen` (0: none) before their eyes.

    Raises RunbookChangedError when there is another one by now, DeclaredError when it comes from a file and the
    writer has not said that they know (`despite_file`), and DefinitionError for words that cannot be kept.
    """
    _check(wording)
    try:
        with transaction.atomic():
            book = _book(name, seen, at)
            if book.file and not despite_file:
                raise DeclaredError(
                    f"{name} is applied from {book.file}, and the next apply brings the file's words back: change the "
                    "file, or confirm that this is for the time being"
                )
            for column in ("title", "severity", "owner", "origin", "covers"):
                setattr(book, column, getattr(wording, column))
            book.save()
            return record(book, wording.body, at, author, comment)
    except IntegrityError:
        # Two had read the same version and wrote at the same moment: the database let one of them through.
        raise _changed(name) from None


def _book(name: str, seen: int, at: datetime) -> Runbook:
    if not seen:
        if Runbook.objects.filter(name=name).exists():
            raise RunbookChangedError(f"There is a runbook {name} already: open it and edit that")
        return Runbook.objects.create(name=name, title=name)
    # Locked, so that of two who saw the same version the second one sees what the first has written.
    book = Runbook.objects.select_for_update().filter(name=name).first()
    if book is None:
        raise NotFoundError(f"There is no runbook named {name!r}")
    if book.latest is None or book.latest.number != seen:
        raise _changed(name)
    return book


def _changed(name: str) -> RunbookChangedError:
    book = Runbook.objects.filter(name=name).first()
    last = book.latest if book else None
    by = f" by {last.author}" if last and last.author else ""
    now = f": version {last.number} is there now{by}" if last else ""
    return RunbookChangedError(f"Somebody else changed {name} while you were writing{now}. Look at it, then save again")


def _check(wording: Wording) -> None:
    if not wording.title.strip():
        raise DefinitionError("is required", field="title")
    if len(wording.body) > LONGEST:
        raise DefinitionError(f"is longer than {LONGEST:,} characters", field="body")
    if "\0" in wording.title + wording.body:
        raise DefinitionError("holds a character that no text has (NUL)", field="body")
