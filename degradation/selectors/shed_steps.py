"""Reads: what the loop did and what came of it, drills, and how the loop is switched."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from alerts.models import Alert
from degradation.models import AutomationChange, Drill, FlagChange, Shedding, ShedStep
from degradation.rules.shedding import State
from slo.models import Service


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the loop stands for a service: the tiers that are shed, what share of the most important one is back, and
    what the loop waits for."""

    service: Service
    policy: str
    state: State
    waiting: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Exercised:
    """When a flag was dimmed last, for real or on purpose, and how that went."""

    at: datetime
    how: str


def standings() -> list[Standing]:
    """Every service that a policy may shed, by name."""
    rows = Shedding.objects.filter(policy__isnull=False).select_related("service", "policy").order_by("service__name")
    return [
        Standing(row.service, row.policy.name if row.policy else "", State.of(row.state), row.reason, row.decided_at)
        for row in rows
    ]


def steps(limit: int = 50, *, service: str = "") -> list[ShedStep]:
    """The latest steps, newest first, of one service where it is named."""
    found = ShedStep.objects.select_related("service", "alert")
    return list((found.filter(service__name=service) if service else found)[:limit])


def steps_within(services: Collection[int], start: datetime, end: datetime) -> dict[int, list[ShedStep]]:
    """The steps that stood at some time between two instants, dry runs not, by the primary key of their service."""
    found: dict[int, list[ShedStep]] = defaultdict(list)
    lasting = Q(ended_at=None) | Q(ended_at__gt=start)
    for step in ShedStep.objects.filter(lasting, service__in=services, at__lt=end, dry=False).order_by("at", "id"):
        found[step.service_id].append(step)
    return found


def steps_for(alert: Alert) -> list[ShedStep]:
    """The steps that were taken because of an alert, in order."""
    return list(ShedStep.objects.filter(alert=alert).select_related("service").order_by("at", "id"))


def standing_steps() -> dict[str, ShedStep]:
    """The steps that stand now, by the keys of their flags."""
    found = ShedStep.objects.filter(ended_at=None).select_related("alert")
    return {key: step for step in found for key in step.flags}


def drills(limit: int = 50) -> list[Drill]:
    """The latest drills, newest first."""
    return list(Drill.objects.select_related("service", "started_by")[:limit])


def exercised() -> dict[str, Exercised]:
    """When each flag was dimmed last, by its key; a flag that is missing never was."""
    causes = FlagChange.Cause
    outcomes = {str(pk): outcome for pk, outcome in Drill.objects.values_list("pk", "outcome")}
    found: dict[str, Exercised] = {}
    for drill in Drill.objects.order_by("started_at"):
        for key in drill.flags:
            found[key] = Exercised(drill.started_at, f"drill, {outcomes[str(drill.pk)]}")
    for key, at in FlagChange.objects.filter(cause=causes.SHED).order_by("at").values_list("key", "at"):
        if key not in found or found[key].at <= at:
            found[key] = Exercised(at, "shed")
    return found


def automation_changes(limit: int = 20) -> list[AutomationChange]:
    """Who turned what on or off, newest first."""
    return list(AutomationChange.objects.select_related("actor")[:limit])
