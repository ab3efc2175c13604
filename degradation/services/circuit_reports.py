"""What clients say of their own circuits: taken in as a whole or not at all, the newest word of each client kept.

A report counts for a while after the instant it is about, by our clock at the latest: a client that falls silent, or
whose clock is ahead, cannot keep a component down.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from degradation.models import CircuitReport
from degradation.rules.circuit import Phase
from degradation.rules.fleet import FRESH
from slo.errors import DefinitionError
from slo.maths.windows import format_duration
from slo.models import Component

# What clocks may differ, for how long silent clients are shown, in seconds; and how many clients a token may speak for.
SKEW, KEPT, CLIENTS = 5, 3_600, 5_000

Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Said:
    """A client's circuit for a component at an instant, or at the moment it arrives. `counters` are as it counts."""

    component: str
    client: str
    phase: Phase
    at: datetime | None = None
    counters: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """How many reports said something new, and how many were known or older than what the client has said since."""

    accepted: int
    repeated: int


def receive(reports: Sequence[Said], reporter: str, at: datetime) -> Receipt:
    """Take in what arrives at `at` by a token. Raises DefinitionError naming the entry that is at fault."""
    with transaction.atomic():
        names = {item.component for item in reports}
        locked = Component.objects.select_for_update().filter(name__in=names).order_by("pk")
        components = {item.name: item.pk for item in locked}
        rows = [_row(place, item, components, reporter, at) for place, item in enumerate(reports)]
        known = _known(rows, reporter)
        fresh = _newest(rows, known)
        _check_room(fresh, known, reporter, at)
        CircuitReport.objects.bulk_create(
            fresh.values(),
            update_conflicts=True,
            unique_fields=["component", "reporter", "client"],
            update_fields=["phase", "counters", "at", "received_at"],
        )
    return Receipt(len(fresh), len(reports) - len(fresh))


def forget(at: datetime) -> int:
    """Delete the reports of clients that have been silent for long. Returns how many."""
    return CircuitReport.objects.filter(at__lt=at - timedelta(seconds=KEPT)).delete()[0]


def _row(place: int, item: Said, components: Mapping[str, int], reporter: str, at: datetime) -> CircuitReport:
    if item.component not in components:
        raise _fault(place, "component", f"there is no component named {item.component!r}")
    said = item.at or at
    if said > at + timedelta(seconds=SKEW):
        raise _fault(place, "at", f"{said.isoformat()} lies in the future; is the client's clock ahead?")
    if said <= at - timedelta(seconds=FRESH):
        late = f"{said.isoformat()} is more than {format_duration(FRESH)} ago, too old to tell how the client is now"
        raise _fault(place, "at", late)
    return CircuitReport(
        component_id=components[item.component],
        reporter=reporter,
        client=item.client,
        phase=item.phase,
        counters=dict(item.counters or {}),
        at=min(said, at),
        received_at=at,
    )


def _known(rows: Sequence[CircuitReport], reporter: str) -> dict[Key, CircuitReport]:
    found = CircuitReport.objects.filter(
        reporter=reporter,
        component__in={row.component_id for row in rows},
        client__in={row.client for row in rows},
    )
    return {_key(row): row for row in found}


def _newest(rows: Sequence[CircuitReport], known: Mapping[Key, CircuitReport]) -> dict[Key, CircuitReport]:
    """What is news: later than what is known, or of the same instant with other content; the last word counts."""
    fresh: dict[Key, CircuitReport] = {}
    for row in rows:
        before = fresh.get(_key(row)) or known.get(_key(row))
        if before is None or row.at > before.at or (row.at == before.at and _content(row) != _content(before)):
            fresh[_key(row)] = row
    return fresh


def _check_room(
    fresh: Mapping[Key, CircuitReport], known: Mapping[Key, CircuitReport], reporter: str, at: datetime
) -> None:
    new = fresh.keys() - known.keys()
    for component in {pk for pk, _ in new}:
        held = CircuitReport.objects.filter(reporter=reporter, component=component).count()
        if held + sum(pk == component for pk, _ in new) > CLIENTS:
            raise DefinitionError(
                f"more than {CLIENTS} clients of one component report by this token; "
                "a client needs a name that stays, not one for each process or call"
            )


def _key(row: CircuitReport) -> Key:
    return row.component_id, row.client


def _content(row: CircuitReport) -> tuple[str, dict[str, Any]]:
    return row.phase, row.counters


def _fault(place: int, field: str, message: str) -> DefinitionError:
    return DefinitionError(f"{message}; nothing of this request was accepted", field=f"{place}.{field}")
