"""Reads: what is and was shed."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from degradation.models import Flag, FlagChange, Shedding, ShedStep
from degradation.rules.shedding import State
from degradation.rules.shedding.signals import times
from slo.models import Service


@dataclass(frozen=True, slots=True)
class ShedView:
    """A service with something shed: `flags`, those of tier `level` and less important ones.

    `reason` is that of the latest step, `since` the instant of the first, `waiting` the loop's last decision; `back` is
    the percentage of users that have the tier `level` again, 0 before it begins to come back.
    """

    service: Service
    level: int
    flags: tuple[Flag, ...]
    reason: str
    since: datetime
    waiting: str
    back: int = 0


@dataclass(frozen=True, slots=True)
class ShedSpan:
    """A time a flag was shed by the loop; one that still is ends at the end of the span asked for."""

    flag: str
    start: datetime
    end: datetime


def sheds(service: Service, start: datetime, end: datetime) -> list[ShedSpan]:
    """When the service's flags were shed between two instants, clipped to them."""
    return sheds_of([service.pk], start, end).get(service.pk, [])


def sheds_of(services: Collection[int], start: datetime, end: datetime) -> dict[int, list[ShedSpan]]:
    """The same of many services at once, by primary key."""
    causes = FlagChange.Cause
    steps = FlagChange.objects.filter(cause__in=(causes.SHED, causes.RESTORED, causes.REVERTED))
    before = steps.filter(flag=OuterRef("pk"), at__lte=start).order_by("-at", "-id").values("cause")[:1]
    already = Flag.objects.filter(service__in=services).annotate(before=Subquery(before)).filter(before="shed")
    since = dict.fromkeys(already.values_list("service", "key"), start)
    within = steps.filter(flag__service__in=services, at__gt=start, at__lt=end).order_by("at", "id")
    found: dict[int, list[ShedSpan]] = defaultdict(list)
    for pk, key, cause, at in within.values_list("flag__service", "key", "cause", "at"):
        if cause == FlagChange.Cause.SHED:
            since.setdefault((pk, key), at)
        elif (pk, key) in since:
            found[pk].append(ShedSpan(key, since.pop((pk, key)), at))
    for (pk, key), begun in since.items():
        found[pk].append(ShedSpan(key, begun, end))
    return found


def shed_now(services: Collection[int]) -> dict[int, list[str]]:
    """The flags that are shed at present and whether that helped, by the primary keys of these services."""
    found: dict[int, list[str]] = defaultdict(list)
    effects = _effects(services)
    marked = Flag.objects.filter(service__in=services, shed_at__isnull=False).order_by("-tier", "key")
    for service, key in marked.values_list("service", "key"):
        found[service].append(f"{key}{effects.pop(key, '')}")
    # A step that was taken back a short while ago is news as well.
    for key, said in effects.items():
        flag = Flag.objects.filter(key=key).first()
        if flag is not None and "did not help" in said:
            found[flag.service_id].append(f"{key}{said}")
    return found


def _effects(services: Collection[int]) -> dict[str, str]:
    """What the latest step of each flag came to, in words: one that stands, or that an open alert tried in vain."""
    wanted = Q(ended_at=None) | Q(verdict=ShedStep.Verdict.NO_EFFECT, alert__state="firing")
    steps = ShedStep.objects.filter(wanted, service__in=services, dry=False).exclude(measured_at=None).order_by("pk")
    return {key: _effect(step) for step in steps for key in step.flags}


def _effect(step: ShedStep) -> str:
    burned = f"burn {times(step.before.get('burn'))} → {times(step.after.get('burn'))}"
    if step.verdict == ShedStep.Verdict.HELPED:
        return f" (helped: {burned})"
    taken_back = ": reverted" if step.ended_at else ""
    return f" (did not help{taken_back}: {burned})" if step.verdict == ShedStep.Verdict.NO_EFFECT else ""


def shedding() -> list[ShedView]:
    """Where something is shed at present, by service."""
    shed: dict[int, list[Flag]] = defaultdict(list)
    for item in Flag.objects.filter(shed_at__isnull=False):
        shed[item.service_id].append(item)
    rows = Shedding.objects.filter(pk__in=shed).select_related("service").order_by("service__name")
    return [_shed(row, shed[row.pk]) for row in rows]


def _shed(row: Shedding, marked: Sequence[Flag]) -> ShedView:
    begun = [item.shed_at for item in marked if item.shed_at]
    latest = next(item for item in marked if item.shed_at == max(begun))
    level = min(item.tier for item in marked)
    back = State.of(row.state).ramp
    return ShedView(row.service, level, tuple(marked), latest.shed_reason, min(begun), row.reason, back)
