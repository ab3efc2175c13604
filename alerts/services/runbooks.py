"""Keep what runbooks said."""

from datetime import datetime

from alerts.models import Runbook, RunbookVersion


def record(runbook: Runbook, body: str, at: datetime, author: str = "") -> RunbookVersion:
    """The newest version: a new one if the body, title, severity or owner differ from the last, else the last."""
    meta = {"title": runbook.title, "severity": runbook.severity, "owner": runbook.owner}
    last = runbook.versions.first()
    if last and (last.body, last.meta) == (body, meta):
        return last
    number = last.number + 1 if last else 1
    return runbook.versions.create(number=number, body=body, meta=meta, author=author, created_at=at)
