"""Flags, shedding policies and capabilities as documents: applied, refused with the place of the mistake, exported."""

from pathlib import Path

import pytest

from degradation.models import Capability, Flag, FlagChange, Shedding, SheddingPolicy
from degradation.rules.shedding import Policy
from degradation.services import flags
from slo.errors import CatalogError
from slo.models import Component, Service
from slo.services.catalog import Change, apply_documents, export_documents
from slo.services.catalog.differences import Action
from tests import factories
from tests.degradation import rows
from tests.factories import NOW

pytestmark = pytest.mark.django_db

FLAG = """\
apiVersion: brownout/v1
kind: Flag
metadata: {name: nudges}
spec:
  service: shop
  tier: 3
  owner: marketing
  description: A word about offers.
  safeValue: false
"""
POLICY = """\
apiVersion: brownout/v1
kind: SheddingPolicy
metadata: {name: careful}
spec:
  services: [shop]
  dwell: 15m
  minEvents: 50
"""
CAPABILITY = """\
apiVersion: brownout/v1
kind: Capability
metadata: {name: tracking, displayName: Order tracking}
spec:
  service: shop
  position: 2
  modes:
    - name: full
      when: all(orders, any(db-1, db-2))
      healthy: true
    - name: slow
      when: orders
    - name: orders page
      message: Not now.
      link: https://shop.example/orders
      handover: an agent
"""


@pytest.fixture(autouse=True)
def _shop() -> None:
    shop = factories.service("shop")
    for name in ("orders", "db-1", "db-2"):
        factories.component(name, service=shop)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "catalog.yaml"


def apply(file: Path, *texts: str) -> list[Change]:
    file.write_text("---\n".join(texts))
    return apply_documents([file], NOW)


def actions(changes: list[Change]) -> list[Action]:
    return [change.action for change in changes]


def mistake(file: Path, text: str) -> str:
    with pytest.raises(CatalogError) as caught:
        apply(file, text)
    return str(caught.value).removeprefix(f"{file}:")


def test_documents_become_rows_once(file: Path) -> None:
    assert actions(apply(file, FLAG, POLICY, CAPABILITY)) == ["created"] * 3
    assert actions(apply(file, FLAG, POLICY, CAPABILITY)) == ["unchanged"] * 3
    flag = Flag.objects.get()
    assert (flag.key, flag.service.name, flag.tier, flag.owner) == ("nudges", "shop", 3, "marketing")
    policy = SheddingPolicy.objects.get()
    assert Policy.of(policy.spec) == Policy(dwell=900, min_events=50)
    assert Shedding.objects.get().policy == policy
    capability = Capability.objects.get()
    assert (capability.title, capability.position) == ("Order tracking", 2)
    assert capability.modes[1:] == [
        {"name": "slow", "when": "orders"},
        {
            "name": "orders page",
            "message": "Not now.",
            "link": "https://shop.example/orders",
            "handover": "an agent",
        },
    ]


def test_what_is_exported_applies_without_a_change(file: Path) -> None:
    apply(file, FLAG, POLICY, CAPABILITY)
    exported = export_documents(["nudges", "careful", "tracking"])
    assert actions(apply(file, exported)) == ["unchanged"] * 3
    assert "dwell: 15m" in exported
    assert "safeValue: false" in exported


def test_applying_leaves_what_is_shed_or_forced_alone(file: Path) -> None:
    apply(file, FLAG)
    rows.shed(Flag.objects.get())
    apply(file, FLAG.replace("tier: 3", "tier: 4"))
    flag = Flag.objects.get()
    assert (flag.tier, flag.shed_at) == (4, NOW)


DIMMER = """\
apiVersion: brownout/v1
kind: Flag
metadata: {name: photos}
spec:
  service: shop
  tier: 4
  description: Photos of damaged volumes.
  type: dimmer
  dimTo: 20
  criticality: CRITICAL_PLUS
  dryRun: true
  protects: [orders, db-1]
  cost: {text: A person looks at them later., users: 0.15}
  shedRequests: {objective: checkout, counted: failed}
"""


SHOP = """\
apiVersion: openslo/v1
kind: Service
metadata: {name: shop}
spec: {}
"""


def test_what_a_flag_protects_and_costs_is_kept_and_exported(file: Path) -> None:
    factories.objective("checkout", service=Service.objects.get(name="shop"))
    apply(file, DIMMER)
    flag = Flag.objects.get()
    assert (flag.kind, flag.dim_to, flag.criticality, flag.dry_run) == ("dimmer", 20, "CRITICAL_PLUS", True)
    assert (flag.protects, flag.users, flag.sheddable) == (["orders", "db-1"], 0.15, False)
    assert flag.shed_requests == {"objective": "checkout", "counted": "failed"}
    assert actions(apply(file, export_documents(["photos"]))) == ["unchanged"]


def test_a_pruned_flag_leaves_its_history_and_gets_it_back(file: Path) -> None:
    apply(file, FLAG, POLICY)
    flags.force("nudges", False, user=None, reason="load test", until=rows.later(600), at=NOW)
    file.write_text(SHOP)
    apply_documents([file], rows.later(60), prune=True)
    assert not Flag.objects.exists()
    assert [(row.key, row.cause) for row in FlagChange.objects.order_by("id")] == [
        ("nudges", "forced"),
        ("nudges", "removed"),
    ]
    apply(file, FLAG, POLICY)
    assert Flag.objects.get().changes.count() == 2


