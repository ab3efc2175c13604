"""Reads: alerts and their history, the outbox, runbooks."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    Count,
    IntegerField,
    Max,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.utils.safestring import SafeString, mark_safe

from alerts.models import Alert, BudgetChange, Delivery, Runbook, RunbookVersion, Transition
from alerts.rules.markdown import render
from alerts.rules.runbook import related
from slo.errors import NotFoundError
from slo.maths.burn import SEVERITIES
from slo.models import Objective


def alerts() -> QuerySet[Alert]:
    """Every alert, newest first, with what naming it reads."""
    return Alert.objects.select_related(
        "service", "objective__component", "objective__source", "acknowledged_by", "silence__created_by", "inhibited_by"
    )


def firing() -> list[Alert]:
    """Firing alerts: pages first, then the oldest."""
    return _by_urgency(alerts().filter(state=Alert.State.FIRING))


@dataclass(frozen=True, slots=True)
class Brief:
    """As much of a firing alert as it takes to say which is the most urgent of hundreds."""

    pk: int
    kind: str
    subject: str
    severity: str
    text: str
    acknowledged: bool
    hushed: bool

    @property
    def figures(self) -> Mapping[str, Any]:
        """What it was last judged by, which only the most urgent are asked for: reading it takes long for hundreds."""
        found: dict[str, Any] = json.loads(self.text)
        return found


def firing_briefly() -> list[Brief]:
    """Every firing alert: what nothing keeps quiet first, then pages, then the oldest."""
    found = _urgent_first().annotate(
        text=Cast("figures", TextField()),
        acknowledged=Case(When(acknowledged_at__isnull=False, then=True), default=False),
        hushed=Case(When(QUIET, then=True), default=False),
    )
    names = ("pk", "kind", "subject", "severity", "text", "acknowledged", "hushed")
    return [Brief(*row) for row in found.values_list(*names)]


def most_urgent(limit: int) -> list[Alert]:
    """The firing alerts to look at first, in the order of `firing_briefly`."""
    return in_order(_urgent_first().values_list("pk", flat=True)[:limit])


def in_order(keys: Iterable[int]) -> list[Alert]:
    """The alerts of these numbers, in their order."""
    keys = list(keys)
    found = alerts().in_bulk(keys)
    return [found[pk] for pk in keys if pk in found]


def firing_count() -> int:
    """How many alerts fire."""
    return Alert.objects.filter(state=Alert.State.FIRING).count()


def _urgent_first() -> QuerySet[Alert]:
    return Alert.objects.filter(state=Alert.State.FIRING).order_by(HUSHED, URGENCY, "opened_at", "pk")


def open_alerts() -> list[Alert]:
    """Pending and firing alerts: pages first, then the oldest."""
    return _by_urgency(alerts().filter(state__in=Alert.OPEN))


def history(
    limit: int = 100,
    *,
    service: str = "",
    objective: str = "",
    state: str = "",
    kind: str = "",
    severity: str = "",
    team: str = "",
    where: Q | None = None,
) -> list[Alert]:
    """Alerts of any state, newest first, as far as they are what is named and fulfil `where`."""
    named = {"service__name": service, "objective__name": objective, "state": state, "kind": kind, "severity": severity}
    found = alerts().filter(where or Q(), **{field: value for field, value in named.items() if value})
    return list((found.filter(of_team(team)) if team else found)[:limit])


def of_team(name: str) -> Q:
    """Alerts that a team sees to: the owner of the objective, or else of the service."""
    return Q(objective__owner=name) | Q(service__owner=name) & (Q(objective=None) | Q(objective__owner=""))


QUIET = Q(silence__isnull=False) | Q(inhibited_by__isnull=False)
"""What is kept quiet now: silenced, or held back by something more important."""
# To sort by: what nothing keeps quiet first, pages before tickets.
HUSHED = Case(When(QUIET, then=Value(1)), default=Value(0), output_field=IntegerField())
URGENCY = Case(
    *(When(severity=severity, then=Value(rank)) for rank, severity in enumerate(SEVERITIES)),
    default=Value(len(SEVERITIES)),
    output_field=IntegerField(),
)


def fired_within(start: datetime, end: datetime, objectives: Iterable[int]) -> list[Alert]:
    """The burn alerts of these objectives (primary keys) that fired at some time between two instants, in order."""
    found = alerts().filter(kind=Alert.Kind.BURN, objective__in=list(objectives), fired_at__lt=end)
    return list(found.filter(Q(ended_at=None) | Q(ended_at__gt=start)).order_by("opened_at", "pk"))


def alert(pk: int) -> Alert:
    """The alert of that number. Raises NotFoundError."""
    found = alerts().filter(pk=pk).first()
    if found is None:
        raise NotFoundError(f"There is no alert {pk}")
    return found


def transitions(of: Alert) -> list[Transition]:
    """What happened to an alert, in order, acknowledgement included."""
    return list(of.transitions.select_related("actor"))


def deliveries(of: Alert) -> list[Delivery]:
    """What was or is to be told of an alert, in order."""
    return list(told().filter(transitions__alert=of).distinct().order_by("pk"))


def dead_letters(most: int | None = None) -> list[Delivery]:
    """Deliveries that were given up, newest first."""
    return list(told().filter(state=Delivery.State.DEAD).order_by("-id")[:most])


def dead_count() -> int:
    """How many deliveries were given up."""
    return Delivery.objects.filter(state=Delivery.State.DEAD).count()


def told() -> QuerySet[Delivery]:
    """Every delivery, with what naming it reads."""
    changes = Transition.objects.select_related("alert__objective", "alert__service")
    return Delivery.objects.select_related("channel", "group__channel").prefetch_related(
        Prefetch("transitions", queryset=changes)
    )


def delivery(pk: int) -> Delivery:
    """The delivery of that number. Raises NotFoundError."""
    found = told().filter(pk=pk).first()
    if found is None:
        raise NotFoundError(f"There is no delivery {pk}")
    return found


def outbox_depth() -> int:
    """Messages that were owed and have not been accepted yet; reminders of what was accepted do not count."""
    return Delivery.objects.filter(state=Delivery.State.DUE, sends=0).count()


def budget_standing() -> dict[int, BudgetChange]:
    """The last change of step of each objective that ever had one, by its primary key."""
    last = BudgetChange.objects.values("objective").annotate(last=Max("pk")).values("last").order_by()
    found = BudgetChange.objects.filter(pk__in=last).select_related("objective__service")
    return {change.objective_id: change for change in found}


def budget_changes(of: Objective) -> list[BudgetChange]:
    """Every change of step of an objective, newest first."""
    return list(BudgetChange.objects.filter(objective=of).order_by("-at", "-pk"))


def budget_changes_during(of: Alert) -> list[BudgetChange]:
    """The changes of step of its objective's error budget while an alert was open, in order."""
    if of.objective_id is None:
        return []
    found = BudgetChange.objects.filter(objective=of.objective_id, at__gte=of.opened_at)
    return list(found.filter(at__lte=of.ended_at) if of.ended_at else found)


