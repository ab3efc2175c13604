"""Sloth's and Pyrra's documents, applied as they are: what becomes of them, and what is said to be lost."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from alerts.models import Runbook
from slo.errors import CatalogError
from slo.models import BurnPolicy, Objective, Service
from slo.services.catalog import Change, apply_documents, export_documents
from tests import factories
from tests.factories import NOW
from tests.slo.documents import COMPONENT, POLICY, SERVICE, SLI, SLO, SOURCE
from tests.slo.reading import everything, told, write
from tests.slo.test_apply_commands import run

pytestmark = pytest.mark.django_db

WIKI = "https://wiki.test/runbooks/checkout-down.md"
SLOTH = """
version: "prometheus/v1"
service: "checkout"
labels: {owner: team-pay, tier: "2"}
slos:
  - name: "availability"
    objective: 99.9
    description: "Payments are taken."
    labels: {category: availability}
    sli:
      events:
        error_query: sum(rate(http_requests_total{job="checkout",code=~"(5..|429)"}[{{.window}}]))
        total_query: sum(rate(http_requests_total{job="checkout"}[{{.window}}]))
    alerting:
      name: CheckoutAvailability
      annotations: {runbook: "https://wiki.test/runbooks/checkout-down.md", team_chat: "#pay"}
      page_alert: {labels: {severity: pageteam}}
      ticket_alert: {disable: true}
"""

KUBERNETES = """
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: {name: search-slos, namespace: monitoring}
spec:
  service: "search"
  slos:
    - name: "Fast.Answers"
      objective: 95
      sli:
        events:
          errorQuery: sum(increase(slow_total[{{.window}}])) OR on() vector(0)
          totalQuery: (sum(increase(answers_total{app="search"}[{{ .window }}])))
      alerting: {pageAlert: {disable: true}, ticketAlert: {disable: true}}
    - name: "made-elsewhere"
      objective: 99
      sli: {raw: {errorRatioQuery: "avg_over_time(search_error_ratio[{{.window}}])"}}
      alerting: {}
    - name: "by-plugin"
      objective: 99
      sli: {plugin: {id: sloth-common/http/availability, options: {filter: x}}}
      alerting: {}
"""

RATIO = """
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata:
  name: api-errors
  namespace: shop
  labels: {prometheus: k8s, pyrra.dev/team: team-api}
spec:
  target: "99.5"
  window: 4w
  description: The API answers.
  indicator:
    ratio:
      errors: {metric: 'grpc_handled_total{job="api",grpc_code="Internal"}'}
      total: {metric: 'grpc_handled_total{job="api"}'}
      grouping: [grpc_method]
  alerting: {absent: false, name: ApiBurns}
"""

LATENCY = """
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: api-latency, labels: {pyrra.dev/service: api}}
spec:
  target: "90"
  window: 2w
  indicator:
    latency:
      success: {metric: 'request_seconds_bucket{job="api",le="0.5"}'}
      total: {metric: 'request_seconds_count{job="api"}'}
