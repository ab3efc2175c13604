"""End-to-end promises as documents and rows: applied, computed with what was seen, asked what if."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from slo import selectors_systems as selectors
from slo.errors import CatalogError, DefinitionError, DuplicateKeyError, NotFoundError
from slo.models import Component, Objective, Scenario, System
from slo.selectors_possible import impossible
from slo.selectors_systems import Change
from slo.services import scenarios
from slo.services.access import issue_token
from slo.services.catalog import apply_documents, export_documents
from slo.services.catalog.differences import Change as Applied
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

PARTS = """
apiVersion: openslo/v1
kind: Service
metadata: {name: shop}
spec: {}
---
apiVersion: brownout/v1
kind: Component
metadata: {name: gate}
spec: {service: shop, tier: 1, target: 0.9999, sla: 0.999, repair: 5m, dependsOn: [{component: llm, kind: soft}]}
---
apiVersion: brownout/v1
kind: Component
metadata: {name: llm}
spec: {service: shop, tier: 1, target: 0.999, repair: 20m, dependsOn: [{component: db}]}
---
apiVersion: brownout/v1
kind: Component
metadata: {name: db}
spec: {service: shop, tier: 1, target: 0.9999, repair: 5m}
---
"""

PROMISE = """
apiVersion: brownout/v1
kind: System
metadata: {name: chat, displayName: Chat}
spec:
  service: shop
  target: 0.9995
  structure: all(gate, answering, pair)
  blocks:
    - name: answering
      fallback: {primary: llm, coverage: 0.6, measuredBy: covered}
    - name: pair
      standby: {active: db, passive: gate, failover: 60s, switch: 0.99}
  allocation: [{component: llm, share: 0.7, comment: Templates}]
  changes:
    - {name: second model, component: llm, replicas: 2, cost: 10}
    - {name: better gate, component: gate, availability: 0.99991, cost: 3}
  commonCause: [{components: [gate, db], beta: 0.1}]
  maintenance: [{components: [db], time: 10m, rolling: true}]