@pytest.mark.parametrize(("shed", "before", "after"), [(False, True, False), (True, False, True)])
def test_another_safe_value_is_noted_as_a_change_of_value(file: Path, shed: bool, before: bool, after: bool) -> None:
    apply(file, FLAG)
    if shed:
        rows.shed(Flag.objects.get())
    apply(file, FLAG.replace("safeValue: false", "safeValue: true"))
    change = Flag.objects.get().changes.get()
    assert (change.cause, change.at, change.before, change.after) == ("defined", NOW, before, after)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("tier: 3", "tier: 5", "6: spec.tier: "),
        ("tier: 3", "tier: three", "6: spec.tier: "),
        ("service: shop", "service: shp", "5: spec.service: there is no Service named 'shp'"),
        ("safeValue: false", "safeValue: 'no'", "9: spec.safeValue: "),
        ("description: A word about offers.", "description: ''", "8: spec.description: "),
        ("safeValue: false", "criticality: SHEDDABLE", "9: spec.criticality: tier 3 is SHEDDABLE_PLUS, or CRITICAL_"),
        ("safeValue: false", "dimTo: 20", "9: spec.dimTo: is for dimmers"),
        ("safeValue: false", "type: dial", "9: spec.type: "),
        (
            "safeValue: false",
            "protects: [orders, nowhere]",
            "9: spec.protects.1: there is no Component named 'nowhere'",
        ),
        ("safeValue: false", "cost: {text: less, users: 1.5}", "9: spec.cost.users: "),
        ("safeValue: false", "shedRequests: {objective: gone}", "9: spec.shedRequests.objective: there is no SLO"),
    ],
)
def test_a_flag_that_is_wrong_is_refused_with_its_line(file: Path, old: str, new: str, expected: str) -> None:
    assert mistake(file, FLAG.replace(old, new)).startswith(expected)
    assert not Flag.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("when: orders\n", "when: orrders\n", "12: spec.modes.1.when: there is no Component named 'orrders'"),
        ("any(db-1, db-2)", "any(db-1, )", "9: spec.modes.0.when: position 23: ')' stands where a component name"),
        ("- name: slow\n      when: orders\n", "- name: slow\n", "11: spec.modes.1: only the last mode goes without"),
        ("message: Not now.", "when: db-1", "13: spec.modes.2: there is no last resort"),
        ("name: slow", "name: full", "11: spec.modes.1.name: there is another mode named 'full'"),
        ("https://shop.example/orders", "javascript:alert(1)", "15: spec.modes.2.link: "),
    ],
)
def test_a_capability_that_is_wrong_is_refused_with_its_line(file: Path, old: str, new: str, expected: str) -> None:
    assert mistake(file, CAPABILITY.replace(old, new)).startswith(expected)


def test_no_change_leaves_a_capability_without_a_last_resort_that_says_something(file: Path) -> None:
    apply(file, CAPABILITY)
    silent = CAPABILITY.partition("      message:")[0]
    assert mistake(file, silent).startswith("13: spec.modes.2: the last resort tells users nothing")
    without = CAPABILITY.partition("    - name: orders page")[0]
    assert mistake(file, without).startswith("11: spec.modes.1: there is no last resort")
    assert len(Capability.objects.get().modes) == 3
    apply(file, silent + "      harms: false\n")
    assert len(Capability.objects.get().modes) == 3


def test_what_a_capability_stands_on_cannot_be_pruned_away(file: Path) -> None:
    apply(file, CAPABILITY)
    file.write_text(CAPABILITY + "---\napiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop}\nspec: {}\n")
    with pytest.raises(CatalogError, match="pruning would remove it"):
        apply_documents([file], NOW, prune=True)
    assert Component.objects.count() == 3


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[shop]", "[shop, shop]", "5: spec.services.1: 'shop' is shed by 'careful' already"),
        ("[shop]", "[cellar]", "5: spec.services.0: there is no Service named 'cellar'"),
        ("dwell: 15m", "dwell: 5h", "4: spec.dwellCap: is shorter than `dwell`"),
        ("dwell: 15m", "dwell: 15", "6: spec.dwell: "),
        ("minEvents: 50", "minEvents: -1", "7: spec.minEvents: "),
        ("minEvents: 50", "exitShare: 1.5", "7: spec.exitShare: "),
    ],
)
def test_a_policy_that_is_wrong_is_refused_with_its_line(file: Path, old: str, new: str, expected: str) -> None:
    assert mistake(file, POLICY.replace(old, new)).startswith(expected)


def test_a_service_has_one_policy(file: Path) -> None:
    other = POLICY.replace("careful", "other")
    assert "'shop' is shed by 'careful' already" in mistake(file, f"{POLICY}---\n{other}")
    apply(file, POLICY)
    assert "'shop' is shed by 'careful' already" in mistake(file, other)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_service_can_move_from_one_policy_to_another(file: Path, order: tuple[int, int]) -> None:
    other = POLICY.replace("careful", "other")
    apply(file, POLICY, other.replace("[shop]", "[]"))
    moved = (POLICY.replace("[shop]", "[]"), other)
    apply(file, *(moved[i] for i in order))
    policy = Shedding.objects.get().policy
    assert policy is not None
    assert policy.name == "other"


def test_a_service_that_is_no_longer_listed_is_no_longer_shed(file: Path) -> None:
    apply(file, POLICY)
    apply(file, POLICY.replace("[shop]", "[]"))
    assert Shedding.objects.get().policy is None


def test_a_pruned_policy_leaves_its_service_unshed(file: Path) -> None:
    apply(file, "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop}\nspec: {}\n", POLICY)
    file.write_text("apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop}\nspec: {}\n")
    apply_documents([file], NOW, prune=True)
    assert Shedding.objects.get().policy is None
