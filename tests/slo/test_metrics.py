"""/metrics under Sloth's names: what its public Grafana dashboards ask of a Prometheus, they find."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from alerts.metrics import Alerts
from alerts.models import Alert, about
from slo.metrics import Identity, Objectives, identities
from slo.models import Service
from tests import factories
from tests.conftest import PrometheusFactory

pytestmark = pytest.mark.django_db

ONE = 'sloth_service="web",sloth_slo="availability"'
# What the dashboards ask, their variables filled in: 14348 (an SLO in detail) and 14643 (all of them).
ASKED = (
    "max(sloth_slo_info) by (sloth_service)",
    'max(sloth_slo_info{sloth_service="web"}) by (sloth_slo)',
    f"max(sloth_slo_info{{{ONE}}}) by (sloth_id,sloth_objective,sloth_mode,sloth_spec,sloth_version)",
    *(
        f'1 - max(slo:sli_error:ratio_rate{window}{{{ONE},sloth_window="{window}"}})'
        for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
    ),
    f"slo:objective:ratio{{{ONE}}}",
    f"slo:error_budget:ratio{{{ONE}}}",
    f"slo:time_period:days{{{ONE}}}",
    f"slo:current_burn_rate:ratio{{{ONE}}}",
    f"slo:period_burn_rate:ratio{{{ONE}}}",
    f"slo:period_error_budget_remaining:ratio{{{ONE}}}",
    f"""1 - (sum_over_time((slo:sli_error:ratio_rate1h{{{ONE}}}
        * on () group_left () (month() == bool month()))[32d:1h])
        / on (sloth_id) (slo:error_budget:ratio{{{ONE}}} * on () group_left () (24 * days_in_month())))""",
    f'sum(ALERTS{{{ONE},alertstate="firing",sloth_severity="page"}}) by (sloth_service,sloth_slo)',
    """slo:current_burn_rate:ratio
        * on (sloth_id, sloth_slo, sloth_service) group_left (sloth_objective) sloth_slo_info > 1""",
    """sum(slo:period_error_budget_remaining:ratio
        * on (sloth_id, sloth_slo, sloth_service) slo:time_period:days) by (sloth_service)""",
    """count(ALERTS{alertstate="firing"} * on (sloth_id, sloth_slo, sloth_service) group_left ()
        slo:objective:ratio) by (sloth_id)""",
)


def scrape() -> str:
    registry = CollectorRegistry()
    registry.register(Objectives())
    registry.register(Alerts())
    return generate_latest(registry).decode()


def values(name: str) -> dict[str, float]:
    """The values of a metric by `sloth_slo`."""
    samples = (sample for family in text_string_to_metric_families(scrape()) for sample in family.samples)
    return {sample.labels["sloth_slo"]: sample.value for sample in samples if sample.name == name}


def burning(name: str = "web-availability", *, days: int = 30) -> None:
    """An objective of the service web of which one in a hundred has failed for two hours, and its alert."""
    service = Service.objects.filter(name="web").first() or factories.service("web")
    item = factories.objective(name, service=service, days=days)
    factories.ledger(item, end=datetime.now(UTC), seconds=7_200, bad=1)
    Alert.objects.create(**about(item), severity="page", state=Alert.State.FIRING, opened_at=factories.NOW)


def test_the_dashboards_of_sloth_find_what_they_ask_for(prometheus: PrometheusFactory) -> None:
    burning()
    hour = int(time.time()) // 3_600 * 3_600
    server = prometheus(history="\n".join([*_stamped(scrape(), hour), "# EOF\n"]))
    assert [asked for asked in ASKED if not server.query(asked, hour)] == []


def _stamped(text: str, at: int) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith("#"):
            yield f"{line} {at}"


def test_the_figures_are_those_of_the_status() -> None:
    burning()
    burning("weekly", days=7)
    assert values("slo:sli_error:ratio_rate1h") == pytest.approx({"availability": 0.01, "weekly": 0.01})
    assert values("slo:sli_error:ratio_rate30d") == pytest.approx({"availability": 0.01, "weekly": 0.01})
    assert values("slo:sli_error:ratio_rate1w") == pytest.approx({"weekly": 0.01})
    assert values("slo:current_burn_rate:ratio") == pytest.approx({"availability": 10, "weekly": 10})
    assert values("slo:time_period:days") == {"availability": 30, "weekly": 7}


def test_without_events_nothing_is_made_up() -> None:
    factories.objective("idle")
    assert values("slo:sli_error:ratio_rate5m") == values("slo:period_error_budget_remaining:ratio") == {}
    assert values("slo:objective:ratio") == {"idle": 0.999}


def test_an_objective_keeps_the_identity_that_sloth_gave_it() -> None:
    assert identities([("web-availability", "web"), ("plain", "web"), ("latency", "api"), ("api-latency", "api")]) == {
        "web-availability": Identity("web-availability", "web", "availability"),
        "plain": Identity("web-plain", "web", "plain"),
        "latency": Identity("api-latency", "api", "latency"),
        "api-latency": Identity("api-api-latency", "api", "api-latency"),
    }


def test_two_thousand_objectives_are_told_within_a_scrape() -> None:
    service, source = factories.service("web"), factories.source()
    for number in range(2_000):
        factories.objective(f"web-{number}", service=service, source=source)
    begun = time.monotonic()
    assert len(values("slo:objective:ratio")) == 2_000
    assert time.monotonic() - begun < 10