"""

GAUGE = """
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: up}
spec: {target: "99", window: 7d, indicator: {bool_gauge: {metric: 'up{job="api"}'}}}
"""


def apply(folder: Path, *documents: str, source: str = "", prune: bool = False) -> tuple[list[Change], list[str]]:
    """What was done, and what was said to be lost."""
    warnings: list[str] = []
    changes = apply_documents(
        [write(folder, *documents)],
        NOW,
        prune=prune,
        source=source,
        warn=lambda warning: warnings.append(str(warning).replace(f"{folder}/", "")),
    )
    return changes, warnings


def test_a_service_of_sloth_becomes_objectives_that_are_counted_exactly(tmp_path: Path) -> None:
    Runbook.objects.create(name="checkout-down", title="Checkout is down")
    changes, _ = apply(tmp_path, SOURCE, SLOTH)
    assert told(changes) == [
        "created BurnPolicy sloth-page-only",
        "created DataSource prom",
        "created Service checkout",
        "created SLO checkout-availability",
    ]
    objective = Objective.objects.get()
    assert (objective.target, objective.period) == (0.999, {"rolling": 30 * 86_400})
    assert (objective.owner, objective.description) == ("team-pay", "Payments are taken.")
    assert (objective.runbook, objective.source.name) == ("checkout-down", "prom")
    assert objective.sli == {
        "bad": 'http_requests_total{job="checkout",code=~"(5..|429)"}',
        "total": 'http_requests_total{job="checkout"}',
        "counter": True,
    }
    assert [(w.severity, w.long, w.factor) for w in objective.policy()] == [("page", 3_600, 14.4), ("page", 21_600, 6)]


def test_everything_of_sloths_that_is_lost_is_named_with_its_place(tmp_path: Path) -> None:
    _, lost = apply(tmp_path, SOURCE, SLOTH)
    assert lost == [
        "catalog.yaml:12: labels: not carried over: tier",
        "catalog.yaml:17: slos.0.labels: not carried over: category",
        "catalog.yaml:22: slos.0.alerting: not carried over: name",
        f"catalog.yaml:24: slos.0.alerting.annotations.runbook: there is no Runbook for {WIKI!r}",
        "catalog.yaml:24: slos.0.alerting.annotations: not carried over: team_chat",
        "catalog.yaml:25: slos.0.alerting.page_alert: not carried over: labels",
    ]


def test_sloths_kubernetes_resource_says_the_same_in_its_own_spelling(tmp_path: Path) -> None:
    _, lost = apply(tmp_path, SOURCE, KUBERNETES.partition('    - name: "made-elsewhere"')[0])
    objective = Objective.objects.get(name="search-fast-answers")
    assert objective.sli["bad"] == "sum(increase(slow_total[{{.window}}])) OR on() vector(0)"
    assert objective.sli["counter"] is False
    assert objective.burn_policy is None
    assert lost == [
        "catalog.yaml:12: metadata: not carried over: namespace",
        "catalog.yaml:16: spec.slos.0.name: 'search-Fast.Answers' is named search-fast-answers here",
        "catalog.yaml:22: spec.slos.0.alerting: alerts are judged all the same; a Channel says which it wants",
    ]


def test_what_only_sloth_can_run_is_left_out_and_the_rest_stays(tmp_path: Path) -> None:
    _, lost = apply(tmp_path, SOURCE, KUBERNETES)
    assert set(Objective.objects.values_list("name", flat=True)) == {"search-fast-answers", "search-made-elsewhere"}
    assert Objective.objects.get(name="search-made-elsewhere").sli == {
        "raw": "avg_over_time(search_error_ratio[5m])",
        "raw_type": "failure",
    }
    assert "catalog.yaml:29: spec.slos.2.sli.plugin: this SLO is left out: plugins of Sloth do not run here" in lost


def test_pyrras_ratio_brings_its_windows_and_its_service(tmp_path: Path) -> None:
    _, lost = apply(tmp_path, SOURCE, RATIO)
    objective = Objective.objects.get(name="api-errors")
    assert objective.by == ["grpc_method"]
    assert (objective.target, objective.span().seconds) == (0.995, 28 * 86_400)
    assert (objective.service.name, objective.owner) == ("shop", "team-api")
    assert objective.sli == {
        "bad": 'grpc_handled_total{job="api",grpc_code="Internal"}',
        "total": 'grpc_handled_total{job="api"}',
        "counter": True,
    }
    assert [(w.severity, w.long, w.short, w.factor) for w in objective.policy()] == [
        ("page", 3_600, 300, 14),
        ("page", 21_600, 1_800, 7),
        ("ticket", 86_400, 7_200, 2),
        ("ticket", 345_600, 21_600, 1),
    ]
    assert lost == [
        "catalog.yaml:15: metadata.labels: not carried over: prometheus",
        "catalog.yaml:25: spec.alerting: not carried over: absent, name",
    ]


def test_pyrras_latency_keeps_the_windows_that_can_fire(tmp_path: Path) -> None:
    _, lost = apply(tmp_path, SOURCE, LATENCY)
    objective = Objective.objects.get(name="api-latency")
    assert (objective.indicator, objective.service.name) == ("latency", "api")
    assert objective.sli["good"] == 'request_seconds_bucket{job="api",le="0.5"}'
    assert [(w.long, w.short, w.factor) for w in objective.policy()] == [
        (10_800, 900, 7),
        (43_200, 3_600, 2),
        (172_800, 10_800, 1),
    ]
    reason = "can never fire at this target and window, and is left out: page 14× over 30m and 3m"
    assert lost == [f"catalog.yaml:14: spec.target: {reason}"]


def test_pyrras_gauge_counts_each_series_at_each_tick(tmp_path: Path) -> None:
    grouped = GAUGE.replace('job="api"}\'', 'job="api"}\', grouping: [zone]')
    _, lost = apply(tmp_path, SOURCE, grouped)
    sli = Objective.objects.get(name="up").sli
    assert (sli["good"], sli["total"], sli["counter"]) == ('sum(up{job="api"})', 'count(up{job="api"})', False)
    assert Service.objects.get().name == "pyrra"
    assert lost == ["catalog.yaml:13: spec.indicator.bool_gauge.grouping: one objective counts all groups together"]


def test_applying_again_exporting_and_pruning_change_nothing(tmp_path: Path) -> None:
    documents = (SOURCE, SLOTH, RATIO, LATENCY, GAUGE)
    apply(tmp_path, *documents)
    before = everything()
    assert {change.action for change in apply(tmp_path, *documents, prune=True)[0]} == {"unchanged"}
    exported = export_documents()
    assert {change.action for change in apply(tmp_path, exported, prune=True)[0]} == {"unchanged"}
    assert everything() == before


def test_what_a_document_takes_for_granted_leaves_alone_what_is_there(tmp_path: Path) -> None:
    factories.service("checkout", title="Checkout", owner="team-pay")
    policy = BurnPolicy.objects.create(
        name="sloth-page-only", windows=[{"severity": "page", "long": 7_200, "short": 600, "factor": 10}]
    )
    apply(tmp_path, SOURCE, SLOTH)
    assert Service.objects.get().title == "Checkout"
    assert Objective.objects.get().policy()[0].factor == 10
    assert Objective.objects.get().burn_policy == policy


def test_the_source_is_the_only_prometheus_or_the_one_that_is_named(tmp_path: Path) -> None:
    factories.source("direct", kind="scrape")
    with pytest.raises(CatalogError, match=r"catalog.yaml:2: needs a DataSource of type prometheus to be measured by"):
        apply(tmp_path, SLOTH)
    factories.source("east")
    factories.source("west")
    with pytest.raises(CatalogError, match="could be measured by east, west; say which by --source east"):
        apply(tmp_path, SLOTH)
    _, err, failure = run("apply", str(write(tmp_path, SLOTH)), "--source", "west")
    assert failure == ""
    assert "warning: " in err
    assert Objective.objects.get().source.name == "west"
    with pytest.raises(CommandError):
        call_command("apply", str(write(tmp_path, SLOTH)), "--source", "wst")


def test_an_indicator_of_openslo_may_leave_open_which_prometheus_is_meant(tmp_path: Path) -> None:
    unnamed = SLI.replace("metricSourceRef: prom, type", "type").replace(
        "metricSourceRef: prom, spec", "type: Prometheus, spec"
    )
    assert "metricSourceRef" not in unnamed
    _, lost = apply(tmp_path, SERVICE, SOURCE, COMPONENT, POLICY, SLO, unnamed)
    assert Objective.objects.get().source.name == "prom"
    assert {change.action for change in apply(tmp_path, SERVICE, SOURCE, COMPONENT, POLICY, SLO, SLI)[0]} == {
        "unchanged"
    }
    assert lost == []
    with pytest.raises(CatalogError, match=r"catalog.yaml:\d+: spec.ratioMetric.counter: is required"):
        apply(tmp_path, SOURCE, unnamed.replace("counter", "conter"))


@pytest.mark.parametrize(
    ("wrong", "right", "sentence"),
    [
        ("objective: 99.9", "objective: 100", "catalog.yaml:15: spec.objectives: 100 leaves no error budget"),
        ("objective: 99.9", "objective: '99.9'", "slos.0.objective: must be a number, not the text '99.9'"),
        ('service: "checkout"', "service: [a]", "service: must be text, not a list"),
        ('service: "checkout"', 'service: ""', "service: is required"),
        ("sli:", "slx:", "slos.0.sli: needs events or raw"),
        ("error_query: ", "eror_query: ", "slos.0.sli.events.error_query: is required"),
        ("alerting: {}", "alerting: 5", "slos.0.alerting: must be a mapping, not the number 5"),
        ("slos:", "slos: {}\nothers:", "slos: must be a list, not a mapping"),
    ],
)
def test_a_mistake_in_a_foreign_document_is_told_with_its_place(
    tmp_path: Path, wrong: str, right: str, sentence: str
) -> None:
    before = everything()
    text = SLOTH.partition("      name: Checkout")[0].replace("alerting:", "alerting: {}")
    with pytest.raises(CatalogError) as caught:
        apply(tmp_path, SOURCE, text.replace(wrong, right, 1))
    assert sentence in str(caught.value)
    assert everything() == before


@pytest.mark.parametrize("target", ["", "lots", "nan", "-1", "1e400"])
def test_a_target_of_pyrras_must_be_a_number(tmp_path: Path, target: str) -> None:
    with pytest.raises(CatalogError, match=r"target"):
        apply(tmp_path, SOURCE, RATIO.replace('"99.5"', f'"{target}"'))
    assert not Objective.objects.exists()