def runbooks() -> list[Runbook]:
    """Every runbook, by name, with its newest version at hand as `.latest`."""
    return list(shelf())


def runbook(name: str) -> Runbook:
    """The runbook of that name, with `.latest`. Raises NotFoundError."""
    found = shelf().filter(name=name).first()
    if found is None:
        raise NotFoundError(f"There is no runbook named {name!r}")
    return found


def runbook_html(of: Runbook) -> SafeString:
    """The newest version as HTML that is safe to show."""
    return mark_safe(render(of.latest.body)) if of.latest else SafeString("")  # noqa: S308 (render sanitises)


def runbook_for(item: Objective | Alert) -> Runbook | None:
    """The runbook an objective or an alert names; None if it names none, or one that does not exist (yet)."""
    return shelf().filter(name=item.runbook).first() if item.runbook else None


def related_links(names: Collection[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    """The related links (text, address) of runbooks, by name."""
    found = shelf().filter(name__in=names) if names else ()
    return {book.name: related(book.latest.body) for book in found if book.latest}


def runbook_names() -> frozenset[str]:
    """Names of the runbooks there are: a link is only given to one of these."""
    return frozenset(Runbook.objects.values_list("name", flat=True))


def counts() -> dict[tuple[str, str, str], int]:
    """Number of open alerts by (kind, severity, state)."""
    rows = Alert.objects.filter(state__in=Alert.OPEN).values_list("kind", "severity", "state").annotate(n=Count("pk"))
    return {(kind, severity, state): n for kind, severity, state, n in rows.order_by()}


def quiet_counts() -> dict[str, int]:
    """Number of firing alerts that are silenced, held back (inhibited), flapping, or acknowledged."""
    found = Alert.objects.filter(state=Alert.State.FIRING)
    reasons = {"silenced": "silence", "inhibited": "inhibited_by"}
    reasons |= {"flapping": "flapping_since", "acknowledged": "acknowledged_at"}
    return found.aggregate(
        **{name: Count("pk", filter=Q(**{f"{field}__isnull": False})) for name, field in reasons.items()}
    )


def shelf() -> QuerySet[Runbook]:
    """Runbooks with their newest version at hand as `.latest`."""
    newest = RunbookVersion.objects.filter(runbook=OuterRef("runbook")).order_by("-number").values("number")[:1]
    versions = RunbookVersion.objects.filter(number=Subquery(newest))
    return Runbook.objects.prefetch_related(Prefetch("versions", queryset=versions))


def _by_urgency(found: QuerySet[Alert]) -> list[Alert]:
    ranks: dict[str, int] = {severity: rank for rank, severity in enumerate(SEVERITIES)}
    return sorted(found, key=lambda a: (ranks.get(a.severity, len(ranks)), a.opened_at, a.pk))
