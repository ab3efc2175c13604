"""Circuits as documents: applied once, refused with the place of the mistake, exported as they were."""

from pathlib import Path

import pytest

from degradation import selectors
from degradation.models import Circuit, CircuitSettings
from degradation.services import circuits
from slo.errors import CatalogError
from slo.services.catalog import apply_documents, export_documents
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

FULL = """\
apiVersion: brownout/v1
kind: Circuit
metadata: {name: orders}
spec:
  description: As the assistant keeps it.
  window: 2m
  minimumCalls: 20
  failures: 3
  failureRate: 0.25
  slowRate: 0.5
  openFor: 30s
  growth: 3
  jitter: 0
  longest: 5m
  permits: 5
  successes: 4
"""
BARE = "apiVersion: brownout/v1\nkind: Circuit\nmetadata: {name: orders}\nspec: {}\n"


@pytest.fixture(autouse=True)
def _orders() -> None:
    factories.component("orders")


def apply(folder: Path, text: str, *, prune: bool = False) -> list[str]:
    file = folder / "catalog.yaml"
    file.write_text(text)
    return [change.action for change in apply_documents([file], NOW, prune=prune)]


@pytest.mark.parametrize("text", [FULL, BARE])
def test_what_is_exported_is_what_was_applied(tmp_path: Path, text: str) -> None:
    assert apply(tmp_path, text) == ["created"]
    assert apply(tmp_path, text) == ["unchanged"]
    before = CircuitSettings.objects.get().spec
    text = export_documents(["orders"]).split("---\n")[-1]
    assert "kind: Circuit" in text
    assert apply(tmp_path, text) == ["unchanged"]
    assert CircuitSettings.objects.get().spec == before


def test_the_settings_are_the_components(tmp_path: Path) -> None:
    apply(tmp_path, FULL)
    view = selectors.circuit("orders", NOW)
    assert view.declared
    assert (view.settings.window, view.settings.open_for, view.settings.successes) == (120, 30, 4)


def test_without_its_document_a_circuit_has_the_defaults_and_keeps_its_state(tmp_path: Path) -> None:
    apply(tmp_path, FULL)
    circuits.judge(NOW)
    CircuitSettings.objects.all().delete()
    assert not selectors.circuit("orders", NOW).declared
    assert Circuit.objects.count() == 1


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("name: orders", "name: order", "there is no Component named 'order'; did you mean orders?"),
        ("successes: 4", "successes: 6", "successes (6) must not be above permits (5)"),
        ("longest: 5m", "longest: 10s", "longest must not be shorter than openFor"),
        ("window: 2m", "window: 2h", "spec.window"),
        ("failureRate: 0.25", "failureRate: 0", "spec.failureRate"),
        ("failureRate: 0.25", "failureRate: .nan", "spec.failureRate"),
        ("growth: 3", "growth: 0.5", "spec.growth"),
        ("permits: 5", "permits: 0", "spec.permits"),
        ("failures: 3", "failures: three", "spec.failures"),
        ("jitter: 0", "jitters: 0", "jitters"),
    ],
)
def test_a_mistake_is_refused_with_its_place(tmp_path: Path, before: str, after: str, message: str) -> None:
    with pytest.raises(CatalogError) as caught:
        apply(tmp_path, FULL.replace(before, after, 1))
    assert message in str(caught.value)
    assert not CircuitSettings.objects.exists()
