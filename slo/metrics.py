"""Objectives as Prometheus metrics, derived from the ledger at the moment of the scrape.

Names and labels are Sloth's, which public Grafana dashboards read; what Sloth has no name for is `brownout_…`.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from prometheus_client.core import GaugeMetricFamily, Metric

from slo import selectors
from slo.maths.status import HOUR, Status
from slo.models import SourceState

LABELS = ("sloth_id", "sloth_service", "sloth_slo")
STATES = ("healthy", "burning", "critical", "exhausted", "no data")


class Objectives:
    """A collector of every objective's status."""

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        statuses = selectors.statuses(now)
        yield _gauge("slo:objective:ratio", "The target", statuses, lambda s: s.facts.target)
        yield _gauge(
            "slo:error_budget:ratio", "Share of events that may be bad", statuses, lambda s: 1 - s.facts.target
        )
        yield _gauge("slo:time_period:days", "The period's length", statuses, lambda s: s.facts.period.seconds / 86_400)
        yield _gauge("slo:current_burn_rate:ratio", "Burn rate over an hour", statuses, lambda s: s.burns[HOUR])
        yield _gauge(
            "slo:period_burn_rate:ratio",
            "Burn rate over the period",
            statuses,
            lambda s: None if s.budget.remaining is None else 1 - s.budget.remaining,
        )
        yield _gauge(
            "slo:period_error_budget_remaining:ratio",
            "Share of the budget left, negative when overspent",
            statuses,
            lambda s: s.budget.remaining,
        )
        yield _gauge(
            "brownout_completeness_ratio", "Observed share of the period", statuses, lambda s: s.period.completeness
        )
        yield _states(statuses)
        yield _sources(now)


def _gauge(name: str, words: str, statuses: list[Status], value: Callable[[Status], float | None]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=LABELS)
    for status in statuses:
        number = value(status)
        if number is not None:
            family.add_metric((f"{status.facts.service}-{status.name}", status.facts.service, status.name), number)
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
