"""How available capabilities can be, over JSON."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from degradation.selectors.capability_availability import Availability, CapabilityAvailability, availabilities
from slo.api_systems import FigureOut, figure

router = Router(tags=["availability"])


class AvailabilityOut(Schema):
    """`full`: the full mode; `served`: any that serves; null where a component has no figure at all.

    For `assumed` components the promise stood in, where there is one.
    """

    name: str
    full: FigureOut | None
    served: FigureOut | None
    assumed: list[str]


class CapabilityAvailabilityOut(Schema):
    """A capability in three columns: promised, observed over 30 days and in the worst case."""

    name: str
    title: str
    service: str
    columns: list[AvailabilityOut]


@router.get("/capability-availability", response=list[CapabilityAvailabilityOut])
def list_availabilities(request: HttpRequest) -> list[dict[str, Any]]:
    """How likely every capability is in full and served at all: promised, observed and in the worst case."""
    return [_capability(item) for item in availabilities(datetime.now(UTC))]


def _capability(item: CapabilityAvailability) -> dict[str, Any]:
    of = item.capability
    columns = [_column(name, found) for name, found in item.columns.items()]
    return {"name": of.name, "title": of.title, "service": of.service.name, "columns": columns}


def _column(name: str, found: Availability) -> dict[str, Any]:
    full, served = (None if item is None else figure(item) for item in (found.full, found.served))
    return {"name": name, "full": full, "served": served, "assumed": list(found.assumed)}
