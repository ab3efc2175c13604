"""OpenSLO's alert policies, conditions and targets: in place and by name, and what of them cannot be carried over."""

from pathlib import Path

import pytest

from alerts.models import Channel
from slo.errors import CatalogError
from slo.models import BurnPolicy, Objective
from slo.services.catalog import export_documents
from tests.slo.documents import COMPONENT, SERVICE, SLI, SLO, SOURCE
from tests.slo.reading import everything
from tests.slo.test_other_tools import apply

pytestmark = pytest.mark.django_db

CONDITION = """
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: fast}
spec:
  description: Burns fast
  severity: page
  condition: {kind: burnrate, op: gte, threshold: 14.4, lookbackWindow: 1h, alertAfter: 2m}
"""

TARGET = """
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: on-call}
spec: {target: email, description: Whoever is on call}
"""

POLICY = """
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: careful}
spec:
  description: Wake somebody up
  alertWhenBreaching: true
  alertWhenResolved: true
  conditions:
    - {conditionRef: fast}
    - kind: AlertCondition
      metadata: {name: slow}
      spec:
        severity: warning
        condition: {kind: burnrate, threshold: 3, lookbackWindow: 1d, alertAfter: 0m}
  notificationTargets: [{targetRef: on-call}]
"""

WATCHED = SLO.replace(" brownout/burn-policy: calm,", "").replace(
    "  service: shop\n", "  service: shop\n  alertPolicies: [careful]\n"
)
REST = (SERVICE, SOURCE, COMPONENT, SLI)
ALL = (*REST, CONDITION, TARGET, POLICY, WATCHED)


def windows() -> list[tuple[str, int, int, float]]:
    return [(w.severity, w.long, w.short, w.factor) for w in Objective.objects.get().policy()]


def test_the_conditions_of_a_policy_are_the_burn_windows_of_its_slo(tmp_path: Path) -> None:
    Channel.objects.create(name="on-call", kind="email")
    _, lost = apply(tmp_path, *ALL)
    assert windows() == [("page", 3_600, 300, 14.4), ("ticket", 86_400, 7_200, 3)]
    policy = BurnPolicy.objects.get()
    assert (policy.name, policy.description, policy.timing) == (
        "careful",
        "Wake somebody up",
        {"page": {"pending": 120}},
    )
    assert lost == []


def test_what_is_written_in_place_means_the_same(tmp_path: Path) -> None:
    inside = WATCHED.replace(
        "alertPolicies: [careful]",
        """alertPolicies:
    - kind: AlertPolicy
      metadata: {name: careful}
      spec:
        conditions:
          - kind: AlertCondition
            metadata: {name: fast}
            spec:
              severity: SEV1
              condition: {kind: burnrate, threshold: 6, lookbackWindow: 6h, alertAfter: 0m}
        notificationTargets:
          - {kind: AlertNotificationTarget, metadata: {name: chat}, spec: {target: slack}}""",
    )
    _, lost = apply(tmp_path, *REST, inside)
    assert windows() == [("page", 21_600, 1_800, 6)]
    assert [line.partition(": ")[2] for line in lost] == [
        "spec.alertPolicies.0.spec.notificationTargets.0.spec.target: there is no Channel named 'chat'; declare one"
    ]


def test_several_policies_of_an_slo_are_one(tmp_path: Path) -> None:
    other = POLICY.replace("careful", "calm").replace("threshold: 3", "threshold: 2")
    apply(tmp_path, *REST, CONDITION, TARGET, POLICY, other, WATCHED.replace("[careful]", "[careful, calm]"))
    assert [(severity, factor) for severity, _, _, factor in windows()] == [
        ("page", 14.4),
        ("ticket", 3),
        ("ticket", 2),
    ]
    assert BurnPolicy.objects.get().name == "web-availability-alerts"


@pytest.mark.parametrize(
    ("old", "new", "warning"),
    [
        ("  alertWhenResolved: true", "  alertWhenResolved: false", "alertWhenResolved: a resolution is told all the"),
        ("  alertWhenResolved: true", "  alertWhenNoData: true", "spec.alertWhenNoData: no data is a state of its own"),
        ("alertWhenBreaching: true", "alertWhenBreaching: false", "alertWhenBreaching: a breach is told all the same"),
        ("op: gte", "op: lt", "35: spec.condition.op: a burn rate that is too low is not alerted on"),
        ("lookbackWindow: 1h", "lookbackWindow: 60s", "spec.condition.lookbackWindow: a window must be longer than a"),
        ("severity: page", "severity: purple", "34: spec.severity: 'purple' is taken for a ticket; say page or ticket"),
        ("[{targetRef: on-call}]", "[]", "no SLO uses this AlertNotificationTarget: it is not carried over"),
        (
            "{name: careful}",
            "{name: careful, labels: {team: x, tier: y}}",
            "metadata.labels: not carried over: team, tier",
        ),
        ("{name: fast}", "{name: fast, annotations: {ours: x}}", "metadata.annotations: not carried over: ours"),
        ("alertPolicies: [careful]", "alertPolicies: []", "42: no SLO uses this AlertPolicy"),
    ],
)
def test_what_cannot_be_carried_over_is_named(tmp_path: Path, old: str, new: str, warning: str) -> None:
    changed = [text.replace(old, new) for text in ALL]
    assert changed != list(ALL)
    _, lost = apply(tmp_path, *changed)
    assert any(warning in line for line in lost), lost


def test_an_annotation_of_ours_goes_first_and_nothing_is_worse_than_the_default(tmp_path: Path) -> None:
    _, lost = apply(tmp_path, *REST, CONDITION.replace("gte", "lt"), POLICY.partition("    - kind")[0], WATCHED)
    assert Objective.objects.get().burn_policy is None
    assert any("nothing of these can be carried over; the default windows apply" in line for line in lost)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[careful]", "[crful]", "there is no AlertPolicy named 'crful' among these documents"),
        (
            "conditionRef: fast",
            "conditionRef: fst",
            "there is no AlertCondition named 'fst' among these documents; did",
        ),
        (
            "targetRef: on-call",
            "targetRef: off",
            "spec.notificationTargets.0: there is no AlertNotificationTarget named",
        ),
        ("kind: burnrate, op", "kind: budget, op", "35: spec.condition.kind: must be burnrate"),
        ("threshold: 14.4", "threshold: -1", "35: spec.condition.threshold: must be above 0"),
        ("threshold: 14.4", "threshold: .nan", "spec.condition.threshold"),
        ("alertAfter: 2m", "alertAfter: 2", "35: spec.condition.alertAfter: write a duration as text"),
        ("threshold: 14.4", "threshold: 5000", "can never fire at a target of 99.9 %"),
        ("{conditionRef: fast}", "{}", "needs either conditionRef, or a spec in place"),
        ("  severity: page\n", "", "spec.severity: is required"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_changes_nothing(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    before = everything()
    changed = [text.replace(old, new) for text in ALL]
    assert changed != list(ALL)
    with pytest.raises(CatalogError) as caught:
        apply(tmp_path, *changed)
    assert sentence in str(caught.value)
    assert everything() == before


def test_the_export_needs_no_alert_policies_and_is_the_same(tmp_path: Path) -> None:
    apply(tmp_path, *ALL)
    before = everything()
    assert {change.action for change in apply(tmp_path, *ALL, prune=True)[0]} == {"unchanged"}
    assert {change.action for change in apply(tmp_path, export_documents(), prune=True)[0]} == {"unchanged"}
    assert everything() == before
