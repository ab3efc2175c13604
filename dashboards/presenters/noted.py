"""What people noted about an objective: what does not count, and what happened."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from slo import selectors, selectors_noted
from slo.maths.windows import from_epoch
from slo.models import Annotation, Exclusion, Objective

BEHIND, AHEAD = timedelta(days=90), timedelta(days=30)
LISTED = 20


@dataclass(frozen=True, slots=True)
class ExclusionRow:
    """An exclusion beside the occurrence that is nearest: the next one, or else the last. `by` is who made it."""

    pk: int
    reason: str
    scope: str
    start: datetime
    end: datetime
    repeats: str
    by: str
    document: str


@dataclass(frozen=True, slots=True)
class Noted:
    """What the page of an objective lists below its charts."""

    exclusions: tuple[ExclusionRow, ...]
    annotations: tuple[Annotation, ...]
    more: int


def noted(item: Objective, at: datetime) -> Noted:
    """Exclusions and annotations of the last 90 days and the next 30, the newest first."""
    since, until = at - BEHIND, at + AHEAD
    rows = selectors.exclusions(item, since, until)
    makers = _makers(row for row, _ in rows)
    found = selectors_noted.annotations(item.name, since=since, until=until)
    listed = tuple(found[: LISTED + 1])
    return Noted(
        tuple(_row(row, [from_epoch(span.start) for span in spans], at, makers) for row, spans in reversed(rows)),
        listed[:LISTED],
        found.count() - LISTED if len(listed) > LISTED else 0,
    )


def _row(row: Exclusion, starts: list[datetime], at: datetime, makers: dict[int, str]) -> ExclusionRow:
    start = next((start for start in starts if start > at), starts[-1])
    return ExclusionRow(
        pk=row.pk,
        reason=row.reason,
        scope="all of the service" if row.service_id else "",
        start=start,
        end=start + (row.end - row.start),
        repeats=f"{row.rule} ({row.zone})" if row.rule else "",
        by=str(row.created_by or makers.get(row.pk, "")),
        document=row.name or "",
    )


def _makers(rows: Iterable[Exclusion]) -> dict[int, str]:
    """Who made those that no person did."""
    made = selectors_noted.exclusion_changes().filter(exclusion__in=[row.pk for row in rows], action="created")
    return {change.exclusion: change.by for change in made}
