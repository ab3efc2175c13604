"""The demo's catalog applies as it stands and says what the documents of MangaAssist say."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.models import Runbook
from alerts.rules.runbook import read
from alerts.selectors import runbooks
from dashboards.presenters.shelf import check
from degradation.models import Capability, CircuitSettings, Flag
from degradation.rules.circuit import Settings
from degradation.rules.matrix import matrix
from degradation.rules.modes import mode
from demo.stage import CATALOG, PLACES, declare
from demo.world.components import FLAGS, PARTS
from slo import selectors_systems
from slo.models import Component, Objective, Source
from slo.services.catalog import apply_documents

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _applied(db: None, tmp_path: Path) -> None:
    declare(tmp_path, AT, "http://127.0.0.1:9")


@pytest.mark.parametrize("place", ["local", "with-prometheus", "compose"])
def test_the_catalog_applies_for_every_place_and_a_second_time_changes_nothing(place: str) -> None:
    paths = [CATALOG, PLACES / f"{place}.yaml"]
    apply_documents(paths, AT)
    assert not [change for change in apply_documents(paths, AT) if change.action != "unchanged"]


def test_addresses_follow_the_ports_of_the_day(tmp_path: Path) -> None:
    assert Source.objects.get().spec["targets"][0] == "http://127.0.0.1:9/metrics/assistant"
    declare(tmp_path, AT, "http://127.0.0.1:9", "http://127.0.0.1:10")
    assert Source.objects.get().spec["url"] == "http://127.0.0.1:10"


def test_circuits_open_and_stay_open_as_the_team_wrote_down() -> None:
    known = {row.name: Settings.of(row.spec) for row in CircuitSettings.objects.all()}
    assert {name: (settings.failures, settings.open_for) for name, settings in known.items()} == {
        "catalog": (5, 30),
        "llm": (3, 120),
        "recommendations": (5, 30),
        "orders": (3, 60),
        "returns": (5, 30),
        "promotions": (10, 15),
    }


def test_every_component_names_the_histogram_of_its_part() -> None:
    named = {item.name: item.latency_histogram for item in Component.objects.all()}
    assert named == {name: f'mangaassist_request_seconds{{component="{name}"}}' for name in named}
    assert set(named) <= {part.name for part in PARTS}


def test_the_thirteen_components_have_their_tiers_and_an_availability_objective_each() -> None:
    tiers = {
        1: {"api-gateway", "orchestrator", "catalog", "llm", "database"},
        2: {"search", "recommendations", "orders"},
        3: {"returns", "promotions", "profile"},
        4: {"analytics", "feedback"},
    }
    assert {c.name: c.tier for c in Component.objects.all()} == {n: t for t, names in tiers.items() for n in names}
    measured = Objective.objects.filter(indicator="availability").exclude(component=None)
    assert set(measured.values_list("component__name", flat=True)) == set.union(*tiers.values())


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("conversation-availability", 0.9995),
        ("gateway-availability", 0.9999),
        ("orchestrator-availability", 0.9995),
        ("catalog-availability", 0.9995),
        ("llm-availability", 0.999),
        ("database-availability", 0.9999),
        ("search-availability", 0.999),
        ("recommendations-availability", 0.999),
        ("orders-availability", 0.999),
        ("returns-availability", 0.999),
        ("promotions-availability", 0.995),
        ("profile-availability", 0.999),
        ("analytics-availability", 0.99),
        ("feedback-availability", 0.99),
    ],
)
def test_targets_are_those_of_the_documents(name: str, target: float) -> None:
    assert Objective.objects.get(name=name).target == target


def test_every_objective_has_a_runbook_that_exists() -> None:
    named = set(Objective.objects.values_list("runbook", flat=True))
    assert "" not in named
    assert named <= set(Runbook.objects.values_list("name", flat=True))


def test_nothing_is_wrong_with_the_runbooks_and_each_uses_what_runbooks_can() -> None:
    assert [str(found) for found in check(AT)] == []
    bodies = [book.latest.body for book in runbooks() if book.latest]
    assert sum(bool(read(body).section("detection")) for body in bodies) == len(bodies) - 1
    assert sum("{{ embed" in body for body in bodies) >= 7


def test_the_world_reads_every_flag_there_is() -> None:
    assert set(Flag.objects.values_list("key", flat=True)) == FLAGS


def test_the_world_has_every_component() -> None:
    assert set(Component.objects.values_list("name", flat=True)) == {part.name for part in PARTS} - {"conversation"}


@pytest.mark.parametrize(
    ("down", "modes"),
    [
        ("recommendations", {"personalised-recommendations": "popular titles"}),
        ("catalog", {"product-questions": "text and a link", "personalised-recommendations": "browse page"}),
        ("orders", {"order-tracking": "orders page"}),
        ("returns", {"returns": "returns help page"}),
        ("llm", {"faq": "templates", "product-questions": "template"}),
        (
            "catalog llm",
            {"faq": "templates", "product-questions": "FAQ and search", "personalised-recommendations": "browse page"},
        ),
    ],
)
def test_outages_mean_for_users_what_the_team_wrote(down: str, modes: dict[str, str]) -> None:
    capabilities = {c.name: [mode(stored) for stored in c.modes] for c in Capability.objects.all()}
    outage = next(row for row in matrix(capabilities) if row.down == tuple(down.split()))
    assert {name: present.mode.name for name, present in outage.modes.items() if present.position} == modes


def test_one_fallback_is_measured_and_the_others_are_assumed() -> None:
    assert Objective.objects.get(name="templates-answered").indicator == "coverage"
    found = selectors_systems.standing(selectors_systems.system("mangaassist"), AT).coverage
    assert {item.block: item.objective for item in found if item.objective} == {"answering": "templates-answered"}
    assert len(found) == 5
