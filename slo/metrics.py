"""Objectives as Prometheus metrics, derived from the ledger at the moment of the scrape.

Names and labels are Sloth's, which public Grafana dashboards read; what Sloth has no name for is `brownout_…`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily, Metric

from slo import selectors
from slo.maths.status import SHORT, Status
from slo.maths.windows import UNITS, parse_duration
from slo.models import Objective, SourceState
from slo.openslo.load import OPENSLO

LABELS = ("sloth_id", "sloth_service", "sloth_slo")
STATES = ("healthy", "burning", "critical", "exhausted", "no data")
# The windows that Sloth's dashboards offer, beside that of the objective's own period.
WINDOWS = {name: parse_duration(name) for name in ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")}


class Identity(NamedTuple):
    """The values of LABELS for an objective."""

    id: str
    service: str
    slo: str


class Objectives:
    """A collector of every objective's status."""

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        statuses = selectors.statuses(now, lengths=WINDOWS.values())
        names = identities((status.name, status.facts.service) for status in statuses)
        told = [(names[status.name], status) for status in statuses]
        yield _gauge("slo:objective:ratio", "The target", told, lambda s: s.facts.target)
        yield _gauge("slo:error_budget:ratio", "Share of events that may be bad", told, lambda s: 1 - s.facts.target)
        yield _gauge("slo:time_period:days", "The period's length", told, lambda s: s.facts.period.seconds / 86_400)
        yield _gauge("slo:current_burn_rate:ratio", "Burn rate over five minutes", told, lambda s: s.burns[SHORT])
        yield _gauge(
            "slo:period_burn_rate:ratio",
            "Burn rate over the period",
            told,
            lambda s: None if s.budget.remaining is None else 1 - s.budget.remaining,
        )
        yield _gauge(
            "slo:period_error_budget_remaining:ratio",
            "Share of the budget left, negative when overspent",
            told,
            lambda s: s.budget.remaining,
        )
        yield from _errors(told)
        yield _info(told)
        yield _gauge(
            "brownout_completeness_ratio", "Observed share of the period", told, lambda s: s.period.completeness
        )
        yield _states(statuses)
        yield _sources(now)


Told = list[tuple[Identity, Status]]


def identities(objectives: Iterable[tuple[str, str]]) -> Mapping[str, Identity]:
    """What Sloth would call these objectives (name, service), by name.

    Its id is service and SLO. A name that begins with its service is one, so that an SLO which came from Sloth keeps
    its identity; unless what is left of it is another objective of the service.
    """
    known = set(objectives)
    found = {}
    for name, service in known:
        slo = name.removeprefix(f"{service}-")
        if (slo, service) in known:
            slo = name
        found[name] = Identity(f"{service}-{slo}", service, slo)
    return found


def all_identities() -> Mapping[str, Identity]:
    """Those of all objectives."""
    return identities(Objective.objects.values_list("name", "service__name"))


def _gauge(name: str, words: str, told: Told, value: Callable[[Status], float | None]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=LABELS)
    for identity, status in told:
        number = value(status)
        if number is not None:
            family.add_metric(identity, number)
    return family


def _errors(told: Told) -> Iterator[Metric]:
    """The bad share of each window that has events, and of each period by its own length."""
    families: dict[str, GaugeMetricFamily] = {}
    for identity, status in told:
        windows = {name: status.windows[length] for name, length in WINDOWS.items()}
        if status.facts.period.kind == "rolling":
            windows[_spelt(status.facts.period.seconds)] = status.period
        for name, window in windows.items():
            if window.ratio is not None:
                family = families.setdefault(name, _error_family(name))
                family.add_metric((*identity, name), 1 - window.ratio)
    yield from families.values()


def _error_family(window: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(
        f"slo:sli_error:ratio_rate{window}", f"Bad share of the events over {window}", labels=(*LABELS, "sloth_window")
    )


def _spelt(seconds: int) -> str:
    """A period as Sloth names it in its metrics: in the largest unit that leaves nothing over."""
    unit, size = next((unit, size) for unit, size in reversed(UNITS.items()) if seconds % size == 0)
    return f"{seconds // size}{unit}"


def _info(told: Told) -> Metric:
    extra = ("sloth_objective", "sloth_mode", "sloth_spec", "sloth_version")
    family = GaugeMetricFamily("sloth_slo_info", "What is known of an SLO", labels=(*LABELS, *extra))
    for identity, status in told:
        percent = f"{(Decimal(repr(status.facts.target)) * 100).normalize():f}"
        family.add_metric((*identity, percent, "brownout", OPENSLO, "brownout"), 1)
    return family


def _states(statuses: list[Status]) -> Metric:
    family = GaugeMetricFamily("brownout_objectives", "Objectives by state", labels=("state",))
    for state in STATES:
        family.add_metric((state,), sum(status.state == state for status in statuses))
    return family


def _sources(now: datetime) -> Metric:
    family = GaugeMetricFamily(
        "brownout_source_age_seconds", "Seconds since a source last answered", labels=("source",)
    )
    for state in SourceState.objects.select_related("source").exclude(answered_at=None):
        if state.answered_at is not None:
            family.add_metric((state.source.name,), (now - state.answered_at).total_seconds())
    return family
