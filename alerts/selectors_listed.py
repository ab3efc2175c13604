"""The list of alerts, by what somebody looks for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, Exists, F, IntegerField, Min, OuterRef, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from alerts.models import Alert, Group
from alerts.selectors import HUSHED, URGENCY, alerts, of_team

# What somebody did about an alert, or what keeps it quiet.
MARKS: dict[str, Q] = {
    "unacknowledged": Q(acknowledged_at=None),
    "acknowledged": Q(acknowledged_at__isnull=False),
    "silenced": Q(silence__isnull=False),
    "inhibited": Q(inhibited_by__isnull=False),
    "loud": Q(silence=None, inhibited_by=None, acknowledged_at=None),
}
STATES: dict[str, tuple[str, ...]] = {
    "open": (Alert.State.FIRING, Alert.State.PENDING),
    "firing": (Alert.State.FIRING,),
    "pending": (Alert.State.PENDING,),
    "past": (Alert.State.RESOLVED, Alert.State.INACTIVE),
}
# Asked for as a service: what belongs to none.
NO_SERVICE = "-"
_WORDS = ("title", "subject", "service__name", "service__title", "objective__title", "acknowledgement")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; what is empty is not asked.

    `channel` is one that was told, or is to be; `since` leaves out what was over before it.
    """

    kind: str = ""
    severity: str = ""
    service: str = ""
    objective: str = ""
    mark: str = ""
    words: str = ""
    since: datetime | None = None
    team: str = ""
    channel: str = ""


def listed(wanted: Wanted, state: str = "") -> QuerySet[Alert]:
    """Alerts in a state of STATES, or all: what is open by urgency (quiet ones last), what is past newest first."""
    found = _matching(alerts(), wanted)
    if state:
        found = found.filter(state__in=STATES[state])
    if state in ("", "past"):
        return found.order_by("-opened_at", "-pk")
    return found.alias(urgency=URGENCY, hushed=HUSHED, waiting=_WAITING).order_by(
        "waiting", "hushed", "urgency", "opened_at", "pk"
    )


def folded(wanted: Wanted, state: str, most: int) -> QuerySet[Alert]:
    """Open alerts with those of a service together, `most` of each: first the service with the most urgent one.

    Within a service they are as in `listed`; `place` counts them from 1.
    """
    of: dict[str, Any] = {"partition_by": F("service_id")}
    rank = _WAITING * 100 + HUSHED * 10 + URGENCY
    place = Window(RowNumber(), order_by=(rank, "opened_at", "pk"), **of)
    found = _matching(alerts(), wanted).filter(state__in=STATES[state])
    return (
        found.annotate(place=place)
        .alias(urgency=Window(Min(rank), **of), began=Window(Min("opened_at"), **of))
        .filter(place__lte=most)
        .order_by("urgency", "began", "service_id", "place")
    )


def severities_of_services(wanted: Wanted, state: str) -> dict[int | None, dict[str, int]]:
    """How many alerts in a state each service has, by severity."""
    found = _matching(Alert.objects.order_by(), wanted).filter(state__in=STATES[state])
    counts: dict[int | None, dict[str, int]] = {}
    for service, severity, n in found.values_list("service_id", "severity").annotate(n=Count("pk")):
        counts.setdefault(service, {})[severity] = n
    return counts


def tallies(wanted: Wanted) -> dict[str, int]:
    """How many alerts there are in each of STATES."""
    counts = {name: Count("pk", filter=Q(state__in=states)) for name, states in STATES.items()}
    return _matching(Alert.objects.order_by(), wanted).aggregate(**counts)


def services() -> list[tuple[str, str]]:
    """The services that ever had an alert: (name, title), by title."""
    rows = Alert.objects.order_by().filter(service__isnull=False).values_list("service__name", "service__title")
    return sorted({(name, title or name) for name, title in rows.distinct()}, key=lambda pair: pair[1].lower())


def teams() -> list[str]:
    """Who sees to the objectives and services that ever had an alert, by name."""
    rows = Alert.objects.order_by().values_list("objective__owner", "service__owner").distinct()
    return sorted({own or whole for own, whole in rows if own or whole}, key=str.lower)


def channels() -> list[str]:
    """The channels that were told of any alert, by name."""
    return list(Group.objects.order_by("channel__name").values_list("channel__name", flat=True).distinct())


def _matching(found: QuerySet[Alert], wanted: Wanted) -> QuerySet[Alert]:
    named = {
        "kind": wanted.kind,
        "severity": wanted.severity,
        "service__name": "" if wanted.service == NO_SERVICE else wanted.service,
        "objective__name": wanted.objective,
    }
    found = found.filter(**{field: value for field, value in named.items() if value})
    if wanted.service == NO_SERVICE:
        found = found.filter(service=None)
    if wanted.team:
        found = found.filter(of_team(wanted.team))
    if wanted.channel:
        told = Group.objects.filter(channel__name=wanted.channel, alerts=OuterRef("pk"))
        found = found.filter(Exists(told))
    if wanted.mark:
        found = found.filter(MARKS[wanted.mark])
    if wanted.since:
        found = found.filter(Q(ended_at=None) | Q(ended_at__gte=wanted.since))
    for word in wanted.words.split():
        found = found.filter(_says(word))
    return found


def _says(word: str) -> Q:
    condition = Q()
    for field in _WORDS:
        condition |= Q(**{f"{field}__icontains": word})
    return condition


_WAITING = Case(When(state=Alert.State.PENDING, then=Value(1)), default=Value(0), output_field=IntegerField())