"""


def _apply(folder: Path, *texts: str) -> list[Applied]:
    (folder / "all.yaml").write_text("\n---\n".join(texts))
    return apply_documents([folder], NOW)


@pytest.fixture
def chat(tmp_path: Path) -> System:
    """The system of these documents; its fallback is measured by an objective without data."""
    _apply(tmp_path, PARTS)
    factories.objective("covered", service=Component.objects.get(name="llm").service, indicator="coverage")
    _apply(tmp_path, PARTS, PROMISE)
    return selectors.system("chat")


def test_a_system_comes_back_as_its_document(chat: System, tmp_path: Path) -> None:
    kinds = {"Service", "Component", "System"}
    text = "\n---\n".join(
        part for part in export_documents().split("---\n") if any(f"kind: {k}\n" in part for k in kinds)
    )
    assert {(c.kind, c.action) for c in _apply(tmp_path, text)} == {(kind, "unchanged") for kind in kinds}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("all(gate, answering, pair)", "all(gate, nothing)", r"spec\.structure: there is no Component named 'nothing'"),
        ("all(gate, answering, pair)", "all(gate", r"spec\.structure: the expression ends"),
        ("primary: llm", "primary: pair", r"spec\.blocks: the blocks go in a circle"),
        ("- name: pair", "- name: db", r"spec\.blocks\.1\.name: a component is named 'db'"),
        ("coverage: 0.6", "coverage: 1.6", r"spec\.blocks\.0\.fallback\.coverage"),
        ("beta: 0.1", "beta: .nan", r"spec\.commonCause\.0\.beta"),
        (
            "components: [gate, db], beta",
            "components: [gate, gate], beta",
            r"spec\.commonCause\.0\.components: .* twice",
        ),
        ("measuredBy: covered", "measuredBy: absent", r"measuredBy: there is no SLO named 'absent'"),
        (
            "component: llm, replicas: 2",
            "component: nobody, replicas: 2",
            r"spec\.changes\.0\.component: 'nobody' is no",
        ),
        ("replicas: 2, cost", "replicas: 2, availability: 0.99, cost", r"either availability or replicas"),
        ("target: 0.9995", "target: 1", r"spec\.target"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    chat: System, tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = PROMISE.replace("primary: llm, coverage", "primary: pair, coverage") if "circle" in message else PROMISE
    text = text.replace("active: db", "active: answering") if "circle" in message else text.replace(old, new)
    with pytest.raises(CatalogError, match=message):
        _apply(tmp_path, PARTS, text)
    assert selectors.system("chat").spec == chat.spec


def test_a_fail_over_time_needs_the_repair_time_of_what_fails(chat: System, tmp_path: Path) -> None:
    parts = PARTS.replace(
        "metadata: {name: db}\nspec: {service: shop, tier: 1, target: 0.9999, repair: 5m}",
        "metadata: {name: db}\nspec: {service: shop, tier: 1, target: 0.9999}",
    )
    with pytest.raises(CatalogError, match="needs its repair time"):
        _apply(tmp_path, parts, PROMISE)


def test_a_component_of_which_nothing_is_promised_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="nothing is promised of 'db'"):
        _apply(tmp_path, PARTS.replace("target: 0.9999, repair: 5m}\n---\n", "repair: 5m}\n---\n"), PROMISE)


def test_a_circle_of_dependencies_is_refused_and_named(tmp_path: Path) -> None:
    with pytest.raises(
        CatalogError, match=r"in a circle: (gate → llm → db → gate|llm → db → gate → llm|db → gate → llm → db)"
    ):
        _apply(
            tmp_path,
            PARTS.replace(
                "metadata: {name: db}\nspec: {service: shop,",
                "metadata: {name: db}\nspec: {dependsOn: [{component: gate}], service: shop,",
            ),
        )
    assert not Component.objects.exists()


def test_turning_a_dependency_round_is_no_circle(tmp_path: Path) -> None:
    _apply(tmp_path, PARTS)
    turned = PARTS.replace(", dependsOn: [{component: db}]", "").replace(
        "metadata: {name: db}\nspec: {service: shop,",
        "metadata: {name: db}\nspec: {dependsOn: [{component: llm}], service: shop,",
    )
    _apply(tmp_path, turned)
    assert Component.objects.get(name="db").needs == [{"component": "llm", "kind": "hard"}]


@pytest.mark.parametrize(
    ("name", "message"), [("nobody", "no Component named 'nobody'"), ("gate", "in a circle: gate → gate")]
)
def test_a_dependency_on_nothing_or_on_itself_is_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        _apply(tmp_path, PARTS.replace("component: llm, kind: soft", f"component: {name}"))


def test_the_three_columns_are_promised_observed_and_the_worst_case(chat: System) -> None:
    item = factories.objective(component=Component.objects.get(name="llm"), target=0.99)
    factories.ledger(item, total=100, bad=1)
    found = selectors.standing(chat, NOW)
    promised, observed, worst = found.columns
    assert [column.name for column in found.columns] == ["promised", "observed", "worst case"]
    assert promised.units["llm"].availability == 0.999
    assert observed.units["llm"].availability == pytest.approx(0.99)
    assert observed.assumed == ("db", "gate")
    assert worst.units["gate"].availability == 0.999
    assert worst.assumed == ("db", "llm")
    assert promised.result.served.value is not None
    assert observed.result.served.value is not None
    assert observed.result.served.value < promised.result.served.value
    assert promised.result.full.value is not None
    assert promised.result.full.value < promised.result.served.value


def test_a_coverage_is_assumed_until_enough_was_seen(chat: System) -> None:
    (assumed,) = selectors.standing(chat, NOW).coverage
    assert (assumed.measured, assumed.used) == (None, 0.6)
    factories.ledger(Objective.objects.get(name="covered"), seconds=30, total=20, bad=2)
    (few,) = selectors.standing(chat, NOW).coverage
    assert (few.events, few.used) == (20, 0.6)


def test_a_coverage_that_was_measured_on_enough_replaces_the_assumed_one(chat: System) -> None:
    factories.ledger(Objective.objects.get(name="covered"), seconds=300, total=20, bad=2)
    found = selectors.standing(chat, NOW)
    assert found.coverage[0].used == pytest.approx(0.9)
    assert found.columns[0].result.served.bounds.low >= chat.target


def test_who_overspends_is_said(chat: System) -> None:
    item = factories.objective(component=Component.objects.get(name="gate"))
    factories.ledger(item, total=1000, bad=4)
    rows = {row.name: row for row in selectors.standing(chat, NOW).allocation.rows}
    assert rows["gate"].overspends
    assert rows["llm"].allotted == 0.7
    assert rows["llm"].spent is None


def test_a_what_if_changes_the_figures_and_nothing_else(chat: System) -> None:
    before = selectors.standing(chat, NOW).columns[0].result.served.value
    better = selectors.standing(chat, NOW, {"llm": Change(replicas=2)}).columns[0].result.served.value
    down = selectors.standing(chat, NOW, {"llm": Change(down=True)}).columns[0].result.served.value
    assert before is not None
    assert better is not None
    assert down is not None
    assert down < 0.61 < before < better
    assert selectors.standing(chat, NOW).columns[0].result.served.value == before
    with pytest.raises(NotFoundError, match="'nobody' is no component of Chat"):
        selectors.standing(chat, NOW, {"nobody": Change(down=True)})


def test_the_plan_is_the_cheapest_of_the_changes_of_the_document(chat: System) -> None:
    found = selectors.standing(chat, NOW)
    plan = found.plan
    needed = found.coverage_needed_of("answering")
    assert found.columns[0].result.served.bounds.low < chat.target
    assert plan is not None
    assert [option.name for option in plan.options] == ["second model"]
    assert needed is not None
    assert 0.6 < needed < 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"llm": {"target": 2}}, "a target is a ratio"),
        ({"llm": {"target": float("nan")}}, "a target is a ratio"),
        ({"llm": {"replicas": 0}}, "from 1 to 10 replicas"),
        ({"llm": {"replicas": 10**9}}, "from 1 to 10 replicas"),
        ({"llm": {}}, "one of target, replicas and down"),
        ({"llm": {"target": 0.9, "down": True}}, "one of target, replicas and down"),
        ({}, "nothing is changed"),
    ],
)
def test_a_scenario_that_makes_no_sense_is_not_kept(
    chat: System, changes: dict[str, dict[str, float]], message: str
) -> None:
    with pytest.raises(DefinitionError, match=message):
        scenarios.keep(chat, "odd", changes, NOW, user=None)
    assert not Scenario.objects.exists()


def test_a_scenario_is_kept_once_under_its_name(chat: System) -> None:
    kept = scenarios.keep(chat, " two models ", {"llm": {"replicas": 2}}, NOW, user=None)
    assert kept.name == "two models"
    with pytest.raises(DuplicateKeyError, match="choose another name"):
        scenarios.keep(chat, "two models", {"llm": {"down": True}}, NOW, user=None)
    as_it_is = selectors.standing(chat, NOW)
    assert selectors.changes_of(selectors.scenarios(chat)[0], as_it_is) == {"llm": Change(replicas=2)}
    scenarios.forget(chat, "two models")
    with pytest.raises(NotFoundError):
        scenarios.forget(chat, "two models")


def test_an_objective_stricter_than_its_hard_dependencies_allow_is_named(chat: System) -> None:
    strict = factories.objective("strict", component=Component.objects.get(name="llm"), target=0.99995)
    factories.objective("modest", component=Component.objects.get(name="llm"), target=0.999)
    factories.objective("soft", component=Component.objects.get(name="gate"), target=0.99999)
    (found,) = impossible(NOW)
    assert (found.objective, found.needs) == (strict, ("db",))
    assert found.composite == pytest.approx(0.9999)


def test_an_objective_of_a_service_stricter_than_its_system_is_named(chat: System) -> None:
    promised = selectors.standing(chat, NOW).columns[0].result.served.value
    assert promised is not None
    assert chat.service is not None
    strict = factories.objective("strict", service=chat.service, target=promised + 1e-6)
    factories.objective("modest", service=chat.service, target=promised - 1e-6)
    factories.objective("fast", service=chat.service, target=0.99999, indicator="latency")
    (found,) = impossible(NOW)
    assert (found.objective, found.system, found.needs) == (strict, "chat", ())
    assert found.composite == promised
    Component.objects.filter(name="llm").update(target=None)
    assert impossible(NOW) == []


STRICT = """
apiVersion: openslo/v1
kind: DataSource
metadata: {name: world}
spec: {type: Prometheus, connectionDetails: {url: "http://prometheus.example"}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: llm-answers, annotations: {brownout/component: llm}}
spec:
  service: shop
  indicator:
    metadata: {name: llm-answers}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {metricSourceRef: world, spec: {query: bad}}}
        total: {metricSource: {metricSourceRef: world, spec: {query: all}}}
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99999}]
"""


def test_applying_what_cannot_be_kept_warns_at_its_place_and_is_no_error(chat: System, tmp_path: Path) -> None:
    said: list[DefinitionError] = []
    (tmp_path / "strict.yaml").write_text(STRICT)
    apply_documents([tmp_path / "strict.yaml"], NOW, warn=said.append)
    (warning,) = said
    assert Objective.objects.filter(name="llm-answers").exists()
    assert (warning.field, warning.line) == ("spec.objectives", 21)
    assert "llm-answers cannot be kept" in warning.message
    assert "what it needs (db) promises no more than 0.9999" in warning.message
    _apply(tmp_path, "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: other}\nspec: {}")


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (lambda: Component.objects.filter(name="db").update(target=None), "nothing is promised of 'db'"),
        (lambda: Component.objects.filter(name="db").delete(), "there is no component 'db' any more"),
        (lambda: Component.objects.filter(name="db").update(repair=None), "how often 'db' fails is not known"),
    ],
)
def test_a_system_whose_component_is_gone_is_a_sentence_and_takes_no_other_along(
    chat: System, client: Client, break_it: Callable[[], object], sentence: str
) -> None:
    scenarios.keep(chat, "two", {"db": {"replicas": 2}}, NOW, user=None)
    System.objects.create(name="whole", target=0.99, period=2_592_000, spec={"structure": "llm"})
    break_it()
    headers = {"X-API-Key": issue_token("robot", "operator", NOW)}
    broken, whole = client.get("/api/v1/systems", headers=headers).json()
    assert sentence in broken["problem"]
    assert (broken["kept"], broken["columns"]) == (None, [])
    assert (whole["kept"], whole["problem"]) == (True, "")
    detail = client.get("/api/v1/systems/chat", headers=headers)
    assert detail.status_code == 422
    assert sentence in detail.json()["detail"]
    (scenario,) = client.get("/api/v1/systems/chat/scenarios", headers=headers).json()
    assert sentence in scenario["problem"]
    assert client.get("/api/v1/impossible-objectives", headers=headers).status_code == 200


def test_targets_of_exactly_nothing_and_everything_are_computed(chat: System) -> None:
    nothing, everything = (
        selectors.standing(chat, NOW, {name: Change(target=target) for name in ("gate", "llm", "db")})
        for target in (0.0, 1.0)
    )
    assert nothing.columns[0].result.full.value == 0.0
    # What is left: the standby does not take over once in a hundred times while db is maintained.
    assert everything.columns[0].result.served.value == pytest.approx(1 - 0.01 * 600 / chat.period, abs=1e-12)
    for found in (nothing, everything):
        assert [row.name for row in found.allocation.rows]
        assert found.plan is None or found.plan.cost >= 0
        assert {found.outage_survived(name) is not None for name in ("gate", "llm", "db")}


def test_a_component_that_is_down_fails_over_once_and_for_all(chat: System) -> None:
    """Without this, being down would count as failing all the time, with a fail-over each."""
    down = selectors.standing(chat, NOW, {"db": Change(down=True)})
    gate = 0.9999
    assert down.columns[0].result.served.bounds.low == pytest.approx(gate * (0.999 + 0.001 * 0.6) * 0.99, rel=1e-4)


def test_the_api_answers_with_everything_and_keeps_scenarios(chat: System, client: Client) -> None:
    headers = {"X-API-Key": issue_token("robot", "operator", NOW)}
    (listed,) = client.get("/api/v1/systems", headers=headers).json()
    assert (listed["name"], listed["kept"]) == ("chat", False)
    detail = client.get("/api/v1/systems/chat", headers=headers).json()
    assert [column["name"] for column in detail["columns"]] == ["promised", "observed", "worst case"]
    assert {row["component"] for row in detail["importances"]} == {"gate", "llm", "db"}
    assert detail["plan"]["changes"] == ["second model"]
    body = {"changes": {"llm": {"replicas": 2}}}
    better = client.post("/api/v1/systems/chat/what-if", body, content_type="application/json", headers=headers).json()
    assert better["kept"]
    url = "/api/v1/systems/chat/scenarios"
    assert (
        client.post(url, {**body, "name": "two"}, content_type="application/json", headers=headers).status_code == 201
    )
    assert [item["name"] for item in client.get(url, headers=headers).json()] == ["two"]
    assert client.delete(f"{url}/two", headers=headers).status_code == 204
    assert client.get("/api/v1/systems/absent", headers=headers).status_code == 404
    assert client.get("/api/v1/impossible-objectives", headers=headers).json() == []
